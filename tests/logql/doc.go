// Package logql evaluates queries of LogQL over a few lines, so that tests can
// see whether an alert would fire and what a dashboard would show. It knows the
// part of Loki's language (3.x) that this charm's rules and dashboard use, and
// refuses the rest.
//
// A query over time is evaluated at one moment:
//
//	sum by (target) (count_over_time({app="x"} |= `"event":"end"` | json | ok="true" [15m])) > 0
//
// What it does as Loki does: stages in a row see the labels that those before
// have made; json makes labels of texts, numbers and booleans, and calls one
// that the stream has already NAME_extracted; a label that is not there is
// empty; unwrap takes the lines whose label is a number, and gives the others
// the label __error__; a range is open at its beginning.
package logql
