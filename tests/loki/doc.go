// Package loki has only a test: it asks Loki's own engine what the alert rules
// and the dashboard of the charm give.
//
// The tests of the charm evaluate these queries with tests/logql, a small reader
// of the part of LogQL that they use. "make loki" has those tests keep each
// query, its lines and its result, and compares the results with Loki's. Loki
// has hundreds of requirements, so this is a module of its own, and no part of
// "make check".
package loki
