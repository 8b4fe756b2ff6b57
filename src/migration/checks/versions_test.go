package checks_test

import (
	"slices"
	"strings"
	"testing"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/checks/rules"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/tests/sample"
)

// line is a group of releases that migrate alike.
type line string

// releases are all releases that the table is about, in order. Betas stand for all of
// their line.
func releases() []struct {
	line     line
	versions string
} {
	return []struct {
		line     line
		versions string
	}{
		{"2.9 to 35", "2.9.0 2.9.35"},
		{"2.9 to 42", "2.9.36 2.9.42"},
		{"2.9", "2.9.43 2.9.46 2.9.51 2.9.52 2.9.53 2.9.56 2.9.57"},
		{"3.0 to 3.2", "3.0.3 3.1.0 3.1.5 3.1.10 3.2.0 3.2.4"},
		{"3.3 to 3.5", "3.3.0 3.3.7 3.4.0 3.4.6 3.5.0 3.5.4 3.5.7"},
		{"3.6 to 10", "3.6.0 3.6.1 3.6.4 3.6.5 3.6.9 3.6.10"},
		{"3.6 to 21", "3.6.11 3.6.12 3.6.13 3.6.14 3.6.19 3.6.21"},
		{"3.6", "3.6.23 3.6.24 3.6.25 3.6.27 3.6.28 3.6.29"},
		{"4.0 beta", "4.0-beta8"},
		{"4.0.0", "4.0.0"},
		{"4.0 to 5", "4.0.1 4.0.2 4.0.3 4.0.4 4.0.5"},
		{"4.0 to 10", "4.0.6 4.0.7 4.0.8 4.0.9 4.0.10"},
		{"4.0.11", "4.0.11"},
		{"4.0", "4.0.12 4.0.13 4.0.14 4.0.15 4.0.16"},
		{"4.1 beta", "4.1-beta1 4.1-beta2 4.1-beta3 4.1-rc1"},
		{"4.1", "4.1.0 4.1.1"},
	}
}

