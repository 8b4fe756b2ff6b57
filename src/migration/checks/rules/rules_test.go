package rules_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jimm-migrator/src/migration/checks/rules"
)

// sentence matches a text that is one line, without a full stop at its end.
var sentence = regexp.MustCompile(`^[^\n]*[^\n. ]$`)

func checkText(t *testing.T, id, text string) {
	t.Helper()
	if !sentence.MatchString(text) || strings.Count(text, "(") != strings.Count(text, ")") || strings.Contains(text, "nobody") {
		t.Errorf("%s: no sentence without its full stop: %q", id, text)
	}
	for _, field := range regexp.MustCompile(`\{[^}]*\}`).FindAllString(text, -1) {
		if !slices.Contains([]string{"{names}", "{model}", "{source}", "{target}", "{}", `{\}`}, field) {
			t.Errorf("%s: nothing fills %s", id, field)
		}
	}
}

// A text with {names} needs a condition that has names.
func checkRule(t *testing.T, r rules.Rule) {
	t.Helper()
	checkText(t, r.ID, r.Say)
	checkText(t, r.ID, r.Do)
	checkText(t, r.ID, r.Evidence)
	if strings.Contains(r.Say+r.Do, "{names}") && len(r.Holds) == 0 {
		t.Errorf("%s: nothing has names", r.ID)
	}
	for _, k := range r.Holds {
		bare, value, precise := strings.Cut(string(k), "=")
		if !slices.Contains(rules.Kinds(), rules.Kind(bare)) || precise && value == "" {
			t.Errorf("%s: %q is no kind", r.ID, k)
		}
	}
}

// Each rule and each advisory has the first fixed release of both lines, or says
// that there is none, and names the controller that has the fault.
func TestEveryRuleHasItsFixAndItsEvidence(t *testing.T) {
	book := rules.All()
	for _, r := range slices.Concat(book.Hops, book.Advisories) {
		checkRule(t, r)
		if err := r.Fixed.Check(); err != nil {
			t.Errorf("%s: fixed: %v", r.ID, err)
		}
		if !slices.Contains([]rules.Side{rules.OnSource, rules.OnTarget, rules.OnBoth, rules.OnConsumers}, r.Side) {
			t.Errorf("%s: %q is no side", r.ID, r.Side)
		}
	}
	for _, r := range book.Hops {
		if r.Level != "fail" && r.Level != "warn" {
			t.Errorf("%s: %q is no level", r.ID, r.Level)
		}
		issue := regexp.MustCompile(`juju/juju#\d+|Launchpad \d+`)
		if issue.MatchString(r.Evidence) && !issue.MatchString(r.Say) {
			t.Errorf("%s: the reader is not given the issue: %s", r.ID, r.Say)
		}
	}
	for _, r := range book.Advisories {
		if !regexp.MustCompile(`^(juju/juju#\d+|Launchpad \d{7})$`).MatchString(r.ID) {
			t.Errorf("%q is no issue", r.ID)
		}
	}
	for _, r := range book.FollowUps {
		checkRule(t, r)
	}
	for _, r := range book.Reasons {
		checkText(t, r.ID, r.Say)
		checkText(t, r.ID, r.Do)
		checkText(t, r.ID, r.Evidence)
		if len(r.Texts) == 0 {
			t.Errorf("%s: no text", r.ID)
		}
	}
}

// A file describes its purpose, and each id occurs once in it. "<4.1.0" includes the betas of 4.1;
// to mean 4.0, write "<4.1".
func TestFilesAreWhole(t *testing.T) {
	beta := regexp.MustCompile(`"<\d+\.\d+\.0"|<\d+\.\d+\.0 `)
	betas := []string{"juju4-beta-source", "juju4-beta-target", "juju41-beta"}
	for _, name := range rules.Files() {
		data, err := os.ReadFile(name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var file map[string]json.RawMessage
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatal(err)
		}
		if len(file["about"]) < 20 {
			t.Errorf("%s does not say what it is for", name)
		}
		var entries []map[string]any
		if err := json.Unmarshal(file[name], &entries); err != nil || len(entries) < 5 {
			t.Fatalf("%s: %d entries, %v", name, len(entries), err)
		}
		seen := map[any]bool{}
		for _, e := range entries {
			if e["id"] == nil || e["id"] == "" || seen[e["id"]] {
				t.Errorf("%s: %q is not a name, or is used twice", name, e["id"])
			}
			seen[e["id"]] = true
			for _, key := range []string{"source", "target", "model"} {
				bounds, _ := e[key].(string)
				if beta.MatchString(bounds+`"`) && !slices.Contains(betas, e["id"].(string)) {
					t.Errorf("%s: %s: %q takes betas", e["id"], key, bounds)
				}
			}
		}
	}
}

