// Command jaas-sim is a JAAS to experiment with: JIMM and Juju controllers that speak the wire protocol, and a model
// with the real jimm-migrator in it, on a machine without Juju or a cloud. It prints what juju prints.
//
//	jaas-sim demo
//	jaas-sim serve WORLD.yaml &
//	jaas-sim run jimm-migrator/0 locate-model model=alice@example.com/prod
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/charm/charmtest/toolrpc"
)

const usage = `jaas-sim is a simulated JAAS with the real jimm-migrator charm in it.

  jaas-sim demo
      migrate a model
  jaas-sim demo-fleet
      plan and move forty models, with a kill and an abort in the middle
  jaas-sim serve [WORLD.yaml]
      serve a world on loopback until interrupted, and print how to reach it

In the served world, like the commands of the same names in Juju 3.6:

  jaas-sim run UNIT… ACTION [key=value…]
  jaas-sim show-task ID
  jaas-sim cancel-task ID…
  jaas-sim operations
  jaas-sim show-operation ID
  jaas-sim actions APPLICATION
  jaas-sim show-action APPLICATION ACTION
  jaas-sim status
  jaas-sim config APPLICATION [KEY=VALUE…]
  jaas-sim add-secret NAME KEY=VALUE…
  jaas-sim update-secret NAME KEY=VALUE…
  jaas-sim grant-secret NAME APPLICATION
  jaas-sim integrate APPLICATION:ENDPOINT APPLICATION
  jaas-sim refresh APPLICATION

"jaas-sim COMMAND --help" lists the options of a command.
`

// The exit codes of the program, as with juju.
const (
	codeFailed      = 1
	codeUsage       = 2
	codeInterrupted = 130
)

// errSilent is an error that has already been printed.
var errSilent = errors.New("printed")

// usageError means that the command line was wrong.
type usageError struct{ error }

// program is one start of the command.
type program struct {
	stdout, stderr io.Writer
	out            *output // of the command, if it has a choice of formats
}

func main() {
	if name := filepath.Base(os.Args[0]); slices.Contains(charmtest.ToolNames(), name) {
		os.Exit(hookTool(name)) //nolint:forbidigo // the end of a hook tool
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &program{stdout: os.Stdout, stderr: os.Stderr}
	code := p.main(ctx, os.Args[1:])
	stop()
	os.Exit(code) //nolint:forbidigo // the end of a command
}

// hookTool is a hook tool of the charm that is served: a link to this program.
func hookTool(name string) (exitCode int) {
	return toolrpc.Invocation{
		Name: name, Args: os.Args[1:], Getenv: os.Getenv, //nolint:forbidigo // set by the agent
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}.Run(context.Background())
}

// main runs the command that the arguments name and returns the exit code.
func (p *program) main(ctx context.Context, args []string) int {
	err := p.command(ctx, args)
	_, wrong := errors.AsType[usageError](err)
	switch {
	case err == nil || errors.Is(err, errHelp):
		return 0
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return codeInterrupted
	case errors.Is(err, errSilent):
		return codeFailed
	}
	if !wrong && p.out != nil && !p.out.used && (p.out.format == "yaml" || p.out.format == "json") {
		fmt.Fprintln(p.stdout, "{}") // for programs that parse it
	}
	fmt.Fprintf(p.stderr, "ERROR %v\n", err)
	if wrong {
		return codeUsage
	}
	return codeFailed
}

func (p *program) command(ctx context.Context, args []string) error {
	commands := map[string]func(context.Context, []string) error{
		"actions":         p.listActions,
		"add-secret":      p.addSecret,
		"cancel-task":     p.cancelTask,
		"config":          p.config,
		"demo":            p.demo,
		"demo-fleet":      p.demoFleet,
		"grant-secret":    p.grantSecret,
		"integrate":       p.integrate,
		"list-actions":    p.listActions,
		"list-operations": p.listOperations,
		"operations":      p.listOperations,
		"refresh":         p.refresh,
		"run":             p.run,
		"serve":           p.serve,
		"show-action":     p.showAction,
		"show-operation":  p.showOperation,
		"show-task":       p.showTask,
		"status":          p.status,
		"update-secret":   p.updateSecret,
	}
	switch {
	case len(args) == 0:
		fmt.Fprint(p.stderr, usage)
		return usageError{errors.New("no command")}
	case args[0] == "help" || args[0] == "-h" || args[0] == "--help":
		fmt.Fprint(p.stdout, usage)
		return nil
	case commands[args[0]] == nil:
		return usageError{fmt.Errorf("unknown command %q: see \"jaas-sim help\"", args[0])}
	}
	return commands[args[0]](ctx, args[1:])
}
