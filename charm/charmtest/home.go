package charmtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"gopkg.in/yaml.v2"

	"jimm-migrator/charm/charmtest/toolrpc"
)

// nonRoot is the user of a charm whose charm-user is non-root.
const nonRoot = 170

// home is the directory in which the processes of a unit run, as Juju keeps it,
// with the charm's files, which the charm cannot change.
type home struct {
	agent  *Agent
	dir    string
	user   User // zero: as this process
	layout layout
	ids    []string // JUJU_CONTEXT_ID of everything that was started
}

func (a *Agent) newHome() (*home, error) {
	h := &home{agent: a, dir: a.opts.Dir, user: a.opts.User}
	if h.user == (User{}) && os.Getuid() == 0 {
		h.user = User{nonRoot, nonRoot}
	}
	if h.dir == "" {
		dir, err := os.MkdirTemp("", "charmtest-")
		if err != nil {
			return nil, err
		}
		h.dir = dir
	}
	unit := a.unitDir()
	h.layout = layout{
		charmDir: filepath.Join(h.dir, "agents", unit, "charm"),
		socket:   filepath.Join(h.dir, "agents", unit, "agent.socket"),
		tools:    filepath.Join(h.dir, "tools", unit),
	}
	if err := h.build(); err != nil {
		return nil, errors.Join(err, h.remove())
	}
	return h, nil
}

func (h *home) build() error {
	// A temporary directory is closed to other users.
	if err := os.MkdirAll(h.dir, 0o755); err != nil { //nolint:gosec // for another user to enter
		return err
	}
	if err := os.Chmod(h.dir, 0o755); err != nil { //nolint:gosec // as above
		return err
	}
	if err := h.reachable(); err != nil {
		return err
	}
	if len(h.layout.socket) > 100 {
		return fmt.Errorf("directory %q is too long for the path of a socket", h.dir)
	}
	tools := h.agent.opts.Tools
	if tools == nil {
		return errors.New("hook tools are needed to run dispatch as a process: set Tools (see BuildTools), or App or Func")
	}
	if err := tools.install(h.layout.tools); err != nil {
		return fmt.Errorf("cannot install the hook tools: %w", err)
	}
	return h.unpack()
}

// reachable returns an error if the charm's user cannot get to the directory at
// all.
func (h *home) reachable() error {
	if h.user == (User{}) {
		return nil
	}
	for dir := h.dir; dir != "/" && dir != "."; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("directory %q cannot be entered by user %d, which dispatch runs as", dir, h.user.UID)
		}
	}
	return nil
}

