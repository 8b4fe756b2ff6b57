package jaas_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/jaas"
	"jimm-migrator/src/migration/facts"
)

// dryRun asks west for a dry run to east.
func (w world) dryRun(t *testing.T) facts.DryRun {
	t.Helper()
	opened, err := jaas.Connect(t.Context(), w.settings)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	return opened.DryRunner().DryRun(t.Context(), listedAs(t, opened, "west"), listedAs(t, opened, "east"), prod)
}

// A dry run starts nothing, whatever the release of the source and whatever happens on the
// way: the simulated controllers report a violation if a source that would migrate gets
// the request (real-start).
func TestADryRunStartsNothing(t *testing.T) {
	t.Parallel()
	const fault = "faults: [{server: west, method: Controller.InitiateMigration, action: "
	for name, s := range map[string]struct {
		source, target string
		model, fault   string
		account        string // on west; "" is one that works
		during         func(world)
		want           facts.DryRunState
		text           string
		asked          int
		took           time.Duration
	}{
		"3.6 to 3.6":          {source: "3.6.13", target: "3.6.14", want: facts.DryRunAccepted, asked: 1},
		"3.6 to 4.0":          {source: "3.6.28", target: "4.0.15", want: facts.DryRunAccepted, asked: 1},
		"4.0 to 4.1":          {source: "4.0.15", target: "4.1-beta2", want: facts.DryRunAccepted, asked: 1},
		"4.1 to 4.1":          {source: "4.1-beta2", target: "4.1-beta2", want: facts.DryRunAccepted, asked: 1},
		"4.0 to 4.0":          {source: "4.0.15", target: "4.0.15", want: facts.DryRunRefused, text: "target controller is too old to support password-authenticated migration", asked: 1},
		"to an older one":     {source: "3.6.28", target: "3.5.4", want: facts.DryRunRefused, text: "target prechecks failed: ", asked: 1},
		"3.5.4":               {source: "3.5.4", target: "3.6.28", want: facts.DryRunNotSent, text: "Juju 3.5.4 "},
		"3.6.12":              {source: "3.6.12", target: "3.6.28", want: facts.DryRunNotSent, text: "Juju 3.6.12 "},
		"4.0.14":              {source: "4.0.14", target: "4.1.0", want: facts.DryRunNotSent, text: "Juju 4.0.14 "},
		"4.1-beta1":           {source: "4.1-beta1", target: "4.1.0", want: facts.DryRunNotSent, text: "Juju 4.1-beta1 "},
		"a machine is down":   {source: "3.6.28", target: "3.6.28", model: `, machines: [{id: "0", agent-status: down}]`, want: facts.DryRunRefused, text: "source prechecks failed: machine 0 agent not functioning", asked: 1},
		"refused":             {source: "3.6.28", target: "3.6.28", model: ", migrations: [{refuse: 'target prechecks failed: upgrade in progress'}]", want: facts.DryRunRefused, text: "upgrade in progress", asked: 1},
		"a name clash":        {source: "4.1.0", target: "4.1.0", model: "}, {name: prod, uuid: 22222222-1111-4111-8111-111111111111, controller: east, recorded-on: none", want: facts.DryRunAccepted, asked: 1},
		"one runs already":    {source: "3.6.28", target: "3.6.28", model: ", migrations: [{stall: exporting}], migrating-to: east", want: facts.DryRunAccepted, asked: 1},
		"the answer is lost":  {source: "3.6.28", target: "3.6.28", fault: "drop-after", want: facts.DryRunNoAnswer, text: "no connection", asked: 1},
		"the request is lost": {source: "3.6.28", target: "3.6.28", fault: "drop-before", want: facts.DryRunNoAnswer, text: "no connection", asked: 1},
		"no answer":           {source: "3.6.28", target: "3.6.28", fault: "no-answer", want: facts.DryRunNoAnswer, text: "no answer within 2m0s", asked: 1, took: 2 * time.Minute},
		"slow":                {source: "3.6.28", target: "3.6.28", fault: "delay, delay: 100s", want: facts.DryRunAccepted, asked: 1, took: 100 * time.Second},
		"the source is away":  {source: "3.6.28", target: "3.6.28", during: func(w world) { _ = w.Stop("west") }, want: facts.DryRunNotSent, text: "connection refused"},
		"the target is away":  {source: "3.6.28", target: "3.6.28", during: func(w world) { _ = w.Stop("east") }, want: facts.DryRunRefused, text: "connect to target controller: ", asked: 1},
		"not a superuser":     {source: "3.6.28", target: "3.6.28", fault: "refuse, error: {message: permission denied, code: unauthorized access}", want: facts.DryRunNoAnswer, text: "permission denied", asked: 1},
		"no login to the target": {
			source: "3.6.28", target: "3.6.28", model: ", migrations: [{refuse: 'connect to target controller: invalid entity name or password (unauthorized access)', refuse-code: unauthorized access}]",
			want: facts.DryRunNoLogin, text: "invalid entity name or password", asked: 1,
		},
		"the answer repeats the password": {
			source: "3.6.28", target: "3.6.28", model: ", migrations: [{refuse: 'target prechecks failed: password of east is odd'}]",
			want: facts.DryRunRefused, text: "failed: [redacted] is odd", asked: 1,
		},
		"the account is wrong": {source: "3.6.28", target: "3.6.28", account: "east", want: facts.DryRunNotSent, text: "invalid entity name or password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				yaml := "allowed: [dry-run]\ncontrollers: [{name: west, version: " + s.source + "}, {name: east, version: " + s.target + "}]\n" +
					"models: [{name: prod, uuid: " + prod + ", created-here: true" + s.model + "}]\n"
				if s.fault != "" {
					yaml += fault + s.fault + ", times: 1}]\n"
				}
				w := startWorld(t, "2026, mended: true", yaml).withAccounts("west", "east")
				defer w.Close()
				if s.account != "" {
					wrong := w.settings.Controllers["west"]
					wrong.Password = w.settings.Controllers[s.account].Password
					w.settings.Controllers["west"] = wrong
				}
				if s.during != nil {
					s.during(w)
				}
				before, _ := w.Controller("west").Migration(prod)
				began := time.Now()
				got := w.dryRun(t)
				text := got.Refusal.String()
				if got.Err != nil {
					text = got.Err.Error()
				}
				if got.State != s.want || !strings.Contains(text, s.text) || got.MigrationID != "" {
					t.Errorf("got %q %q, want %q %q", got.State, text, s.want, s.text)
				}
				if strings.Contains(text, "password of") {
					t.Errorf("the password is in %q", text)
				}
				if took := time.Since(began); took < s.took || took > s.took+90*time.Second {
					t.Errorf("took %v", took)
				}
				after, _ := w.Controller("west").Migration(prod)
				if asked := w.Count("west", "Controller.InitiateMigration"); after.ID != before.ID || asked != s.asked+min(w.Count("jimm", "JIMM.MigrateModel"), 1) {
					t.Errorf("asked %d times; migration %q, before %q", asked, after.ID, before.ID)
				}
				for _, v := range w.Violations() {
					t.Error(v)
				}
			})
		})
	}
}

