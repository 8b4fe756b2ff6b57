package main_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	main "jimm-migrator/tests/cmd/jaas-sim"
)

// output is a writer that can be read while it is written to, and that says
// when a text has come.
type output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	until string
	seen  chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := strings.Contains(o.text.String(), o.until)
	n, err := o.text.Write(p)
	if !before && strings.Contains(o.text.String(), o.until) {
		close(o.seen)
	}
	return n, err
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// serve serves a world until the test ends and returns its state file.
func serve(t *testing.T, charm, world string) string {
	t.Helper()
	folder := t.TempDir()
	state := filepath.Join(folder, "state", "state.json")
	file := filepath.Join(folder, "world.yaml")
	if err := os.WriteFile(file, []byte(world), 0o600); err != nil {
		t.Fatal(err)
	}
	out := &output{until: "run jimm-migrator/0 list-controllers\n", seen: make(chan struct{})}
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() {
		ended <- main.Main(ctx, out, out, "serve", "--state", state, "--charm", charm, file)
	}()
	t.Cleanup(func() {
		end()
		if err := <-ended; err != nil {
			t.Errorf("serve ended with %v", err)
		}
		if _, err := os.Stat(state); err == nil {
			t.Error("the state file is still there")
		}
	})
	select {
	case <-out.seen:
	case err := <-ended:
		ended <- nil
		t.Fatalf("serve ended with %v, after it has printed:\n%s", err, out)
	}
	return state
}

func TestServe_AWorldInWhichAnotherProcessRunsActions(t *testing.T) {
	t.Parallel()
	state := serve(t, "../../..", `
jimm: {tls: true}
controllers: [{name: west}, {name: east}]
models: [{name: prod, owner: alice@example.com}]
`)
	for _, test := range []struct {
		name           string
		args           []string
		stdout, stderr []string // parts of them
		err            string
	}{{
		name:   "an action that completes",
		args:   []string{"jimm-migrator/0", "list-controllers"},
		stdout: []string{"controllers:\n  east:\n", "summary: "},
		stderr: []string{"with 1 task\n  - task ", " on unit-jimm-migrator-0\n\nWaiting for task "},
	}, {
		name:   "an action that fails",
		args:   []string{"jimm-migrator/0", "locate-model", "model=nobody@example.com/none"},
		stdout: []string{"Action id ", " failed: ", "nobody@example.com/none"},
	}, {
		name:   "progress",
		args:   []string{"jimm-migrator/0", "migrate-model", "model=prod", "target-controller=east", "dry-run=true", "--utc"},
		stdout: []string{"outcome: checks-passed\n"},
		stderr: []string{" check target: pass: ", "\n\n"},
	}, {
		name:   "parameters that do not fit",
		args:   []string{"jimm-migrator/0", "locate-model", "model=7"},
		stderr: []string{" failed to schedule any tasks:\nvalidation failed: (root).model : must be of type string, given 7"},
	}, {
		name:   "a name that looks like a number",
		args:   []string{"jimm-migrator/0", "locate-model", "model=7", "--string-args"},
		stdout: []string{" failed: "},
	}, {
		name: "a wait that is too short",
		args: []string{"jimm-migrator/0", "list-controllers", "--wait=1ns"},
		err:  "timed out waiting for results from: unit jimm-migrator/0",
	}, {
		name: "an unknown unit",
		args: []string{"jimm-migrator/1", "list-controllers"},
		err:  `unit "jimm-migrator/1" not found`,
	}} {
		var stdout, stderr bytes.Buffer
		err := main.Main(t.Context(), &stdout, &stderr, append([]string{"run", "--state", state}, test.args...)...)
		if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%s: got error %v, want %q", test.name, err, test.err)
		}
		for _, part := range test.stdout {
			if !strings.Contains(stdout.String(), part) {
				t.Errorf("%s: stdout has no %q:\n%s", test.name, part, &stdout)
			}
		}
		for _, part := range test.stderr {
			if !strings.Contains(stderr.String(), part) {
				t.Errorf("%s: stderr has no %q:\n%s", test.name, part, &stderr)
			}
		}
	}
}