// verdicts returns what Juju does with a model between two release lines if the target is not
// older: the rules that forbid the migration, or with "warn" the rules that warn, or "" for
// neither.
func verdicts() map[line]map[line]string {
	const no4, old36 = "juju4-from-36-only", "juju4-source-facades"
	return map[line]map[line]string{
		"2.9 to 35": {
			"3.0 to 3.2": "model-floor-30", "3.3 to 3.5": "model-floor-33", "3.6 to 10": "model-floor-33", "3.6 to 21": "model-floor-33", "3.6": "model-floor-33",
			"4.0 beta": "juju4-beta-target model-floor-33 " + no4, "4.0.0": "juju400-imports-nothing model-floor-33 " + no4,
			"4.0 to 5": "model-floor-33 " + no4, "4.0 to 10": "model-floor-33 " + no4, "4.0.11": "model-floor-33 " + no4, "4.0": "model-floor-33 " + no4, "4.1 beta": "model-floor-33 " + no4, "4.1": "model-floor-33 " + no4,
		},
		"2.9 to 42": {
			"3.3 to 3.5": "model-floor-33", "3.6 to 10": "model-floor-33", "3.6 to 21": "model-floor-33", "3.6": "model-floor-33",
			"4.0 beta": "juju4-beta-target model-floor-33 " + no4, "4.0.0": "juju400-imports-nothing model-floor-33 " + no4,
			"4.0 to 5": "model-floor-33 " + no4, "4.0 to 10": "model-floor-33 " + no4, "4.0.11": "model-floor-33 " + no4, "4.0": "model-floor-33 " + no4, "4.1 beta": "model-floor-33 " + no4, "4.1": "model-floor-33 " + no4,
		},
		"2.9":        {"4.0 beta": "juju4-beta-target " + no4, "4.0.0": "juju400-imports-nothing " + no4, "4.0 to 5": no4, "4.0 to 10": no4, "4.0.11": no4, "4.0": no4, "4.1 beta": no4, "4.1": no4},
		"3.0 to 3.2": {"4.0 beta": "juju4-beta-target " + no4, "4.0.0": "juju400-imports-nothing " + no4, "4.0 to 5": no4, "4.0 to 10": no4, "4.0.11": no4, "4.0": no4, "4.1 beta": no4, "4.1": no4},
		"3.3 to 3.5": {"4.0 beta": "juju4-beta-target " + no4, "4.0.0": "juju400-imports-nothing " + no4, "4.0 to 5": no4, "4.0 to 10": no4, "4.0.11": no4, "4.0": no4, "4.1 beta": no4, "4.1": no4},
		"3.6 to 10": {
			"4.0 beta": "juju4-beta-target", "4.0.0": "juju400-imports-nothing", "4.0 to 5": old36, "4.0 to 10": old36, "4.0.11": old36, "4.0": old36, "4.1 beta": old36, "4.1": old36,
		},
		"3.6 to 21": {
			"4.0 beta": "juju4-beta-target", "4.0.0": "juju400-imports-nothing", "4.0 to 5": "warn juju4-external-users juju4-early juju4-limits", "4.0 to 10": "warn juju4-external-users juju4-early juju4-limits", "4.0.11": "warn juju4-early juju4-limits",
			"4.0": "warn juju4-limits", "4.1 beta": "warn juju41-beta juju4-limits", "4.1": "warn juju4-limits",
		},
		"3.6": {
			"4.0 beta": "juju4-beta-target", "4.0.0": "juju400-imports-nothing", "4.0 to 5": "juju4-format-machines", "4.0 to 10": "warn juju4-external-users juju4-early juju4-limits", "4.0.11": "warn juju4-early juju4-limits",
			"4.0": "warn juju4-limits", "4.1 beta": "warn juju41-beta juju4-limits", "4.1": "warn juju4-limits",
		},
		"4.0 beta": {
			"4.0 beta": "juju4-beta-source juju4-beta-target", "4.0.0": "juju4-beta-source juju400-imports-nothing",
			"4.0 to 5": "juju4-beta-source", "4.0 to 10": "juju4-beta-source", "4.0.11": "juju4-beta-source", "4.0": "juju4-beta-source", "4.1 beta": "juju4-beta-source", "4.1": "juju4-beta-source",
		},
		"4.0.0":     {"4.0.0": "juju400-imports-nothing juju40-to-40", "4.0 to 5": "juju40-to-40", "4.0 to 10": "juju40-to-40", "4.0.11": "juju40-to-40", "4.0": "juju40-to-40", "4.1 beta": "juju40-old-export", "4.1": "juju40-old-export"},
		"4.0 to 5":  {"4.0 to 5": "juju40-to-40", "4.0 to 10": "juju40-to-40", "4.0.11": "juju40-to-40", "4.0": "juju40-to-40", "4.1 beta": "juju40-old-export", "4.1": "juju40-old-export"},
		"4.0 to 10": {"4.0 to 10": "juju40-to-40", "4.0.11": "juju40-to-40", "4.0": "juju40-to-40", "4.1 beta": "juju40-old-export", "4.1": "juju40-old-export"},
		"4.0.11":    {"4.0.11": "juju40-to-40", "4.0": "juju40-to-40", "4.1 beta": "juju40-old-export", "4.1": "juju40-old-export"},
		"4.0":       {"4.0": "juju40-to-40", "4.1 beta": "warn juju41-beta"},
		"4.1 beta":  {"4.1 beta": "warn juju41-beta juju41-beta-source", "4.1": "warn juju41-beta-source"},
		"4.1":       {},
	}
}

