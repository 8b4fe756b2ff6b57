package charmtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// toolPackage is the program behind every hook tool.
const toolPackage = "jimm-migrator/charm/charmtest/hooktool"

// Tools are the hook tools as executables. One value serves any number of
// agents.
type Tools struct {
	exe string
}

// BuildTools builds the program behind the hook tools into a directory. It
// needs the Go toolchain and must be called inside this module, as tests are.
func BuildTools(ctx context.Context, dir string) (*Tools, error) {
	exe := filepath.Join(dir, "hooktool")
	if err := Build(ctx, "", toolPackage, exe); err != nil {
		return nil, err
	}
	return &Tools{exe: exe}, nil
}

// Build builds a program as this charm is built: static, stripped, without HTTP/2. The
// source is that of the module in which the folder is; "" is the current one.
func Build(ctx context.Context, folder, pkg, exe string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags=nethttpomithttp2", "-ldflags=-s -w", "-o", exe, pkg) //nolint:gosec // a package of ours
	cmd.Dir, cmd.Env = folder, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build %s: %w\n%s", pkg, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// NewTools returns the hook tools of a program that acts as one of them when it
// is started under its name; see [toolrpc.Invocation].
func NewTools(exe string) *Tools { return &Tools{exe: exe} }

// install puts the tools into a directory: one program, and a symbolic link
// for each tool.
func (t *Tools) install(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // for another user to enter
		return err
	}
	exe := filepath.Join(dir, "jujuc")
	if err := place(t.exe, exe, 0o755); err != nil {
		return err
	}
	for _, name := range ToolNames() {
		if err := os.Symlink("jujuc", filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// place makes a file available under another name, with the given mode. It
// makes a link if it can, because a file that was just written may still be
// busy when it is executed.
func place(from, to string, mode os.FileMode) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.Mode().Perm() == mode && os.Link(from, to) == nil {
		return nil
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, data, mode); err != nil {
		return err
	}
	return os.Chmod(to, mode) // whatever the umask
}
