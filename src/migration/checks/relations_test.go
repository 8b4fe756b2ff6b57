package checks_test

import (
	"strings"
	"testing"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/tests/sample"
)

// Models that use each other belong together: the check names the controller on which JIMM
// records the other (juju/juju#19800).
func TestModelsOnBothEndsOfAnOfferAreNamed(t *testing.T) {
	west := facts.Controller{Name: "west", UUID: "w"}
	east := facts.Controller{Name: "east", UUID: "e"}
	cos := facts.Model{UUID: "c", Name: "cos", Owner: "alice@example.com", Recorded: "e"}
	web := facts.Model{UUID: "b", Name: "web", Owner: "bob@example.com", Recorded: "w"}
	for name, c := range map[string]struct {
		id     checks.ID
		change func(*survey.Survey)
		says   []string
		not    string
	}{
		"the offering model is on the target": {checks.Remotes, func(s *survey.Survey) {
			s.Contents.Remotes["prometheus"] = facts.Remote{URL: "alice@example.com/cos.prometheus"}
		}, []string{`prometheus from alice@example.com/cos.prometheus (alice@example.com/cos on "east")`, "#19800", "#20630", "before the migration"}, ""},
		"with the client's name for JIMM": {checks.Remotes, func(s *survey.Survey) {
			s.Contents.Remotes["prometheus"] = facts.Remote{URL: "jaas:alice@example.com/cos.prometheus"}
		}, []string{`(alice@example.com/cos on "east")`}, ""},
		"with the qualifier of Juju 4": {checks.Remotes, func(s *survey.Survey) {
			s.Contents.Remotes["prometheus"] = facts.Remote{URL: "alice-example-com/cos.prometheus"}
		}, []string{`(alice@example.com/cos on "east")`}, ""},
		"it is on the source": {checks.Remotes, func(s *survey.Survey) {
			s.Contents.Remotes["web"] = facts.Remote{URL: "bob@example.com/web.http"}
		}, []string{`(bob@example.com/web on "west")`, "in the same maintenance window, this one before those that have the offers"}, "#20630"},
		"JIMM does not know it": {checks.Remotes, func(s *survey.Survey) {
			s.Contents.Remotes["web"] = facts.Remote{URL: "admin/other.http"}
		}, []string{"web from admin/other.http", "check these relations"}, "#19800"},
		"the consumers are known": {checks.Offers, func(s *survey.Survey) {
			s.Contents.Offers["db"] = facts.Offer{Application: "pg", Total: 2}
			s.Contents.Consumers = map[string][]string{"db": {"b", "x"}}
		}, []string{`offer db of pg has 2 connections, from bob@example.com/web on "west", a model that JIMM does not know, x`, "#19800"}, ""},
		"the consumers are not reported": {checks.Offers, func(s *survey.Survey) {
			s.Contents.Offers["db"] = facts.Offer{Application: "pg", Active: 1}
		}, []string{"offer db of pg has 1 connection"}, "from"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &survey.Survey{
				Controllers: facts.Controllers{east, west}, Models: []facts.Model{cos, web},
				Model: facts.Model{UUID: "m", Name: "prod", Owner: "alice@example.com", Recorded: "w"}, Source: west, Target: east,
			}
			s.Contents.Inventory, s.Contents.Known = sample.Inventory(), true
			c.change(s)
			for _, f := range checks.Run(s, nil) {
				if f.Check != c.id {
					continue
				}
				all := f.Evidence + "; " + f.Remedy
				for _, says := range c.says {
					if f.Level != checks.Warn || !strings.Contains(all, says) {
						t.Errorf("%s: %s", f.Level, all)
					}
				}
				if c.not != "" && strings.Contains(f.Evidence+f.Remedy, c.not) {
					t.Errorf("says %q: %s", c.not, all)
				}
			}
		})
	}
}

