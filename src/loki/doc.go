// Package loki sends log lines to Loki over its HTTP push API (POST
// /loki/api/v1/push, Loki 2.0 to 3.x), from a process that runs for seconds or
// for an hour, and mainly does other things.
//
// A [Client] never makes its user wait and never fails: lines wait in a bounded
// queue for each Loki, a Loki that does not answer is tried again with growing
// pauses, and lines for which there is no room are counted.
package loki
