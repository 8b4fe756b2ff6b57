package main

import (
	"context"
	"io"
	"net/http"
)

// Exports for the tests of this command.
var (
	Parameters = parameters
	HookTool   = hookTool
	OwnCommand = ownCommand
)

// Main runs the command line and returns the exit code.
func Main(ctx context.Context, stdout, stderr io.Writer, args ...string) int {
	p := &program{stdout: stdout, stderr: stderr}
	return p.main(ctx, args)
}

// TakeLines returns the push API of a Loki that keeps lines.
func TakeLines(lines io.Writer) http.HandlerFunc {
	return (&deployment{plan: plan{lines: lines}}).takeLines
}