// A connection that is lost is made again, perhaps to another server of the controller, or
// after the server was replaced. The release of the server that would get the request decides.
func TestADryRunChecksTheReleaseAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const rest = "}, {name: east, version: 3.6.28}]\nmodels: [{name: prod, uuid: " + prod + ", created-here: true}]\n"
		newer := startWorld(t, "2026", "allowed: [dry-run]\ncontrollers: [{name: west, version: 3.6.28"+rest).withAccounts("west", "east")
		defer newer.Close()
		older := startWorld(t, "2026", "allowed: [dry-run]\ncontrollers: [{name: west, version: 3.6.12"+rest)
		defer older.Close()
		var exchanged atomic.Bool
		now, then := newer.settings.JIMM.DialContext, older.settings.JIMM.DialContext
		newer.settings.JIMM.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if exchanged.Load() {
				return then(ctx, network, address)
			}
			return now(ctx, network, address)
		}
		opened, err := jaas.Connect(t.Context(), newer.settings)
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		west, east := listedAs(t, opened, "west"), listedAs(t, opened, "east")
		ask := func() facts.DryRun {
			return opened.DryRunner().DryRun(t.Context(), west, east, prod)
		}
		if got := ask(); got.State != facts.DryRunAccepted {
			t.Errorf("3.6.28: %+v", got)
		}
		exchanged.Store(true)
		newer.Restart("west")
		synctest.Wait()
		if got := ask(); got.State != facts.DryRunNotSent || !strings.Contains(got.Err.Error(), "3.6.12") {
			t.Errorf("3.6.12: %+v", got)
		}
		for _, w := range []world{newer, older} {
			if m, started := w.Controller("west").Migration(prod); started {
				t.Errorf("a migration has begun: %+v", m)
			}
			for _, v := range w.Violations() {
				t.Error(v)
			}
		}
		if n := older.Count("west", "Controller.InitiateMigration"); n > 0 {
			t.Errorf("3.6.12 was asked %d times", n)
		}
	})
}
