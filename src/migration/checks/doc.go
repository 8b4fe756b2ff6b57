// Package checks reads a survey and reports what is wrong with a migration before it starts. There is
// one file per subject; the table of all checks is in checks.go.
package checks
