// Package report turns events and results of the engine into everything that a person
// or a script reads: lines of progress, sentences, the keys of results, repairs, and
// the events that go to Loki.
package report
