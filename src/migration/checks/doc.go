// Package checks reads a survey and says what speaks against a migration. There is
// one file per subject; the table of all checks is in checks.go.
package checks
