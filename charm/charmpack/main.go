// Command charmpack builds the archives that `juju deploy` takes, for each
// platform of charmcraft.yaml, on a machine that has no charmcraft.
//
// It follows charmcraft.yaml rather than a recipe of its own: the parts say
// what is built and what is copied, so that charmcraft and charmpack cannot
// disagree. It knows the two kinds of part that a Go charm needs, `plugin: nil`
// with override-build and `plugin: dump` with stage, and refuses any other.
// The same tree and the same Go release give the same bytes.
//
//	charmpack [-root DIR] [-out DIR] [PLATFORM…]
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "charmpack:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("charmpack", flag.ExitOnError)
	root := flags.String("root", ".", "the `directory` of charmcraft.yaml")
	out := flags.String("out", "dist", "the `directory` for the archives")
	if err := flags.Parse(args); err != nil {
		return err
	}
	project, err := Load(*root)
	if err != nil {
		return err
	}
	names := flags.Args()
	if len(names) == 0 {
		names = project.Platforms()
	}
	if err := os.MkdirAll(*out, 0o755); err != nil { //nolint:gosec // archives are for all users to read
		return fmt.Errorf("cannot create the directory for the archives: %w", err)
	}
	for _, name := range names {
		if err := packOne(ctx, project, name, *out, stdout); err != nil {
			return err
		}
	}
	return nil
}

// packOne writes the archive of one platform and says how big it became.
func packOne(ctx context.Context, project *Project, platform, out string, stdout io.Writer) error {
	archive, err := project.Pack(ctx, platform)
	if err != nil {
		return err
	}
	path := filepath.Join(out, fmt.Sprintf("%s_%s.charm", project.Name, platform))
	if err := archive.WriteFile(path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("cannot measure the archive: %w", err)
	}
	const mib = 1 << 20
	_, err = fmt.Fprintf(stdout, "%s: %.1f MiB; dispatch unpacked: %.1f MiB\n", path,
		float64(info.Size())/mib, float64(len(archive["dispatch"].Content))/mib)
	return err
}
