package main_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	main "jimm-migrator/tests/cmd/jaas-sim"
)

var update = flag.Bool("update", false, "write the golden files again")

// mover is a charm with actions that end in all possible ways.
func mover() map[string]string {
	return map[string]string{
		"metadata.yaml": "name: mover\nsummary: s\ndescription: d\nrequires: {logging: {interface: loki_push_api}}\n",
		"manifest.yaml": "bases: [{name: ubuntu, channel: '24.04', architectures: [amd64]}]\n",
		"config.yaml": "options: {jimm-url: {type: string}, jimm-credentials: {type: secret}, " +
			"jimm-ca-certificate: {type: string}, poll-interval: {type: string}}\n",
		"actions.yaml": `
move:
  description: |
    Move a model.
    It takes a while.
  params:
    model: {type: string, minLength: 1, description: Which one.}
    timeout: {type: string, default: 60m}
    limit: {type: integer}
  required: [model]
  additionalProperties: false
refuse: {}
crash: {}
block: {}
rest: {}
`,
		"deep/word": "<hello>: 100%\n",
		"dispatch": `#!/bin/sh
case $JUJU_ACTION_NAME in
move)
	action-log -- "[1/2] check"
	action-log -- "50% done"
	action-log -- "multi
line"
	action-set model.name="$(action-get model)" outcome=migrated said="$(cat deep/word)"
	;;
refuse)
	action-set outcome=refused
	action-fail -- 'no such model: "prod"'
	;;
crash)
	echo out
	echo err >&2
	action-set step=watch
	action-fail -- lost
	exit 3
	;;
block)
	action-log -- blocked
	exec sleep 600
	;;
esac
`,
	}
}

// pack makes the archive of a charm.
func pack(t *testing.T, files map[string]string) string {
	t.Helper()
	archive := filepath.Join(t.TempDir(), "some.charm")
	file, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	charm := zip.NewWriter(file)
	if _, err := charm.Create("deep/"); err != nil { // charmcraft packs folders too
		t.Fatal(err)
	}
	for name, content := range files {
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
	return archive
}

// The session shows what was typed at Juju 3.6, with the recorded shapes and texts: "2>" is stderr, "1>" is stdout.
func TestSession_LooksAsWithJuju(t *testing.T) {
	t.Parallel()
	state := serve(t, "mover/0", "--charm", pack(t, mover()), "--units", "2")
	session(t, state, "testdata/session.txt")
	abort(t, state)
}

// The same for the parts of a model: configuration, secrets, relations, status.
func TestSession_KeepsAModelAsJujuDoes(t *testing.T) {
	t.Parallel()
	session(t, serve(t, "mover/0", "--charm", pack(t, mover())), "testdata/model.txt")
}

// session types the commands of a golden file and compares what they print.
func session(t *testing.T, state, file string) {
	t.Helper()
	golden, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for line := range strings.Lines(string(golden)) {
		if comment := strings.HasPrefix(line, "#"); comment || line == "\n" {
			got.WriteString(line)
		}
		command, ok := strings.CutPrefix(line, "$ juju ")
		if !ok {
			continue
		}
		got.WriteString(line)
		words := strings.Fields(command)
		var stdout, stderr bytes.Buffer
		code := main.Main(t.Context(), &stdout, &stderr, append(words, "--state", state)...)
		got.WriteString(marked("2>", stderr.String()) + marked("1>", stdout.String()))
		if code != 0 {
			fmt.Fprintf(&got, "exit %d\n", code)
		}
	}
	if diff := cmp.Diff(string(golden), got.String()); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// abort cancels an action while it runs.
func abort(t *testing.T, state string) {
	t.Helper()
	var stdout bytes.Buffer
	stderr := &output{until: " blocked\n", seen: make(chan struct{})}
	ended := make(chan int, 1)
	go func() {
		ended <- main.Main(t.Context(), &stdout, stderr, "run", "--state", state, "mover/1", "block", "--wait=-1s")
	}()
	<-stderr.seen
	task := regexp.MustCompile(`operation (\d+) with 1 task\n  - task (\d+) on unit-mover-1\n`).FindStringSubmatch(stderr.String())
	if task == nil {
		t.Fatalf("run printed %s", stderr)
	}
	var cancelled, shown, errs bytes.Buffer
	if code := main.Main(t.Context(), &cancelled, &errs, "cancel-task", "--state", state, task[2]); code != 0 {
		t.Errorf("cancel-task ended with %d, %s", code, &errs)
	}
	want := "actions:\n- action: block\n  completed at: n/a\n  id: \"" + task[2] + "\"\n  status: aborting\n  unit: mover/1\n"
	if diff := cmp.Diff(want, cancelled.String()); diff != "" {
		t.Errorf("cancel-task (-want +got):\n%s", diff)
	}
	// run returns early when it sees that the task is aborting or aborted.
	if code := <-ended; code != 0 || stdout.String() != "Task "+task[2]+" aborting\n\n" && stdout.String() != "\n" {
		t.Errorf("run ended with %d and printed %q", code, &stdout)
	}
	if code := main.Main(t.Context(), &shown, &errs, "show-operation", task[1], "--utc", "--watch", "--state", state); code != 0 {
		t.Errorf("show-operation ended with %d, %s", code, &errs)
	}
	timing := "enqueued: YYYY-MM-DD hh:mm:ss +0000 UTC\n|  started: YYYY-MM-DD hh:mm:ss +0000 UTC\n|  completed: YYYY-MM-DD hh:mm:ss +0000 UTC\n"
	want = marked("", "summary: block run on unit-mover-1\nstatus: aborted\naction:\n  name: block\n  parameters: {}\n"+
		"timing:\n  "+strings.ReplaceAll(timing, "|", "")+"tasks:\n  \""+task[2]+"\":\n    host: mover/1\n    status: aborted\n    timing:\n"+
		"      "+strings.ReplaceAll(timing, "|", "    ")+"    log:\n    - YYYY-MM-DD hh:mm:ss +0000 UTC blocked\n    message: terminated\n"+
		"    results:\n      return-code: -1\n")
	if diff := cmp.Diff(want, marked("", shown.String())); diff != "" {
		t.Errorf("show-operation (-want +got):\n%s", diff)
	}
}

// marked prefixes each line with a mark, and removes times of day. A text without a final newline is distinguished from
// one with it.
func marked(mark, text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		line = regexp.MustCompile(`\b20\d\d-\d\d-\d\d([ T])\d\d:\d\d:\d\d`).ReplaceAllString(line, "YYYY-MM-DD${1}hh:mm:ss")
		line = regexp.MustCompile(`\b\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)\b`).ReplaceAllString(line, "hh:mm:ssZ")
		line = regexp.MustCompile(`^\d\d:\d\d:\d\d`).ReplaceAllString(line, "hh:mm:ss")
		out.WriteString(strings.TrimRight(mark+" "+strings.TrimSuffix(line, "\n"), " "))
		if !strings.HasSuffix(line, "\n") {
			out.WriteString("(no newline)")
		}
		out.WriteString("\n")
	}
	return out.String()
}
