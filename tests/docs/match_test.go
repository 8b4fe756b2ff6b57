package docs_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// differing are the parts of a line that differ from run to run, with their replacements.
var differing = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d( UTC|Z)?`), "TIME"},
	{regexp.MustCompile(`\b\d\d:\d\d:\d\d\b`), "TIME"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "ADDRESS"},
	{regexp.MustCompile(`\b(\d+h)?(\d+m)?\d+s\b`), "DURATION"},
	{regexp.MustCompile(`\b(operation|task|Action id) \d+\b`), "$1 N"},
	{regexp.MustCompile(`  +`), "  "}, // columns are as wide as their contents
}

// paced are lines that depend on the speed of the machine: the phases of a migration that were seen, and which client
// recorded it first.
// has recorded it first.
var paced = regexp.MustCompile(`^TIME ([A-Z]+: |no change for |recorded in JIMM: )|^(proof|timing):|^  (phase|text|no-return|downtime|api-unavailable): `)

// same makes two lines equal that differ in nothing that matters.
func same(line string) string {
	line = strings.TrimRight(line, " \t")
	for _, part := range differing {
		line = part.pattern.ReplaceAllString(line, part.name)
	}
	return line
}

// compared are the lines of a text that have to be compared: without empty
// ones, and without those that depend on the pace.
func compared(text string) (lines []string, phases int) {
	for line := range strings.SplitSeq(text, "\n") {
		line = same(line)
		switch {
		case line == "":
		case paced.MatchString(line):
			phases++
		default:
			lines = append(lines, line)
		}
	}
	return lines, phases
}

// elided stands for any lines in a text of the documentation.
const elided = "..."

// mismatch says which line of the documentation was not printed where it should
// have been, or "" if the page shows what was printed.
func mismatch(shown, printed string) string {
	want, wantPhases := compared(shown)
	got, gotPhases := compared(printed)
	if wantPhases > 0 && gotPhases == 0 {
		return "a phase of a migration"
	}
	anywhere := false // whether the next run of lines may begin later on
	for len(want) > 0 {
		if want[0] == elided {
			want, anywhere = want[1:], true
			continue
		}
		run, rest := want, []string(nil)
		if i := slices.Index(want, elided); i >= 0 {
			run, rest = want[:i], want[i:]
		}
		at := 0
		switch {
		case anywhere:
			if at = indexOf(got, run, rest == nil); at < 0 {
				return run[0]
			}
		case len(got) < len(run) || !slices.Equal(run, got[:len(run)]):
			return firstDifference(run, got)
		}
		got, want, anywhere = got[at+len(run):], rest, false
	}
	if len(got) > 0 && !anywhere {
		return "the end; printed was also: " + got[0]
	}
	return ""
}

// indexOf returns where a run of lines stands in others, at their end if last.
func indexOf(lines, run []string, last bool) int {
	for at := 0; at+len(run) <= len(lines); at++ {
		if slices.Equal(lines[at:at+len(run)], run) && (!last || at+len(run) == len(lines)) {
			return at
		}
	}
	return -1
}

func firstDifference(want, got []string) string {
	for i, line := range want {
		if i >= len(got) {
			return line
		}
		if got[i] != line {
			return line + "\n    but: " + got[i]
		}
	}
	return ""
}

func TestMismatch_SeesWhatMatters(t *testing.T) {
	t.Parallel()
	const printed = "Running operation 7 with 1 task\n\n" +
		"10:00:01 check model: pass: web is d0145b05-22b8-513d-aee5-7e5373f1fd0e\n" +
		"10:00:02 QUIESCE: quiescing (1s)\n10:00:09 recorded in JIMM: it is there\n" +
		"10:00:10 moved\n\noutcome: migrated\nelapsed: 1m9s\nsummary: all is well\n"
	for name, test := range map[string]struct {
		shown string
		same  bool
	}{
		"the same":                {printed, true},
		"other numbers":           {strings.NewReplacer("10:00", "23:59", "d0145b05", "00000000", "operation 7", "operation 12", "1m9s", "8s").Replace(printed), true},
		"other phases":            {strings.Replace(printed, "10:00:02 QUIESCE: quiescing", "10:00:02 IMPORT: importing\n10:00:03 SUCCESS: done", 1), true},
		"a part":                  {"...\noutcome: migrated\n...\n", true},
		"two parts":               {"Running operation 1 with 1 task\n...\n11:11:11 moved\noutcome: migrated\n...\nsummary: all is well\n", true},
		"the end":                 {"...\nsummary: all is well\n", true},
		"two dots in a row":       {"...\n\n...\noutcome: migrated\n...\n...\n", true},
		"dots that hide nothing":  {"...\n\n...\noutcome: aborted\n...\n", false},
		"no end":                  {"Running operation 1 with 1 task\n", false},
		"another outcome":         {"...\noutcome: aborted\n...\n", false},
		"parts in another order":  {"...\noutcome: migrated\n...\n10:00:10 moved\n...\n", false},
		"lines left out silently": {"...\n10:00:10 moved\nsummary: all is well\n", false},
		"the wrong end":           {"...\noutcome: migrated\n", false},
		"a line too many":         {printed + "more\n", false},
		"the wrong beginning":     {"outcome: migrated\n...\n", false},
		"a verdict that differs":  {strings.Replace(printed, "model: pass", "model: fail", 1), false},
	} {
		if found := mismatch(test.shown, printed); (found == "") != test.same {
			t.Errorf("%s: mismatch is %q", name, found)
		}
	}
	if mismatch("10:00:02 QUIESCE: quiescing\nend\n", "end\n") == "" {
		t.Error("a text without any phase matches one with phases")
	}
}
