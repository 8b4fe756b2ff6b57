package rules_test

import (
	"os"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"jimm-migrator/src/migration/checks/rules"
)

// catchAll are the reasons for texts that no other reason explains: they only name the server that
// refuses, and what it refuses.
func catchAll() map[string]bool {
	return map[string]bool{
		"import": true, "export": true, "transfer": true, "binaries": true, "activation": true,
		"source-prechecks": true, "target-prechecks": true, "create": true,
	}
}

// placeOfTexts is a place in the source of Juju or JIMM that has texts.
type placeOfTexts struct {
	From, Source, Target, Before string
	Direct                       bool // JIMM does not pass them on.
	Texts                        map[string]string
}

func readTexts(t *testing.T) []placeOfTexts {
	t.Helper()
	data, err := os.ReadFile("testdata/texts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var places []placeOfTexts
	if err := yaml.Unmarshal(data, &places); err != nil {
		t.Fatal(err)
	}
	return places
}

// forms are the forms of a text that a user sees: the controller's own, and the one in which JIMM's
// client passes it on.
func (p placeOfTexts) forms(text string) []string {
	text = p.Before + text
	if p.Direct || strings.HasPrefix(text, "cannot ") {
		return []string{text}
	}
	return []string{text, `cannot migrate model "c0ffee" to controller "east": ` + text}
}

// Each text in Juju's source has the right reason. testdata/texts.yaml names its place.
func TestTextsOfJuju(t *testing.T) {
	texts, own := 0, 0
	places := readTexts(t)
	for _, p := range places {
		if p.From == "" || p.Source == "" || p.Target == "" || len(p.Texts) == 0 {
			t.Errorf("%+v says too little", p)
		}
		for text, id := range p.Texts {
			texts++
			if !catchAll()[id] {
				own++
			}
			for _, form := range p.forms(text) {
				got, ok := rules.Explain(form, rules.Facts{Source: p.Source, Target: p.Target})
				if !ok || got.ID != id {
					t.Errorf("%s, %s to %s: %q is %q, want %q", p.From, p.Source, p.Target, form, got.ID, id)
				}
			}
		}
	}
	t.Logf("%d texts of %d places; %d have a reason of their own", texts, len(places), own)
}

// A pattern that no text needs is a guess: each pattern of a reason, and each
// alternative in it, matches a text in testdata/texts.yaml that has this reason.
func TestEveryPatternHasAText(t *testing.T) {
	texts := map[string][]string{}
	for _, p := range readTexts(t) {
		for text, id := range p.Texts {
			texts[id] = append(texts[id], p.forms(text)...)
		}
	}
	for _, r := range rules.All().Reasons {
		for _, pattern := range r.Texts {
			if !slices.ContainsFunc(texts[r.ID], pattern.MatchString) {
				t.Errorf("%s: no text matches %s", r.ID, pattern)
				continue
			}
			for _, narrow := range alternatives(t, pattern.String()) {
				if !slices.ContainsFunc(texts[r.ID], regexp.MustCompile(narrow).MatchString) {
					t.Errorf("%s: of %s no text matches %s", r.ID, pattern, narrow)
				}
			}
		}
	}
}

// alternatives returns the pattern with each of its alternatives alone: for "a(b|c)"
// these are "ab" and "ac".
func alternatives(t *testing.T, pattern string) (alone []string) {
	t.Helper()
	whole, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	var visit func(*syntax.Regexp)
	visit = func(part *syntax.Regexp) {
		if all := part.Sub; part.Op == syntax.OpAlternate {
			for _, one := range all {
				part.Op, part.Sub = syntax.OpConcat, []*syntax.Regexp{one}
				alone = append(alone, whole.String())
			}
			part.Op, part.Sub = syntax.OpAlternate, all
		}
		for _, sub := range part.Sub {
			visit(sub)
		}
	}
	visit(whole)
	return alone
}

func TestAlternatives(t *testing.T) {
	for pattern, want := range map[string][]string{
		"a":              nil,
		"a(bc|de)":       {"a(bc)", "a(de)"},
		"(^|: )x":        {`(\A)x`, "(: )x"},
		"a(bc)?":         nil,
		"(bc(de|fg)|hi)": {"(bc(?:(de|fg)))", "(hi)", "(bc(de)|hi)", "(bc(fg)|hi)"},
	} {
		got := alternatives(t, pattern)
		if len(got) != len(want) {
			t.Errorf("%s has the alternatives %q, want %q", pattern, got, want)
			continue
		}
		for i, narrow := range got {
			for _, text := range []string{"abc", "ade", "x", ": x", "a", "bcde", "bcfg", "hi"} {
				if regexp.MustCompile(narrow).MatchString(text) != regexp.MustCompile(want[i]).MatchString(text) {
					t.Errorf("%s has the alternatives %q, want %q: %q", pattern, got, want, text)
				}
			}
		}
	}
}

// The same command can only succeed later if the obstacle goes away by itself.
func TestWhatEndsByItself(t *testing.T) {
	want := []string{
		"agent-time-limit", "agents-away", "agents-upgrading", "cleanup", "controller-reading", "controller-upgrade", "create", "dying", "finishing", "hidden", "import-cleanup",
		"jimm-authorization", "jimm-error", "leader-gone", "leaving-target", "lxd-away", "not-logged-in", "reboot", "record-denied", "record-target-away", "relation-joining", "running", "scaling",
		"source-away", "source-machines", "target-busy", "target-machines", "target-unreachable",
	}
	var got []string
	for _, r := range rules.All().Reasons {
		if r.Retry {
			got = append(got, r.ID)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
