package main

import (
	"context"
	"io"
)

// Seams for the tests of this command.
var (
	Parse        = parse
	Parameters   = parameters
	PrintActions = printActions
	PrintPlain   = printPlain
	PrintLine    = printLine
)

// Main runs the command line.
func Main(ctx context.Context, stdout, stderr io.Writer, args ...string) error {
	p := &program{stdout: stdout, stderr: stderr}
	return p.main(ctx, args)
}
