package controller_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"jimm-migrator/src/juju"
	"jimm-migrator/tests/sim/controller"
)

// TestOurClientWorksWithEveryVersion makes every call that the charm makes to a controller, against controllers of many
// versions.
func TestOurClientWorksWithEveryVersion(t *testing.T) {
	for _, version := range []string{
		"2.9.46", "3.0.3", "3.1.9", "3.3.5", "3.5.7", "3.6-rc1", "3.6.14", "4.0-beta8", "4.0.5", "4.0.14", "4.1.0",
	} {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				both := between(t, version, "3.6.14")
				both.a.AddRedirect(uuidB, controller.Redirect{
					ControllerTag: "controller-" + uuidB, ControllerAlias: "ctl-b", Addrs: []string{addressB}, CACert: both.ca.PEM(),
					Users: []string{"admin"},
				})
				askAll(t, both, version)
				probeAll(t, both)
			})
		})
	}
}

// options connect to controller A.
func (b *pair) options(model string) juju.Options {
	return juju.Options{
		Addresses: []string{addressA}, CACert: b.ca.PEM(), ModelUUID: model, DialContext: b.network.DialContext, PingInterval: -1,
	}
}

func askAll(t *testing.T, both *pair, version string) {
	t.Helper()
	conn, err := juju.Dial(t.Context(), both.options(""))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	login, err := conn.Login(t.Context(), juju.Credentials{User: "admin", Password: juju.NewSecret("pw")})
	if err != nil || login.ServerVersion != version || login.ControllerUUID() != uuidA {
		t.Fatalf("login %+v, %v", login, err)
	}
	models, err := conn.ModelManager()
	if err != nil {
		t.Fatal(err)
	}
	facade, err := conn.Controller()
	if err != nil {
		t.Fatal(err)
	}
	owner := "alice@external"
	if strings.HasPrefix(version, "4.") {
		owner = "alice-external"
	}
	if info, err := models.ModelInfo(t.Context(), prod); err != nil || info.Owner() != owner || info.Migration != nil || info.AgentVersion != version {
		t.Errorf("info %+v, %v", info, err)
	}
	summaries, err := models.ListModelSummaries(t.Context(), "user-admin", true)
	if err != nil || !slices.ContainsFunc(summaries, func(m juju.ModelSummary) bool { return m.UUID == prod && m.Owner() == owner }) {
		t.Errorf("summaries %+v, %v", summaries, err)
	}
	all, err := facade.AllModels(t.Context())
	if err != nil || !slices.ContainsFunc(all, func(m juju.UserModel) bool { return m.UUID == prod && m.Owner() == owner }) {
		t.Errorf("all models %+v, %v", all, err)
	}
	upgrader, err := conn.ModelUpgrader()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := upgrader.UpgradeModel(t.Context(), prod, version, true); err != nil || got != version {
		t.Errorf("upgrade to %q, %v", got, err)
	}
	for _, refused := range []string{"2.9.1", "9.9.9"} {
		if got, err := upgrader.UpgradeModel(t.Context(), prod, refused, true); err == nil {
			t.Errorf("upgrade to %s: chose %q", refused, got)
		}
	}
	if _, err := models.ModelInfo(t.Context(), nowhere); err == nil {
		t.Error("a model that is not there has an info")
	}
	// A model that has migrated away: ModelInfo says where to up to 3.6.
	_, err = models.ModelInfo(t.Context(), uuidB)
	if _, redirected := juju.AsRedirect(err); redirected == strings.HasPrefix(version, "4.") {
		t.Errorf("a model that has left: ModelInfo %v", err)
	}
}

func probeAll(t *testing.T, both *pair) {
	t.Helper()
	for model, want := range map[string]juju.ProbeResult{
		prod:    {State: juju.ProbeIdle},
		nowhere: {State: juju.ProbeAbsent},
		uuidB:   {State: juju.ProbeRedirected, RedirectUUID: uuidB},
	} {
		if got, err := juju.Probe(t.Context(), both.options(model)); err != nil || got != want {
			t.Errorf("probe of %s: %+v, %v, want %+v", model, got, err, want)
		}
	}
}
