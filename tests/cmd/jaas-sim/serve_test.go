package main_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	main "jimm-migrator/tests/cmd/jaas-sim"
)

// output is a writer that can be read while it is written to, and that reports when a text has been written.
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

// serve serves a world until the test ends and returns its state file. ready is the last line that it prints.
func serve(t *testing.T, ready string, args ...string) string {
	t.Helper()
	state := filepath.Join(t.TempDir(), "state", "state.json")
	out := &output{until: ready, seen: make(chan struct{})}
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan int, 1)
	go func() {
		ended <- main.Main(ctx, out, out, append([]string{"serve", "--state", state}, args...)...)
	}()
	t.Cleanup(func() {
		end()
		if code := <-ended; code != 0 {
			t.Errorf("serve ended with %d:\n%s", code, out)
		}
		left, err := os.ReadDir(filepath.Dir(state))
		if err != nil || len(left) > 0 {
			t.Errorf("files are still there: %v, %v", left, err)
		}
	})
	select {
	case <-out.seen:
	case code := <-ended:
		ended <- 0
		t.Fatalf("serve ended with %d, after it has printed:\n%s", code, out)
	}
	return state
}

// world writes a world's description.
func world(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "world.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestServe_ThisCharmOnTwoUnits(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "messages")
	state := serve(t, "list-controllers\n", "--charm", "../../..", "--units", "2", "--log", log, world(t, `
jimm: {tls: true}
controllers: [{name: west}, {name: east}]
models: [{name: prod, owner: alice@example.com}]
`))
	for _, test := range []struct {
		name           string
		args           []string
		stdout, stderr []string // parts of them
	}{{
		name:   "an action that completes",
		args:   []string{"jimm-migrator/leader", "list-controllers"},
		stdout: []string{"controllers:\n  east:\n", "summary: "},
		stderr: []string{"Running operation 1 with 1 task\n  - task 2 on unit-jimm-migrator-0\n\nWaiting for task 2...\n"},
	}, {
		name:   "an action that fails",
		args:   []string{"jimm-migrator/1", "locate-model", "model=nobody@example.com/none"},
		stdout: []string{"Action id 4 failed: ", "nobody@example.com/none"},
		stderr: []string{"  - task 4 on unit-jimm-migrator-1\n"},
	}, {
		name:   "progress",
		args:   []string{"jimm-migrator/1", "migrate-model", "model=prod", "target-controller=east", "dry-run=true", "--utc"},
		stdout: []string{"outcome: checks-passed\n"},
		stderr: []string{" checks passed; ", "\n\n"},
	}} {
		var stdout, stderr bytes.Buffer
		if code := main.Main(t.Context(), &stdout, &stderr, append([]string{"run", "--state", state}, test.args...)...); code != 0 {
			t.Errorf("%s: exit code %d", test.name, code)
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
	messages, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"[/api] <- {", `"type":"JIMM"`, "[/api] -> {"} {
		if !bytes.Contains(messages, []byte(part)) {
			t.Errorf("the log has no %q", part)
		}
	}
}

func TestServe_RefusesASecondWorldInTheSamePlace(t *testing.T) {
	t.Parallel()
	state := serve(t, "add-controller", "--controllers-only", world(t, "controllers: [{name: west}]"))
	var stdout, stderr bytes.Buffer
	code := main.Main(t.Context(), &stdout, &stderr, "serve", "--state", state, "--controllers-only")
	if code != 1 || !strings.Contains(stderr.String(), "ERROR cannot serve a second world") {
		t.Errorf("exit code %d, %s", code, &stderr)
	}
	stderr.Reset()
	code = main.Main(t.Context(), &stdout, &stderr, "run", "--state", state, "jimm-migrator/0", "list-controllers")
	if code != 0 || !strings.Contains(stderr.String(), `"unit-jimm-migrator-0" not found`) {
		t.Errorf("controllers alone have a unit: exit code %d, %s", code, &stderr)
	}
}

func TestCommandLine_IsRefused(t *testing.T) {
	t.Parallel()
	nowhere := filepath.Join(t.TempDir(), "state.json")
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{nil, 2, "jaas-sim run UNIT… ACTION"},
		{[]string{"dance"}, 2, `ERROR unknown command "dance"`},
		{[]string{"run", "a/0", "b", "--state", nowhere}, 1, `ERROR cannot find a world in ` + nowhere + `: start one with "jaas-sim serve"`},
		{[]string{"show-task", "1", "--state", nowhere}, 1, "ERROR cannot find a world"},
		{[]string{"show-operation", "1", "--state", nowhere}, 1, "ERROR cannot find a world"},
		{[]string{"operations", "--state", nowhere}, 1, "ERROR cannot find a world"},
		{[]string{"cancel-task", "1", "--state", nowhere}, 1, "ERROR cannot find a world"},
		{[]string{"actions"}, 2, "ERROR no application name specified"},
		{[]string{"status", "--state", nowhere}, 1, "ERROR cannot find a world"},
		{[]string{"demo", "some"}, 2, `ERROR unrecognized args: ["some"]`},
		{[]string{"serve", "a", "b"}, 2, `ERROR unrecognized args: ["b"]`},
		{[]string{"serve", "--units", "0"}, 2, "ERROR the charm needs a unit"},
		{[]string{"serve", "--units=x"}, 2, `ERROR invalid value "x" for option --units: `},
		{[]string{"serve", "--jwks-url", "u"}, 2, "ERROR --jwks-url and --jwks-ca are for --controllers-only"},
		{[]string{"serve", "--listen", "west"}, 2, `ERROR invalid value "west" for option --listen: expected NAME=HOST:PORT`},
		{[]string{"serve", "--state", nowhere, "--listen", "south=:1"}, 1, `ERROR cannot listen for "south": the world has no such controller`},
		{[]string{"serve", "--state", nowhere, nowhere}, 1, "ERROR cannot read the world: "},
		{[]string{"serve", "--state", nowhere, "--controllers-only", "--jwks-ca", "testdata/session.txt"}, 1, "ERROR cannot find a certificate in"},
	} {
		var stdout, stderr bytes.Buffer
		code := main.Main(t.Context(), &stdout, &stderr, test.args...)
		if code != test.code || !strings.Contains(stderr.String(), test.want) || strings.TrimSuffix(stdout.String(), "{}\n") != "" {
			t.Errorf("%q ends with %d and prints %q and %q, want %d and %q", test.args, code, &stdout, &stderr, test.code, test.want)
		}
	}
}