// Every pair of releases has one verdict, and the rule that it follows from.
func TestEveryPairOfVersions(t *testing.T) {
	type release struct {
		line    line
		version string
	}
	var all []release
	for _, r := range releases() {
		for version := range strings.FieldsSeq(r.versions) {
			all = append(all, release{r.line, version})
		}
	}
	table := verdicts()
	for s, source := range all {
		for x, target := range all {
			i := sample.Inventory()
			i.AgentVersion = source.version
			m := checks.Hop{Source: source.version, Target: target.version, Model: source.version, Type: "iaas", CloudType: "lxd", Contents: &i}
			name := source.version + " to " + target.version
			if older := m.Versions(); x < s {
				if older.Level != checks.Fail || !strings.Contains(older.Evidence, "older than") || older.Remedy == "" {
					t.Errorf("%s: %s, %s", name, older.Level, older.Evidence)
				}
				continue
			} else if older.Level != checks.Pass {
				t.Errorf("%s: %s, %s", name, older.Level, older.Evidence)
			}
			want, warns := strings.CutPrefix(table[source.line][target.line], "warn ")
			level := checks.Pass
			switch {
			case warns:
				level = checks.Warn
			case want != "":
				level = checks.Fail
			}
			f := m.VersionHop()
			if f.Level != level || (f.Level != checks.Pass) != (f.Remedy != "") {
				t.Errorf("%s: %s, %s (%s), want %s by %q", name, f.Level, f.Evidence, f.Remedy, level, want)
			}
			if got := hops(m, level); strings.Join(got, " ") != want {
				t.Errorf("%s: %v, want %q", name, got, want)
			}
		}
	}
}

// hops names the rules of a level that are about the migration.
func hops(m checks.Hop, level checks.Level) []string {
	var out []string
	f := m.Facts()
	for _, r := range rules.All().Hops {
		if r.Match(f) == rules.Fits && r.Level == string(level) {
			out = append(out, r.ID)
		}
	}
	return out
}

// A rule follows from an issue, the notes of a release, Juju's documentation, its
// sources, or a recording.
func TestEveryRuleHasASource(t *testing.T) {
	sources := []string{"juju/juju#", "Launchpad ", "release notes of Juju", "recorded on ", "Juju's ", "of Juju ", "JIMM"}
	book := rules.All()
	for _, r := range slices.Concat(book.Hops, book.Advisories, book.FollowUps) {
		if !slices.ContainsFunc(sources, func(s string) bool { return strings.Contains(r.Evidence, s) }) {
			t.Errorf("%s has no source: %s", r.ID, r.Evidence)
		}
	}
	for _, r := range book.Reasons {
		if !slices.ContainsFunc(sources, func(s string) bool { return strings.Contains(r.Evidence, s) }) {
			t.Errorf("%s has no source: %s", r.ID, r.Evidence)
		}
	}
}

// A target takes no model of a later build of its own release (recorded on 3.5.4).
func TestAModelOfALaterBuildIsNewerThanItsTarget(t *testing.T) {
	for versions, want := range map[[2]string]checks.Level{
		{"3.5.4", "3.5.4.1"}: checks.Fail, {"3.5.4.1", "3.5.4.2"}: checks.Fail,
		{"4.1-beta2", "4.1-beta2.1"}: checks.Fail, {"4.1-beta2.1", "4.1-beta2.2"}: checks.Fail, {"4.1-beta3", "4.1-beta2.9"}: checks.Pass,
		{"4.1-beta2.1", "4.1-beta2"}: checks.Pass, {"4.1-beta2", "4.1-beta2"}: checks.Pass,
		{"3.5.4.1", "3.5.4"}: checks.Pass, {"3.5.4.1", "3.5.4.1"}: checks.Pass, {"3.5.5", "3.5.4.1"}: checks.Pass,
	} {
		s := &survey.Survey{Target: facts.Controller{Name: "east", UUID: "e", AgentVersion: versions[0]}, Source: facts.Controller{Name: "west", UUID: "w", AgentVersion: "3.5.4"}}
		s.Controllers = facts.Controllers{s.Target, s.Source}
		s.Model = facts.Model{UUID: "m", Name: "prod", AgentVersion: versions[1], Recorded: "w"}
		for _, f := range checks.Run(s, nil) {
			if f.Check == checks.Versions && f.Level != want {
				t.Errorf("a model of %s to %s: %s (%s), want %s", versions[1], versions[0], f.Level, f.Evidence, want)
			}
		}
	}
}
