// Command hooktool is every hook tool: linked under the name of a tool, it
// asks the unit agent named by its environment to run that tool, as Juju's
// jujuc does.
package main

import (
	"context"
	"os"
	"path/filepath"

	"jimm-migrator/charm/charmtest/toolrpc"
)

func main() {
	os.Exit(toolrpc.Invocation{
		Name:   filepath.Base(os.Args[0]),
		Args:   os.Args[1:],
		Getenv: os.Getenv,
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
	}.Run(context.Background()))
}
