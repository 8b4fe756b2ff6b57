// Package loki has only a test: it evaluates the alert rules and the dashboard of the charm with Loki's own engine.
//
// The tests of the charm evaluate these queries with tests/logql, a small parser for the part of LogQL that they use.
// "make loki" makes those tests write each query, its lines and its result to a file, and compares the results with
// Loki's. Loki has hundreds of dependencies, so this is a module of its own, and not part of "make check".
package loki
