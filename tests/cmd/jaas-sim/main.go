// Command jaas-sim is a JAAS to play with: JIMM and Juju controllers that speak
// the wire, and a model with the real jimm-migrator in it, on a machine that has
// neither Juju nor a cloud. What it prints is what juju prints.
//
//	jaas-sim demo
//	jaas-sim serve WORLD.yaml &
//	jaas-sim run jimm-migrator/0 locate-model model=alice@example.com/prod
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `jaas-sim is a simulated JAAS with the real jimm-migrator charm in it.

  jaas-sim demo
      locate a model, migrate it, and locate it again
  jaas-sim serve [WORLD.yaml]
      serve a world on loopback until interrupted, and say how to reach it
  jaas-sim run UNIT ACTION [key=value…]
      run an action in the world that is served; prints what "juju run" prints
  jaas-sim actions [--schema]
      list the charm's actions as "juju actions" does

"jaas-sim COMMAND --help" lists the options of a command.
`

// errUsage means that the command line was wrong and the user was told.
var errUsage = errors.New("usage")

// exitError ends the program with a code after everything has been said.
type exitError int

// Error says the code.
func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// program is one start of the command.
type program struct {
	stdout, stderr io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &program{stdout: os.Stdout, stderr: os.Stderr}
	err := p.main(ctx, os.Args[1:])
	stop()
	code := 0
	if exit, ok := errors.AsType[exitError](err); ok {
		code = int(exit)
	} else if errors.Is(err, errUsage) {
		code = 2
	} else if err != nil {
		fmt.Fprintln(os.Stderr, "ERROR", err)
		code = 1
	}
	os.Exit(code) //nolint:forbidigo // the end of a command
}

// main runs the command that the arguments name.
func (p *program) main(ctx context.Context, args []string) error {
	if len(args) == 0 {
		fmt.Fprint(p.stderr, usage)
		return errUsage
	}
	commands := map[string]func(context.Context, []string) error{
		"actions": p.actions,
		"demo":    p.demo,
		"run":     p.run,
		"serve":   p.serve,
	}
	switch command := commands[args[0]]; {
	case command != nil:
		err := command(ctx, args[1:])
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	case args[0] == "help" || args[0] == "-h" || args[0] == "--help":
		fmt.Fprint(p.stdout, usage)
		return nil
	}
	fmt.Fprintf(p.stderr, "ERROR unknown command %q\n\n%s", args[0], usage)
	return errUsage
}

// flags returns the flag set of a command. What it prints goes to stderr.
func (p *program) flags(synopsis string) *flag.FlagSet {
	flags := flag.NewFlagSet("jaas-sim", flag.ContinueOnError)
	flags.SetOutput(p.stderr)
	flags.Usage = func() {
		fmt.Fprintf(p.stderr, "usage: jaas-sim %s\n", synopsis)
		flags.PrintDefaults()
	}
	return flags
}