func TestVersionRanges(t *testing.T) {
	for _, c := range []struct {
		bounds, version string
		want            rules.Fit
	}{
		{"", "3.6.14", rules.Fits},
		{"", "what", rules.Fits},
		{">=3.6.0", "what", rules.FitUnknown},
		{">=3.6.0", "3.6-rc1", rules.FitsNot},
		{">=3.6", "3.6-beta1", rules.Fits},
		{">=3.6-rc1", "3.6-rc2", rules.Fits},
		{">=4.1-beta3", "4.1-beta2", rules.FitsNot},
		{">=4.1-beta3", "4.1-beta3.1", rules.Fits},
		{">=4.1-beta3", "4.1-beta10", rules.Fits},
		{">=4.1-beta3", "4.1-beta2-ubuntu-amd64", rules.FitsNot},
		{">=4.1-beta3", "4.1-beta3.1-ubuntu-arm64", rules.Fits},
		{"<3.6.14", "3.6.14-ubuntu-amd64", rules.FitsNot},
		{"<4.1-rc1", "4.1-beta10", rules.Fits},
		{"<4.0.0", "4.0-beta8", rules.Fits},
		{"<4.0", "4.0-beta8", rules.FitsNot},
		{"<4.1", "4.1-beta2", rules.FitsNot},
		{"<4.1", "4.0.99", rules.Fits},
		{"<4.1.0", "4.1-beta2", rules.Fits},
		{">=4.0 <4.0.0", "4.0-beta8", rules.Fits},
		{">=4.0 <4.0.0", "4.0.0", rules.FitsNot},
		{">3.6.13", "3.6.13.2", rules.FitsNot},
		{"<=3.6.13", "3.6.13", rules.Fits},
		{"=3.6.13", "3.6.13.1", rules.Fits},
		{"=3.6.13", "3.6.14", rules.FitsNot},
	} {
		var r rules.Range
		if err := r.UnmarshalText([]byte(c.bounds)); err != nil {
			t.Fatal(err)
		}
		if got := r.Take(c.version); got != c.want {
			t.Errorf("%q in %q: %v, want %v", c.version, c.bounds, got, c.want)
		}
	}
	for _, bounds := range []string{"3.6", "=3.6", ">3.6", ">=x", "~3.6", ">=3"} {
		if err := new(rules.Range).UnmarshalText([]byte(bounds)); err == nil {
			t.Errorf("%q was read", bounds)
		}
	}
}

func TestWhatIsNotSoIsNoRelease(t *testing.T) {
	for _, f := range []rules.Fixed{
		{"3.6": "3.6.13"}, {"4.0": "open"}, {"3.6": "4.0.1", "4.0": "open"}, {"3.6": "soon", "4.0": "open"},
	} {
		if f.Check() == nil {
			t.Errorf("%v was taken", f)
		}
	}
	if err := (rules.Fixed{"3.6": "3.6.13", "4.0": "unaffected", "4.1": "4.1-beta3"}).Check(); err != nil {
		t.Error(err)
	}
}