func TestServe_RefusesASecondWorldInTheSamePlace(t *testing.T) {
	t.Parallel()
	state := serve(t, "../../..", "controllers: [{name: west}]")
	var out bytes.Buffer
	err := main.Main(t.Context(), &out, &out, "serve", "--state", state, "--charm", "../../..")
	if err == nil || !strings.Contains(err.Error(), "cannot serve a second world") {
		t.Errorf("got error %v", err)
	}
}

// Not parallel: a program that was just written is busy while another test
// starts a process.
func TestServe_RunsACharmFromItsArchive(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "wave.charm")
	file, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	charm := zip.NewWriter(file)
	for name, content := range map[string]string{
		"metadata.yaml": "name: jimm-migrator\nsummary: s\ndescription: d\n",
		"manifest.yaml": "bases: [{name: ubuntu, channel: '24.04', architectures: [amd64]}]\n",
		"config.yaml":   "options: {jimm-url: {type: string}, jimm-credentials: {type: secret}, poll-interval: {type: string}}\n",
		"actions.yaml":  "wave: {}\n",
		"deep/word":     "hello\n",
		"dispatch":      "#!/bin/sh\n[ -z \"$JUJU_ACTION_NAME\" ] || action-set said=\"$(cat deep/word)\"\n",
	} {
		header := &zip.FileHeader{Name: name, Method: zip.Deflate}
		header.SetMode(0o644)
		if name == "dispatch" {
			header.SetMode(0o755)
		}
		entry, err := charm.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(charm.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	state := serve(t, archive, "controllers: [{name: west}]")
	var stdout, stderr bytes.Buffer
	if err := main.Main(t.Context(), &stdout, &stderr, "run", "--state", state, "jimm-migrator/0", "wave"); err != nil {
		t.Fatal(err)
	}
	if stdout.String() != "said: hello\n\n" {
		t.Errorf("the action printed %q and %q", &stdout, &stderr)
	}
}

func TestRun_SaysWhenNoWorldIsServed(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state.json")
	var out bytes.Buffer
	err := main.Main(t.Context(), &out, &out, "run", "--state", state, "jimm-migrator/0", "list-controllers")
	if err == nil || !strings.Contains(err.Error(), "start one with") {
		t.Errorf("got error %v", err)
	}
}

func TestCommandLine_WrongIsRefusedWithUsage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "jaas-sim run UNIT ACTION"},
		{[]string{"dance"}, `ERROR unknown command "dance"`},
		{[]string{"run"}, "ERROR no units specified"},
		{[]string{"run", "jimm-migrator", "x"}, `ERROR invalid unit name "jimm-migrator"`},
		{[]string{"run", "jimm-migrator/0"}, "ERROR no action specified"},
		{[]string{"run", "jimm-migrator/0", "x", "Key=1"}, `ERROR key "Key" must start`},
		{[]string{"run", "--frob"}, "usage: jaas-sim run"},
		{[]string{"serve", "a", "b"}, `ERROR unrecognized args: ["b"]`},
	} {
		var stdout, stderr bytes.Buffer
		if err := main.Main(t.Context(), &stdout, &stderr, test.args...); err == nil {
			t.Errorf("%q is no error", test.args)
		}
		if !strings.Contains(stderr.String(), test.want) {
			t.Errorf("%q prints %q, want %q", test.args, &stderr, test.want)
		}
	}
	var out bytes.Buffer
	if err := main.Main(t.Context(), &out, &out, "run", "--help"); err != nil || !strings.Contains(out.String(), "-string-args") {
		t.Errorf("help gives %v and %q", err, &out)
	}
}

func TestActions_OfThisCharm(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := main.Main(t.Context(), &out, &out, "actions", "--charm", "../../.."); err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"check-access", "list-controllers", "locate-model", "migrate-model"} {
		if !strings.Contains(out.String(), "\n"+action+"  ") {
			t.Errorf("%s is not listed:\n%s", action, &out)
		}
	}
}