// unpack puts the charm in place, as read-only files.
func (h *home) unpack() error {
	opts := h.agent.opts
	files, err := charmFiles(opts.CharmDir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(h.layout.charmDir, 0o755); err != nil { //nolint:gosec // as above
		return err
	}
	for name, from := range files {
		if name == "dispatch" && opts.Dispatch != "" {
			continue
		}
		if err := h.add(from, name); err != nil {
			return fmt.Errorf("cannot unpack the charm: %w", err)
		}
	}
	if opts.Dispatch != "" {
		if err := h.add(opts.Dispatch, "dispatch"); err != nil {
			return fmt.Errorf("cannot unpack the charm: %w", err)
		}
	}
	return h.chmodDirs(0o555)
}

// add copies a file into the charm, with its mode, but not writable for the
// charm.
func (h *home) add(from, name string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	to := filepath.Join(h.layout.charmDir, name)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil { //nolint:gosec // as above
		return err
	}
	mode := info.Mode().Perm()
	if h.user == (User{}) || mode&0o022 != 0 {
		mode &^= 0o222
	}
	return place(from, to, mode|0o444)
}

// charmFiles returns the files of a charm by their names in it: all of an
// unpacked archive, and of a source tree those that charmcraft packs as they are.
func charmFiles(dir string) (map[string]string, error) {
	files := map[string]string{}
	if _, err := os.Stat(filepath.Join(dir, "manifest.yaml")); err == nil {
		return files, dump(dir, nil, files)
	}
	var source struct {
		Parts map[string]struct {
			Plugin string   `yaml:"plugin"`
			Source string   `yaml:"source"`
			Stage  []string `yaml:"stage"`
		} `yaml:"parts"`
	}
	data, err := os.ReadFile(filepath.Join(dir, "charmcraft.yaml"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := yaml.Unmarshal(data, &source); err != nil {
		return nil, fmt.Errorf("cannot read charmcraft.yaml: %w", err)
	}
	for _, part := range source.Parts {
		if part.Plugin != "dump" {
			continue
		}
		if err := dump(filepath.Join(dir, part.Source), part.Stage, files); err != nil {
			return nil, err
		}
	}
	return files, dump(dir, []string{
		"metadata.yaml", "actions.yaml", "config.yaml", "charmcraft.yaml", "dispatch", "version",
		"LICENSE", "README.md", "icon.svg", "lxd-profile.yaml", "revision", "hooks", "actions",
	}, files)
}

// dump adds the files of a folder: all of them, or those that are listed or in
// a listed folder. What is listed need not exist.
func dump(folder string, listed []string, files map[string]string) error {
	return fs.WalkDir(os.DirFS(folder), ".", func(name string, entry fs.DirEntry, err error) error {
		top, _, _ := strings.Cut(name, "/")
		switch {
		case err != nil:
			return err
		case name == "." || len(listed) == 0 || slices.Contains(listed, top):
		case entry.IsDir():
			return fs.SkipDir
		default:
			return nil
		}
		if !entry.IsDir() {
			files[name] = filepath.Join(folder, name)
		}
		return nil
	})
}

func (h *home) chmodDirs(mode os.FileMode) error {
	return filepath.WalkDir(h.layout.charmDir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return os.Chmod(path, mode) //nolint:gosec // our own directory, which the charm cannot write
	})
}

// renew makes the charm's directory again, as in a new pod.
func (h *home) renew() error {
	if err := h.chmodDirs(0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(h.layout.charmDir); err != nil {
		return err
	}
	return h.unpack()
}

// remove ends what dispatch has left running and removes the directory.
func (h *home) remove() error {
	killLeftovers(h.ids)
	if _, err := os.Stat(h.layout.charmDir); err == nil {
		if err := h.chmodDirs(0o755); err != nil {
			return err
		}
	}
	return os.RemoveAll(h.dir)
}

// program finds the program that Juju would start for a dispatch.
func (h *home) program(r *run) (string, error) {
	if _, err := os.Stat(filepath.Join(h.layout.charmDir, "metadata.yaml")); err != nil {
		return "", errors.New("charm missing from disk")
	}
	for _, name := range []string{"dispatch", r.dispatchPath()} {
		path, err := exec.LookPath(filepath.Join(h.layout.charmDir, name))
		if !errors.Is(err, fs.ErrNotExist) {
			return path, err
		}
	}
	return "", errNoHandler
}

// start starts a dispatch, with the agent listening for its hook tools.
func (h *home) start(ctx context.Context, r *run) (process, error) {
	path, err := h.program(r)
	if err != nil {
		return nil, err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "unix", h.layout.socket)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for hook tools: %w", err)
	}
	if err := os.Chmod(h.layout.socket, 0o666); err != nil { //nolint:gosec // for the charm's user
		return nil, errors.Join(err, listener.Close())
	}
	server := toolrpc.Serve(listener, func(req toolrpc.Request) (toolrpc.Response, error) {
		return h.agent.answer(r, req)
	})
	h.agent.mu.Lock()
	env := h.agent.environ(r, h.layout)
	h.ids = append(h.ids, r.id)
	h.agent.mu.Unlock()
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path) //nolint:gosec // the charm under test
	cmd.Dir, cmd.Env = h.layout.charmDir, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if h.user != (User{}) {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: h.user.UID, Gid: h.user.GID}
	}
	p := &osProcess{cmd: cmd, server: server}
	log := func(level string) func(string) {
		return func(line string) {
			h.agent.mu.Lock()
			defer h.agent.mu.Unlock()
			h.agent.addLog(level, r.name, line)
		}
	}
	if err := p.start(ctx, log("DEBUG"), log("WARNING")); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return p, nil
}

// User returns the user that dispatch runs as, and whether that is another user
// than this process's, which takes root.
func (a *Agent) User() (user User, other bool) {
	if a.home == nil || a.home.user == (User{}) {
		return User{uint32(os.Getuid()), uint32(os.Getgid())}, false //nolint:gosec // never negative here
	}
	return a.home.user, true
}