func TestCommandLine_Helps(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{
		"run": "-o, --output (= \"\")", "serve": "--controllers-only", "operations": "--apps, --applications", "demo": "--jimm",
		"actions": "--schema", "show-task": "--watch", "cancel-task": "--format  (= yaml)", "show-operation": "--utc",
	} {
		var stdout, stderr bytes.Buffer
		code := main.Main(t.Context(), &stdout, &stderr, command, "--help")
		if code != 0 || !strings.HasPrefix(stdout.String(), "Usage: jaas-sim "+command+" [options]") ||
			!strings.Contains(stdout.String(), want) || stderr.Len() > 0 {
			t.Errorf("exit code %d, %q, help without %q:\n%s", code, &stderr, want, &stdout)
		}
	}
	var out bytes.Buffer
	if code := main.Main(t.Context(), &out, &out, "help"); code != 0 || !strings.HasPrefix(out.String(), "jaas-sim is ") {
		t.Errorf("exit code %d, %s", code, &out)
	}
}

func TestServe_HintsAtTheProgramInUse(t *testing.T) {
	t.Parallel()
	for started, want := range map[string]string{
		"dist/jaas-sim":                      "dist/jaas-sim",
		"/tmp/go-build123/b001/exe/jaas-sim": "go run ./tests/cmd/jaas-sim",
	} {
		if got := main.OwnCommand(started); got != want {
			t.Errorf("started as %s: hint %q, want %q", started, got, want)
		}
	}
}

// What is sent to Loki is stored unchanged, with its time and labels.
func TestServe_KeepsWhatLokiIsSent(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	take := main.TakeLines(&lines)
	for body, want := range map[string]int{
		`{"streams": [{"stream": {"juju_unit": "jimm-migrator/0"}, "values": [["1764433396000000001", "{\"event\":\"start\"}"], ["1764433396000000002", "b"]]}]}`: http.StatusNoContent,
		`no push`: http.StatusBadRequest,
	} {
		w := httptest.NewRecorder()
		take(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/loki/api/v1/push", strings.NewReader(body)))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", body, w.Code, want)
		}
	}
	want := `{"At":"2025-11-29T16:23:16.000000001Z","Labels":{"juju_unit":"jimm-migrator/0"},"Line":"{\"event\":\"start\"}"}
{"At":"2025-11-29T16:23:16.000000002Z","Labels":{"juju_unit":"jimm-migrator/0"},"Line":"b"}
`
	if diff := cmp.Diff(want, lines.String()); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}
