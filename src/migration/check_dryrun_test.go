package migration_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// dryRunner gives the same answer to every dry run.
type dryRunner struct {
	answer facts.DryRun
	asked  []string
}

func (d *dryRunner) DryRun(_ context.Context, source, target facts.Controller, model string) facts.DryRun {
	d.asked = append(d.asked, source.Name+" to "+target.Name+" of "+model)
	return d.answer
}

// checkDryRun runs the checks, and then a whole migration, with a dry run if there is a dry runner.
func checkDryRun(t *testing.T, completes bool, change func(*staff), d *dryRunner, ignore ...checks.ID) (check, run migration.Result, starts int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		for _, res := range []*migration.Result{&check, &run} {
			s := newStaff(completes)
			if change != nil {
				change(s)
			}
			jaas := s.jaas()
			if d != nil {
				jaas.DryRunner = d
			}
			opts := migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}, Ignore: ignore}
			var err error
			if res == &check {
				*res, err = migration.Check(t.Context(), jaas, opts)
			} else {
				*res, err = migration.Migrate(t.Context(), jaas, s, opts)
			}
			if err != nil {
				t.Fatal(err)
			}
			starts = s.starts
		}
	})
	return check, run, starts
}

func dryRunFinding(r migration.Result) (checks.Finding, bool) {
	i := slices.IndexFunc(r.Findings, func(f checks.Finding) bool { return f.Check == checks.ServerDryRun })
	if i < 0 {
		return checks.Finding{}, false
	}
	return r.Findings[i], true
}

// The answer of the source is judged. Only a refusal, or a migration that it started, forbids a
// migration.
func TestCheckOfADryRun(t *testing.T) {
	t.Parallel()
	const released = "target prechecks failed: model is being migrated out of target controller"
	for name, c := range map[string]struct {
		answer facts.DryRun
		ignore []checks.ID
		level  checks.Level
		says   string
		starts int
		retry  bool
	}{
		"accepted": {answer: facts.DryRun{State: facts.DryRunAccepted}, level: checks.Pass, says: `"west" reports after a dry run that it and "east" would accept`, starts: 1, retry: true},
		"refused permanently": {
			answer: facts.DryRun{State: facts.DryRunRefused, Refusal: "target prechecks failed: all charms now require a manifest.yaml file"},
			level:  checks.Fail, says: "require a manifest.yaml file; Juju 4 does not accept a model with this setting or charm; change what the message names first",
		},
		"refused for a while":             {answer: facts.DryRun{State: facts.DryRunRefused, Refusal: released}, level: checks.Fail, says: "being migrated out of target controller; ", retry: true},
		"refused in words of a new Juju":  {answer: facts.DryRun{State: facts.DryRunRefused, Refusal: "no such\nthing"}, level: checks.Fail, says: "would not start: no such thing", retry: true},
		"refused, with a secret in words": {answer: facts.DryRun{State: facts.DryRunRefused, Refusal: "credential attribute mismatch: map[secret:x] != map[secret:y]"}, level: checks.Fail, says: "[redacted]"},
		"refused and accepted":            {answer: facts.DryRun{State: facts.DryRunRefused, Refusal: released}, ignore: []checks.ID{checks.ServerDryRun}, level: checks.Fail, says: "migrated out", starts: 1, retry: true},
		"not honoured":                    {answer: facts.DryRun{State: facts.DryRunNotSent, Err: errors.New("Juju 3.6.12 is not known")}, level: checks.Skip, says: `"west" was not asked for a dry run: Juju 3.6.12`, starts: 1, retry: true},
		"no answer":                       {answer: facts.DryRun{State: facts.DryRunNoAnswer, Err: errors.New("no answer within 2m0s")}, level: checks.Skip, says: `"west" did not answer the request for a dry run, which starts nothing: no answer within 2m0s`, starts: 1, retry: true},
		"no login to the target":          {answer: facts.DryRun{State: facts.DryRunNoLogin, Err: errors.New("invalid entity name")}, level: checks.Skip, says: `"west" could not log in to "east" with the account "admin"`, starts: 1, retry: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, completes := range []bool{false, true} {
				d := &dryRunner{answer: c.answer}
				check, run, starts := checkDryRun(t, completes, nil, d, c.ignore...)
				for _, r := range []migration.Result{check, run} {
					f, there := dryRunFinding(r)
					if text := f.Evidence + "; " + f.Remedy; !there || f.Level != c.level || !strings.Contains(text, c.says) {
						t.Errorf("got %s: %s", f.Level, text)
					}
				}
				if want := slices.Repeat([]string{"west to east of " + modelUUID}, 2); !slices.Equal(d.asked, want) {
					t.Errorf("asked %q", d.asked)
				}
				if starts != c.starts || check.RetrySafe() != c.retry || (check.Outcome == facts.ChecksPassed) != (c.starts == 1) || (run.Outcome == facts.Migrated) != (c.starts == 1) {
					t.Errorf("%s and %s, %d starts, again: %v", check.Outcome, run.Outcome, starts, check.RetrySafe())
				}
			}
		})
	}
}

