package docs_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// failing is a world in which the migration of the second model is aborted, once.
const failing = `
jimm: {tls: true}
controllers: [{name: west}, {name: east}]
models:
  - {name: a, uuid: aaaaaaaa-0000-4000-8000-000000000000, created-here: true}
  - name: b
    uuid: bbbbbbbb-0000-4000-8000-000000000000
    created-here: true
    migrations: [{abort-at: IMPORT, reason: no room left}]
  - {name: c, uuid: cccccccc-0000-4000-8000-000000000000, created-here: true}
  - {name: d, uuid: dddddddd-0000-4000-8000-000000000000, controller: east}
speed: 300
`

const (
	uuidA = "aaaaaaaa-0000-4000-8000-000000000000"
	uuidB = "bbbbbbbb-0000-4000-8000-000000000000"
	uuidC = "cccccccc-0000-4000-8000-000000000000"
)

// The loop of the page stops at the first model that is not migrated, reports why, touches none after it, and continues
// when it is started again.
func TestEmptyAController_StopsAtTheFirstFailure(t *testing.T) {
	t.Parallel()
	ctx := patient(t)
	dir, s := besideJAAS(ctx, t, failing)
	var blocks, shown []string // what is typed, and what two of the commands print
	for _, f := range find(t, "docs/how-to/empty-a-controller.md").fences {
		if f.file() != "" {
			write(t, filepath.Join(dir, f.file()), f.text)
		} else if f.shell("loop") {
			blocks = append(blocks, f.text)
		} else if f.words()[0] == "text" {
			shown = append(shown, f.text)
		}
	}
	if len(blocks) != 4 || len(shown) != 2 {
		t.Fatalf("the page has %d blocks to be typed, and shows %d", len(blocks), len(shown))
	}
	list, dryRun, empty, listAgain := blocks[0], blocks[1], blocks[2], blocks[3]

	mustEnter(ctx, t, s, list)
	if diff := cmp.Diff([]string{uuidA, uuidB, uuidC}, lines(read(t, filepath.Join(dir, "models.txt")))); diff != "" {
		t.Fatalf("models on west (-want +got):\n%s", diff)
	}
	if line := mismatch(shown[0], mustEnter(ctx, t, s, dryRun)); line != "" {
		t.Errorf("the dry run did not print: %s", line)
	}
	printed, err := s.enter(ctx, empty)
	if err == nil {
		t.Error("the loop did not fail")
	}
	if line := mismatch(shown[1], printed); line != "" {
		t.Errorf("the loop did not print: %s\n%s", line, indent(printed))
	}
	if left := lines(mustEnter(ctx, t, s, listAgain)); !cmp.Equal([]string{uuidB, uuidC}, left) {
		t.Errorf("after the failure, on west: %v", left)
	}

	want := []string{uuidA + " completed already-there", uuidB + " completed migrated", uuidC + " completed migrated"}
	if diff := cmp.Diff(want, lines(mustEnter(ctx, t, s, empty))); diff != "" {
		t.Errorf("the second time (-want +got):\n%s", diff)
	}
	if left := lines(mustEnter(ctx, t, s, listAgain)); len(left) != 0 {
		t.Errorf("at the end, on west: %v", left)
	}
}

// The loop stops at any outcome that it does not know, and when there is no answer.
func TestEmptyAController_StopsAtEverythingElse(t *testing.T) {
	t.Parallel()
	answer := func(status, outcome string) string {
		return `echo '{"jimm-migrator/0":{"status":"` + status + `","results":{"outcome":"` + outcome + `","summary":"why"}}}'`
	}
	for name, test := range map[string]struct {
		juju  string // what juju does
		first string // the line about the first model
		goes  bool   // on to the second
	}{
		"migrated":             {answer("completed", "migrated"), "m1 completed migrated", true},
		"already there":        {answer("completed", "already-there"), "m1 completed already-there", true},
		"recorded":             {answer("completed", "recorded"), "m1 completed recorded", false},
		"an outcome of later":  {answer("completed", "moved-somehow"), "m1 completed moved-somehow", false},
		"a success that fails": {answer("failed", "migrated"), "m1 failed migrated", false},
		"a dead unit":          {`echo '{"jimm-migrator/0":{"status":"failed","message":"action terminated"}}'`, "m1 failed none", false},
		"a wait that ends":     {"echo ERROR timed out >&2; exit 1", "m1 no-answer none", false},
		"no answer":            {"exit 0", "", false},
		"no JSON":              {"echo ERROR", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			printed, err := runScript(t, "empty.sh", "cat >/dev/null\n"+test.juju, "printf 'm1\\nm2\\n' | bash empty.sh east")
			if test.goes != (err == nil) || test.goes != strings.Contains(printed, "m2 ") {
				t.Errorf("error %v, printed:\n%s", err, printed)
			}
			if !strings.Contains(printed, test.first) {
				t.Errorf("does not say %q:\n%s", test.first, printed)
			}
		})
	}
}

// A list that could not be read is not an empty controller.
func TestEmptyAController_ListsOnlyWhatWasAnswered(t *testing.T) {
	t.Parallel()
	page := `{"u/0":{"status":"completed","results":{"models":{"m1":{"recorded-controller":{"name":"west"}},"m2":{"recorded-controller":{"name":"east"}}}}}}`
	for name, test := range map[string]struct {
		juju string
		want []string
		good bool
	}{
		"a list":                {"echo '" + page + "'", []string{"m1"}, true},
		"no models":             {`echo '{"u/0":{"status":"completed","results":{}}}'`, nil, true},
		"a failed action":       {`echo '{"u/0":{"status":"failed","message":"no JIMM"}}'`, []string{`no list: {"u/0":{"status":"failed","message":"no JIMM"}}`}, false},
		"nothing":               {"exit 0", []string{"no list: "}, false},
		"a wait that has ended": {"echo ERROR timed out >&2; exit 1", []string{"ERROR timed out"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			printed, err := runScript(t, "models-on.sh", test.juju, "bash models-on.sh west")
			if diff := cmp.Diff(test.want, lines(printed)); diff != "" || test.good != (err == nil) {
				t.Errorf("%v (-want +printed):\n%s", err, diff)
			}
		})
	}
}

// runScript types a command that runs a script of the page, beside a juju that does something else.
func runScript(t *testing.T, script, juju, command string) (printed string, err error) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "bin/juju"), "#!/bin/sh\n"+juju+"\n")
	linkJQ(t, filepath.Join(dir, "bin"))
	for _, f := range find(t, "docs/how-to/empty-a-controller.md").fences {
		if f.file() == script {
			write(t, filepath.Join(dir, script), f.text)
		}
	}
	return startShell(t, dir, filepath.Join(dir, "bin")).enter(t.Context(), command)
}

func mustEnter(ctx context.Context, t *testing.T, s *shell, text string) string {
	t.Helper()
	printed, err := s.enter(ctx, text)
	if err != nil {
		t.Fatalf("%v\n%s\nprinted:\n%s", err, text, indent(printed))
	}
	return printed
}

// lines are the lines of a text that are not empty, without those in which juju reports what continues.
func lines(text string) []string {
	progress := regexp.MustCompile(`^(Running operation |  - task |Waiting for task |\d\d:\d\d:\d\d )`)
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" && !progress.MatchString(line) {
			out = append(out, line)
		}
	}
	return out
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
