package status_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/config"
	"jimm-migrator/src/status"
	"jimm-migrator/tests/sim"
	simjimm "jimm-migrator/tests/sim/jimm"
	"jimm-migrator/tests/unit"
)

// cordoned is a JAAS in which the controller east has the mark, and a unit that has logged in to
// it.
func cordoned(t *testing.T, east string) (*sim.JAAS, *charmtest.Agent) {
	t.Helper()
	j := unit.World(t, `jimm: {version: 2026, release: v3.1.12, service-accounts: [{id: migrator, secret: `+unit.Canary+`, administrator: true}]}
controllers: [{name: west}, {name: east, `+east+`}]
`)
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(map[string]any{"jimm-url": j.URL()})})
	unit.Hook(t, agent, "update-status")
	return j, agent
}

// updateLater makes update-status log in again.
func updateLater(t *testing.T, agent *charmtest.Agent) {
	t.Helper()
	unit.Age(t, agent, time.Hour)
	unit.Hook(t, agent, "update-status")
}

func TestTheStatusNamesALongCordon(t *testing.T) {
	since := time.Now().UTC().Add(-25 * time.Hour).Format("2006-01-02 15:04")
	j, agent := cordoned(t, "status: deprecated, cordoned-for: 25h")
	plain := "JIMM v3.1.12 at " + j.URL() + ": 2 controllers, 0 models"
	want := plain + "; east has been cordoned since " + since + " UTC: juju run jimm-migrator/0 uncordon-controller controller=east"
	wantSoon := func(message string) {
		t.Helper()
		// The minute may have changed since.
		next := strings.Replace(message, since, time.Now().UTC().Add(-25*time.Hour).Format("2006-01-02 15:04"), 1)
		if got := agent.Status(); got.Status != "active" || got.Message != message && got.Message != next {
			t.Errorf("status is %s: %s\nwant %s", got.Status, got.Message, message)
		}
	}
	wantSoon(want)
	// A known cordon stays when a hook makes no call, and when the secret changes.
	unit.Hook(t, agent, "config-changed")
	wantSoon(want)
	unit.Hook(t, agent, "secret-changed", charmtest.HookDetails{Secret: unit.URI})
	unit.Hook(t, agent, "update-status")
	wantSoon(want)
	// An action has removed the mark.
	unit.Act(t, agent, func(ctx context.Context, u config.Unit) error {
		s, err := config.Read(ctx, u)
		if err != nil {
			return err
		}
		return status.Uncordoned(ctx, u, s, "east")
	})
	unit.WantStatus(t, agent, "active", plain)
}

// TestAShortCordonIsNotNamed has a cordon with a beginning that no log shows: its age is not known
// until it has been seen for a day.
func TestAShortCordonIsNotNamed(t *testing.T) {
	for _, east := range []string{"status: deprecated, cordoned-for: 23h", "status: deprecated", "status: unavailable", "status: available"} {
		j, agent := cordoned(t, east)
		unit.WantStatus(t, agent, "active", "JIMM v3.1.12 at "+j.URL()+": 2 controllers, 0 models")
	}
}

// TestTheAgeOfACordonOutlivesTheLog has a cordon that the log no longer shows: the unit's own
// observations give its minimum age.
func TestTheAgeOfACordonOutlivesTheLog(t *testing.T) {
	j, agent := cordoned(t, "status: deprecated")
	seen := time.Now().UTC().Add(-49 * time.Hour).Truncate(time.Second)
	unit.Remember(t, agent, func(health map[string]any) {
		list, _ := health["cordons"].(map[string]any)["list"].(map[string]any)
		for _, mark := range list {
			mark.(map[string]any)["since"] = seen.Format(time.RFC3339)
		}
	})
	plain := "JIMM v3.1.12 at " + j.URL() + ": 2 controllers, 0 models"
	want := plain + "; east has been cordoned since " + seen.Format("2006-01-02 15:04") + " UTC or earlier: juju run jimm-migrator/0 uncordon-controller controller=east"
	updateLater(t, agent)
	unit.WantStatus(t, agent, "active", want)

	// While JIMM does not reach the controller, it does not show the mark.
	row := j.JIMM().Controllers()[slices.IndexFunc(j.JIMM().Controllers(), func(c simjimm.Controller) bool { return c.Name == "east" })]
	row.UnavailableSince = time.Now()
	j.JIMM().SetController(row)
	updateLater(t, agent)
	unit.WantStatus(t, agent, "active", plain)
	row.UnavailableSince = time.Time{}
	j.JIMM().SetController(row)
	updateLater(t, agent)
	unit.WantStatus(t, agent, "active", want)

	// The mark was removed and set again unobserved: the log shows that it is younger.
	j.JIMM().LogPast(time.Now().Add(-30*time.Hour), "SetControllerDeprecated", `{"name":"east","deprecated":false}`)
	updateLater(t, agent)
	unit.WantStatus(t, agent, "active", plain)
}

// TestTheAgeOfACordonIsByOneClock has a JIMM with a clock far behind the unit's: a mark set an hour
// ago by JIMM's own clock is an hour old.
func TestTheAgeOfACordonIsByOneClock(t *testing.T) {
	const behind = 30 * time.Hour
	j := unit.World(t, `jimm: {version: 2026, release: v3.1.12, skew: -30h, service-accounts: [{id: migrator, secret: `+unit.Canary+`, administrator: true}]}
controllers: [{name: west}, {name: east, status: deprecated}]
`)
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(map[string]any{"jimm-url": j.URL()})})
	unit.Hook(t, agent, "update-status")
	for logged, want := range map[bool]string{true: "", false: "; east has been cordoned since "} {
		unit.Remember(t, agent, func(health map[string]any) {
			list, _ := health["cordons"].(map[string]any)["list"].(map[string]any)
			for _, mark := range list {
				mark.(map[string]any)["since"] = time.Now().UTC().Add(-behind - time.Hour).Format(time.RFC3339)
				mark.(map[string]any)["logged"] = logged
			}
		})
		updateLater(t, agent)
		plain := "JIMM v3.1.12 at " + j.URL() + ": 2 controllers, 0 models"
		if got := agent.Status().Message; !strings.HasPrefix(got, plain+want) || want == "" && got != plain {
			t.Errorf("logged %v: %s", logged, got)
		}
	}
}