// Without the user's request there is no such check and no dry run.
func TestNoDryRunIsRequestedByDefault(t *testing.T) {
	t.Parallel()
	check, run, starts := checkDryRun(t, true, nil, nil)
	for _, r := range []migration.Result{check, run} {
		if f, there := dryRunFinding(r); there {
			t.Errorf("found %+v", f)
		}
	}
	if starts != 1 {
		t.Errorf("%s, %s", check.Outcome, run.Outcome)
	}
}

// The source gets the password of the target only if the dry run can show something: if there are
// accounts on both controllers and no other check forbids the start.
func TestADryRunIsTheLastQuestion(t *testing.T) {
	t.Parallel()
	account := func(name string, state facts.AccountState) func(*staff) {
		return func(s *staff) { s.access[name] = facts.Account{State: state, User: "admin"} }
	}
	for name, c := range map[string]struct {
		change func(*staff)
		says   string
	}{
		"no account on the source":        {account("west", facts.AccountNone), `needs an account on "west" too`},
		"no account on the target":        {account("east", facts.AccountNone), `needs an account on "east"`},
		"the source's account is refused": {account("west", facts.AccountRefused), `the account on "west" does not work`},
		"the target's is too weak":        {account("east", facts.AccountWeak), `the account on "east" does not work`},
		"another check fails":             {func(s *staff) { s.clouds = map[string][]string{} }, "another check forbids the start"},
		"the target refuses the model":    {func(s *staff) { s.prechecks.Refusal = "upgrade in progress" }, "another check forbids the start"},
		"the model is migrating":          {func(s *staff) { s.running("east", true) }, "a migration is running"},
		"a migration may be about to begin": {func(s *staff) {
			s.requests = []facts.Request{{Kind: facts.RequestMigrate, Target: "east", At: time.Now().Add(-time.Second)}}
		}, "a migration is running, is about to begin"},
		"it is there already": {func(s *staff) { s.record = east().UUID }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, completes := range []bool{false, true} {
				d := &dryRunner{answer: facts.DryRun{State: facts.DryRunStarted, MigrationID: "x"}}
				check, _, _ := checkDryRun(t, completes, c.change, d)
				f, there := dryRunFinding(check)
				if !there || f.Level != checks.Skip || !strings.Contains(f.Evidence, c.says) || len(d.asked) > 0 {
					t.Errorf("asked %q: %s: %s", d.asked, f.Level, f.Evidence)
				}
			}
		})
	}
}

// If a source starts a migration although it was asked for a dry run, the action reports this even
// if checks are ignored, and starts nothing more.
func TestADryRunThatStartsIsSaid(t *testing.T) {
	t.Parallel()
	for _, completes := range []bool{false, true} {
		d := &dryRunner{answer: facts.DryRun{State: facts.DryRunStarted, MigrationID: "9e0a:4"}}
		check, run, starts := checkDryRun(t, completes, nil, d, checks.ServerDryRun)
		for _, r := range []migration.Result{check, run} {
			f, _ := dryRunFinding(r)
			if r.Outcome != facts.Unknown || r.Cause != facts.CauseDryRunStarted || r.MigrationID != "9e0a:4" || !r.Running || r.RetrySafe() ||
				f.Level != checks.Fail || !strings.Contains(f.Evidence, `started migration "9e0a:4"`) || !strings.Contains(r.Next, "migration-status model="+modelUUID+" follow=true") {
				t.Errorf("got %+v, %+v", r, f)
			}
		}
		if starts > 0 {
			t.Error("another migration was requested")
		}
	}
}

// The target's own answer is judged like the text of a refused migration: the same command can
// succeed later only if the obstacle goes away by itself.
func TestARefusalOfTheTargetLastsAsItsWordsSay(t *testing.T) {
	t.Parallel()
	for words, retry := range map[redact.Raw]bool{
		"upgrade in progress":                                                     true,
		"model is being migrated out of target controller":                        true,
		"model must be upgraded to at least version 2.9.43 before being migrated": false,
	} {
		check, run, starts := checkDryRun(t, true, func(s *staff) { s.prechecks.Refusal = words }, nil)
		if check.Outcome != facts.Refused || check.RetrySafe() != retry || run.RetrySafe() != retry || starts > 0 {
			t.Errorf("%s: %s, again: %v and %v", words, check.Outcome, check.RetrySafe(), run.RetrySafe())
		}
	}
}
