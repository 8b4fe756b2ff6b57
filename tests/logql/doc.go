// Package logql evaluates LogQL queries over a few lines, so that tests can check whether an alert would fire and what
// a dashboard would show. It supports the part of Loki's language (3.x) that this charm's rules and dashboard use, and
// refuses the rest.
//
// A query over time is evaluated at one moment:
//
//	sum by (target) (count_over_time({app="x"} |= `"event":"end"` | json | ok="true" [15m])) > 0
//
// It does the following as Loki does: each stage sees the labels that the stages before it made; json makes labels of
// texts, numbers and booleans, and renames one that the stream already has to NAME_extracted; a missing label is empty;
// unwrap takes the lines with a label that is a number, and gives the others the label __error__; a range is open at
// its beginning.
package logql