// Every command that a rule names is one of Juju 3.6.
func TestCommandsOfRulesExist(t *testing.T) {
	commands := []string{
		"add-cloud", "add-secret-backend", "add-user", "config", "consume", "controller-config", "disable-command", "enable-command", "enable-user", "exec",
		"migrate", "model-config", "model-constraints", "refresh", "reload-spaces", "remove-relation", "remove-saas", "remove-secret", "remove-storage", "resolve",
		"run", "secret-backends", "secrets", "set-credential", "show-controller", "show-credential", "show-machine", "show-model", "status", "storage",
		"storage-pools", "suspend-relation", "sync-agent-binary", "update-credential", "upgrade-machine", "upgrade-model", "users",
	}
	command := regexp.MustCompile(`\bjuju ([a-z][a-z-]+)`)
	book, named := rules.All(), 0
	check := func(id, text string) {
		for _, m := range command.FindAllStringSubmatch(text, -1) {
			named++
			if !slices.Contains(commands, m[1]) {
				t.Errorf("%s: no command of Juju: %s", id, m[0])
			}
		}
	}
	for _, r := range slices.Concat(book.Hops, book.Advisories, book.FollowUps) {
		check(r.ID, r.Say)
		check(r.ID, r.Do)
	}
	for _, r := range book.Reasons {
		check(r.ID, r.Say)
		check(r.ID, r.Do)
	}
	if named < 60 {
		t.Errorf("only %d commands are named", named)
	}
}

// claim is what an entry says about the issue that its evidence begins with.
type claim struct {
	entry string
	fixed rules.Fixed
}

// claims returns what the entries say about the releases that fix an issue: the entries with
// evidence that begins with the issue, in "juju/juju#1, fixed by #2; …", or with the issue as their
// id.
func claims(book rules.Book) map[string][]claim {
	issue := regexp.MustCompile(`(?:#|Launchpad )(\d+)`)
	out := map[string][]claim{}
	add := func(id, evidence string, fixed rules.Fixed) {
		if len(fixed) == 0 {
			return
		}
		about, _, _ := strings.Cut(evidence, ";")
		about, _, _ = strings.Cut(about, ":")
		numbers := map[string]bool{}
		for _, m := range issue.FindAllStringSubmatch(id+" "+about, -1) {
			numbers[m[1]] = true
		}
		for number := range numbers {
			out[number] = append(out[number], claim{id, fixed})
		}
	}
	for _, r := range slices.Concat(book.Hops, book.Advisories) {
		add(r.ID, r.Evidence, r.Fixed)
	}
	for _, r := range book.Reasons {
		add(r.ID, r.Evidence, r.Fixed)
	}
	return out
}

// An issue is fixed in the same releases wherever it is named.
func TestAnIssueIsFixedInTheSameReleases(t *testing.T) {
	shared := 0
	for number, all := range claims(rules.All()) {
		for _, c := range all[1:] {
			shared++
			for _, line := range []string{"3.6", "4.0", "4.1"} {
				if first := all[0]; c.fixed[line] != first.fixed[line] {
					t.Errorf("#%s is fixed on %s in %q according to %s, and in %q according to %s", number, line, first.fixed[line], first.entry, c.fixed[line], c.entry)
				}
			}
		}
	}
	if shared < 15 {
		t.Errorf("only %d issues are named twice: is the evidence still read?", shared)
	}
}

// The explanation of a Juju bug names the affected controller and the first fixed release, as the
// rules do.
func TestReasonsWithAFixSayWhoHasTheFault(t *testing.T) {
	upgrade := regexp.MustCompile(`\d+\.\d+\.\d+ or newer`)
	found := 0
	for _, r := range rules.All().Reasons {
		if len(r.Fixed) == 0 {
			if r.Side != "" {
				t.Errorf("%s: the %s has a fault that has no releases", r.ID, r.Side)
			}
			if upgrade.MatchString(r.Do) && !strings.Contains(r.Evidence, "release notes of Juju 2.9") {
				t.Errorf("%s: the remedy names a release, and nothing else does: %s", r.ID, r.Do)
			}
			continue
		}
		found++
		if err := r.Fixed.Check(); err != nil {
			t.Errorf("%s: fixed: %v", r.ID, err)
		}
		if r.Side != rules.OnSource && r.Side != rules.OnTarget {
			t.Errorf("%s: %q is no side of a refusal", r.ID, r.Side)
		}
	}
	if found < 12 {
		t.Errorf("only %d reasons say in which release the fault is fixed", found)
	}
}
