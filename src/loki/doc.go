// Package loki sends log lines to Loki over its HTTP push API (POST
// /loki/api/v1/push, Loki 2.0 to 3.x), from a process that lives for seconds or
// for an hour and has other things to do.
//
// A [Client] never makes its user wait and never fails: lines wait in a bounded
// queue for each Loki, a Loki that does not answer is tried again with growing
// pauses, and what finds no room is counted instead.
package loki
