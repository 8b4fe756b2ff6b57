package scenario_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPatternsStandForWhatTheySay(t *testing.T) {
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"check model: pass: …", "check model: pass: prod (a.b)", true},
		{"check model: pass", "check model: pass: prod", false},
		{"a.b", "axb", false},
		{"migration <uuid>:<n>", "migration 0b6d4f5e-1a57-4f1c-8c4e-6f0f2b9b7d10:12", true},
		{"migration <uuid>", "migration 0b6d4f5e", false},
		{"since <time>, for <duration>", "since 2026-07-01T10:11:12Z, for 1m4s", true},
		{"<unknown>", "<unknown>", true},
		{"…", "two\nlines", true},
	} {
		if got := matches(test.pattern, test.text); got != test.want {
			t.Errorf("matches(%q, %q) = %v", test.pattern, test.text, got)
		}
	}
}

func TestWordsAreSplitAsAShellDoes(t *testing.T) {
	got := words(`juju run u/0 locate-model model='a b/*' x="it's" y=`)
	want := []string{"juju", "run", "u/0", "locate-model", "model=a b/*", "x=it's", "y="}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAStoryIsReadWithItsYearsAndLineNumbers(t *testing.T) {
	s := story{file: "x.txtar", years: years()}
	err := s.parse("years 2026\njuju >4\nmachine 7\n\n# why\n$ juju run\n  completed\n  [2024,2025] [!>4] a = b\nends\n", 10)
	if err != nil {
		t.Fatal(err)
	}
	want := []step{
		{line{16, nil, "$ juju run"}, []line{{17, nil, "completed"}, {18, []string{"2024,2025", "!>4"}, "a = b"}}},
		{line{19, nil, "ends"}, nil},
	}
	if diff := cmp.Diff(want, s.steps, cmp.AllowUnexported(step{}, line{})); diff != "" {
		t.Error(diff)
	}
	if s.machine != "7" || len(s.years) != 1 || len(s.juju) != 1 || len(in(age{year: "2026", source: "3.6.14", target: "3.6.14"}, s.steps[0].expect)) != 1 {
		t.Errorf("settings: %+v", s)
	}
	if err := s.parse("  completed\n", 0); err != nil {
		t.Errorf("an expectation after a step: %v", err)
	}
	if err := (&story{}).parse("  completed\n", 0); err == nil {
		t.Error("an expectation before anything happened was taken")
	}
}
