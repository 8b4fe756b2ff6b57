// Command mutants tries the mutants in tests/mutants: it applies each to a copy of the current folder, runs the tests
// that must fail with it, and prints the result. A mutant that survives, or does not apply, is an error.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"time"

	"jimm-migrator/tests/mutants"
)

func main() {
	only := flag.String("only", "", "try the mutants whose name matches this regular expression")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:forbidigo // this is a main
	}
}

func run(ctx context.Context, out io.Writer, only string) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	list, err := mutants.All()
	if err != nil {
		return err
	}
	dir, err := mutants.Copy(".")
	defer os.RemoveAll(dir)
	if err != nil {
		return err
	}
	begun, tried, bad := time.Now(), 0, 0
	for _, m := range list {
		if !pattern.MatchString(m.Name) {
			continue
		}
		fate := m.Try(ctx, dir)
		tried++
		if fate.Err != nil || fate.Killer == "" {
			bad++
		}
		fmt.Fprintln(out, line(fate))
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	fmt.Fprintf(out, "%d mutants in %s\n", tried, time.Since(begun).Round(time.Second))
	switch {
	case tried == 0:
		return fmt.Errorf("no mutant matches %q", only)
	case bad > 0:
		return fmt.Errorf("%d of %d mutants are alive", bad, tried)
	}
	return untouched(ctx, dir, list)
}

// line is the result of a mutant.
func line(f mutants.Fate) string {
	verdict := "killed by " + f.Killer
	switch {
	case f.Err != nil:
		verdict = "NOT TRIED: " + f.Err.Error()
	case f.Killer == "":
		verdict = "ALIVE: go test " + strings.Join(f.Test, " ") + " takes no notice"
	}
	return fmt.Sprintf("%-34s %5.1fs  %s\n%41s  %s", f.Name, f.Took.Seconds(), f.What, "", verdict)
}

// untouched checks that the tests pass without a mutant: otherwise every mutant would be killed.
func untouched(ctx context.Context, dir string, list []mutants.Mutant) error {
	seen := map[string]bool{}
	for _, m := range list {
		if key := strings.Join(m.Test, " "); !seen[key] {
			seen[key] = true
			if failed, err := mutants.Test(ctx, dir, m.Test); err != nil || failed != "" {
				return fmt.Errorf("go test %s fails without a mutant: %s: %w", key, failed, err)
			}
		}
	}
	return nil
}
