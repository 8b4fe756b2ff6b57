package fleet_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"jimm-migrator/src/fleet"
)

func text(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name + ".plan")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestPlanIsReadBackAsItWasWritten(t *testing.T) {
	for _, name := range []string{"drain", "move"} {
		want := text(t, name)
		p, err := fleet.Parse(want)
		if err != nil {
			t.Fatal(err)
		}
		if p.Text() != want {
			t.Errorf("%s: read back as\n%s", name, p.Text())
		}
		if !strings.HasSuffix(want, "hash "+p.Hash()+"\n") {
			t.Errorf("%s: hash is %s", name, p.Hash())
		}
		for _, end := range []string{"", "\n\n", "\n\n\n"} {
			if got, err := fleet.Parse(strings.TrimSuffix(want, "\n") + end); err != nil || got.Text() != want {
				t.Errorf("%s with %q at its end: %v", name, end, err)
			}
		}
	}
}

func TestChangedPlansAreRefused(t *testing.T) {
	good := text(t, "drain")
	for name, test := range map[string]struct{ from, to, want string }{
		"a target":          {"west east 13", "west north 13", "does not match its hash"},
		"a line is gone":    {"left own-model 00000000-0000-4000-8000-00746f6f6c73 alice@example.com/tools\n", "", "does not match its hash"},
		"a blank at an end": {"edges listed\n", "edges listed \n", "does not match its hash"},
		"folded":            {"\nmove", " move", "does not match its hash"},
		"line breaks":       {"\n", "\r\n", "lines end with a carriage return"},
		"hash is gone":      {"hash ", "hush ", "last line is not the hash"},
		"another format":    {"plan 1", "plan 2", "first line is"},
		"more after it":     {"\nhash", "\nhash x\nhash", "does not match its hash"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := fleet.Parse(strings.ReplaceAll(good, test.from, test.to))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if strings.Contains(test.want, "hashed") && !errors.Is(err, fleet.ErrHash) {
				t.Errorf("%v is no ErrHash", err)
			}
		})
	}
	if _, err := fleet.Parse(strings.Repeat("x", fleet.MostBytes+1)); err == nil || !strings.Contains(err.Error(), "the limit is 98304") {
		t.Errorf("too long: %v", err)
	}
}

func TestPlansThatNoPlannerMakesAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*fleet.Plan)
		want   string
	}{
		"a model twice":       {func(p *fleet.Plan) { p.Moves = append(p.Moves, p.Moves[0]) }, "is listed twice"},
		"an unknown source":   {func(p *fleet.Plan) { p.Moves[0].Source = "south" }, "is not a controller of the plan"},
		"an unknown target":   {func(p *fleet.Plan) { p.Moves[0].Route[0].Controller = "south" }, "is not a controller of the plan"},
		"to where it is":      {func(p *fleet.Plan) { p.Moves[0].Route[0].Controller = "west" }, "or is the same as its target"},
		"no cap":              {func(p *fleet.Plan) { p.Caps.Parallel = 0 }, "must be at least 1"},
		"no goal":             {func(p *fleet.Plan) { p.Goal = "destroy" }, `its goal "destroy" is unknown`},
		"a negative number":   {func(p *fleet.Plan) { p.Moves[0].Agents = -1 }, "negative"},
		"another line":        {func(p *fleet.Plan) { p.Moves[0].Name = "a\nforce yes" }, `no line begins with "force"`},
		"a name of two lines": {func(p *fleet.Plan) { p.Moves[0].Name = "a\nmore 3" }, "its format is not that of this version"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := fleet.Parse(text(t, "drain"))
			if err != nil {
				t.Fatal(err)
			}
			test.change(&p)
			if _, err := fleet.Parse(p.Text()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// FuzzParse requires that no text causes a panic, and that accepted text is written back unchanged.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"drain", "move"} {
		raw, err := os.ReadFile("testdata/" + name + ".plan")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := fleet.Parse(text)
		if err == nil && strings.TrimSuffix(p.Text(), "\n") != strings.TrimSuffix(text, "\n") {
			t.Errorf("taken, but written as\n%s", p.Text())
		}
		// With the right hash the reader of lines sees every text.
		body, _, _ := strings.Cut(text, "\nhash ")
		if p, err := fleet.Parse(fleet.Sign(body + "\n")); err == nil && p.Text() != fleet.Sign(body+"\n") {
			t.Errorf("taken, but written as\n%s", p.Text())
		}
	})
}