// A JIMM that cannot record models on Juju 4 loses them (JIMM of July 2026, recorded).
func TestAModelMovesOutOfJIMMOnlyIfThatIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		source, target string
		moveOut        string
		other          facts.Model // On the target.
		level          checks.Level
	}{
		"Juju 3 to 3":                          {"3.6.14", "3.6.28", "", facts.Model{}, checks.Pass},
		"Juju 3 to 4":                          {"3.6.14", "4.0.15", "", facts.Model{}, checks.Fail},
		"Juju 3 to a beta of 4.1":              {"3.6.14", "4.1-beta2", "", facts.Model{}, checks.Fail},
		"as the user says":                     {"3.6.14", "4.0.15", "m", facts.Model{}, checks.Warn},
		"as the user says of another":          {"3.6.14", "4.0.15", "x", facts.Model{}, checks.Fail},
		"a model is recorded there":            {"3.6.14", "4.0.15", "", facts.Model{UUID: "o", Life: "alive", AgentVersion: "4.0.15"}, checks.Pass},
		"the controller's own is":              {"3.6.14", "4.0.15", "", facts.Model{UUID: "o", Life: "alive", AgentVersion: "4.0.15", IsController: true}, checks.Fail},
		"one is, and cannot be read":           {"3.6.14", "4.0.15", "", facts.Model{UUID: "o"}, checks.Fail},
		"the model is on Juju 4 already":       {"4.0.15", "4.1.0", "", facts.Model{}, checks.Pass},
		"the target's version is not reported": {"3.6.14", "", "", facts.Model{}, checks.Skip},
		"the source's version is not reported": {"", "4.0.15", "", facts.Model{}, checks.Fail},
		"it is recorded there, and was seen":   {"3.6.14", "4.0.15", "", facts.Model{UUID: "m", Life: "alive", AgentVersion: "4.0.15"}, checks.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			west := facts.Controller{Name: "west", UUID: "w", AgentVersion: c.source}
			east := facts.Controller{Name: "east", UUID: "e", AgentVersion: c.target}
			c.other.Recorded = "e"
			s := &survey.Survey{
				Controllers: facts.Controllers{east, west}, Models: []facts.Model{c.other}, Options: survey.Options{MoveOutOfJIMM: c.moveOut},
				Model: facts.Model{UUID: "m", Name: "prod", Owner: "alice@example.com", Recorded: "w"}, Source: west, Target: east,
			}
			for _, f := range checks.Run(s, []checks.ID{checks.JIMMRecords}) {
				if f.Check == checks.JIMMRecords && (f.Level != c.level || f.Ignored || f.Level == checks.Fail && !strings.Contains(f.Remedy, "move-out-of-jimm=m")) {
					t.Errorf("%s: %s; %s", f.Level, f.Evidence, f.Remedy)
				}
			}
		})
	}
}

// Each remedy is about a problem that is there, and a charm of the charm store stays what it is until it is refreshed.
func TestApplicationsAreRemediedByKind(t *testing.T) {
	for name, c := range map[string]struct {
		all     map[string]facts.Application
		remedy  string
		settled bool
	}{
		"removed":    {map[string]facts.Application{"a": {Life: "dying"}}, "wait until what is being removed is gone", false},
		"store":      {map[string]facts.Application{"a": {Charm: "cs:a-1"}}, "refresh the charms from Charmhub (juju refresh --switch)", true},
		"both":       {map[string]facts.Application{"a": {Charm: "cs:a-1"}, "b": {Life: "dying"}}, "wait until what is being removed is gone; refresh the charms from Charmhub (juju refresh --switch)", true},
		"unreadable": {map[string]facts.Application{"a": {Err: "on fire"}}, "find the reason in juju status -m alice@example.com/prod", false},
	} {
		f := checks.Hop{Source: "3.6.14", Target: "3.6.28", Contents: &facts.Inventory{Applications: c.all}}.Applications()
		if f.Check = checks.Applications; f.Remedy != c.remedy || f.Level != checks.Fail || f.Settled() != c.settled {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
