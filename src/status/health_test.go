package status_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/config"
	"jimm-migrator/src/hooks"
	"jimm-migrator/src/status"
	jimmsim "jimm-migrator/tests/sim/jimm"
	"jimm-migrator/tests/unit"
)

const twoModels = `models:
  - {name: prod, controller: west, created-here: true, uuid: ` + unit.ModelA + `}
  - {name: test, controller: west, created-here: true, uuid: ` + unit.ModelB + `}
`

func TestUpdateStatusCountsWhatJIMMHas(t *testing.T) {
	for _, year := range []string{"2024", "2026"} {
		t.Run(year, func(t *testing.T) {
			j := unit.JAAS(t, "version: "+year, twoModels)
			agent := unit.Start(t, charmtest.Options{Config: unit.Config(map[string]any{"jimm-url": j.URL()})})
			unit.Hook(t, agent, "config-changed")
			unit.WantStatus(t, agent, "active", "configured for "+j.URL()+"; run check-access to test it")
			unit.Hook(t, agent, "update-status")
			want := "JIMM v3.1.12 at " + j.URL() + ": 2 controllers, 2 models"
			unit.WantStatus(t, agent, "active", want)
			unit.Hook(t, agent, "config-changed")
			unit.Hook(t, agent, "start")
			unit.WantStatus(t, agent, "active", want)
		})
	}
}

func TestUpdateStatusLogsInOnceAnHourAndOnlyTheLeader(t *testing.T) {
	j := unit.JAAS(t, "version: 2024", twoModels)
	logins := func(want int) {
		t.Helper()
		if api, models := j.Logins(); api != want || models != 0 {
			t.Fatalf("%d logins to JIMM and %d to models, want %d and none", api, models, want)
		}
	}
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(map[string]any{"jimm-url": j.URL()}), NotLeader: true})
	unit.Hook(t, agent, "update-status")
	unit.WantStatus(t, agent, "active", "JIMM v3.1.12 at "+j.URL()+"; run check-access to test it")
	logins(0)
	agent.SetLeader(true)
	for range 3 {
		unit.Hook(t, agent, "update-status")
	}
	logins(1)
	unit.Hook(t, agent, "secret-changed", charmtest.HookDetails{Secret: unit.URI})
	logins(1)
	unit.Hook(t, agent, "update-status")
	logins(2)

	// An hour later it is due again.
	unit.Age(t, agent, 59*time.Minute)
	unit.Hook(t, agent, "update-status")
	logins(2)
	unit.Age(t, agent, time.Hour)
	unit.Hook(t, agent, "update-status")
	logins(3)
}

func TestAPollShowsNothingOfAnotherJIMM(t *testing.T) {
	j := unit.JAAS(t, "version: 2024", twoModels)
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(map[string]any{"jimm-url": j.URL()})})
	unit.Hook(t, agent, "update-status")
	unit.Set(map[string]any{"jimm-url": "wss://other.example.com"})(t, agent)
	unit.WantStatus(t, agent, "active", "configured for wss://other.example.com; run check-access to test it")
}

// JIMM answers with the code of a wrong secret while OpenFGA does not answer (2024, recorded).
func TestUpdateStatusWaitsForOpenFGA(t *testing.T) {
	j := unit.JAAS(t, "version: 2024", twoModels)
	agent := unit.Start(t, charmtest.Options{
		Config:  unit.Config(map[string]any{"jimm-url": j.URL()}),
		Secrets: []charmtest.Secret{{ID: unit.SecretID, Content: map[string]string{"client-id": "helper", "client-secret": unit.Canary}}},
	})
	j.JIMM().OpenFGADown(true)
	unit.Hook(t, agent, "update-status")
	unit.WantStatus(t, agent, "waiting", "waiting for JIMM at "+j.URL()+" to check rights: its OpenFGA does not answer")
}

func TestUpdateStatusShowsWhatIsWrongWithTheAccount(t *testing.T) {
	for year, grant := range map[string]string{
		"2024": "jimmctl auth relation add user-helper@serviceaccount administrator controller-jimm",
		"2026": "juju jaas add-permission user-helper@serviceaccount administrator controller-jimm",
	} {
		t.Run(year, func(t *testing.T) {
			j := unit.JAAS(t, "version: "+year, twoModels)
			agent := unit.Start(t, charmtest.Options{
				Config:  unit.Config(map[string]any{"jimm-url": j.URL()}),
				Secrets: []charmtest.Secret{{ID: unit.SecretID, Content: map[string]string{"client-id": "helper", "client-secret": "wr0ng-" + unit.Canary}}},
			})
			unit.Hook(t, agent, "update-status")
			unit.WantStatus(t, agent, "blocked", `JIMM refuses the service account "helper", or its identity provider does not answer: juju update-secret `+unit.URI+
				" client-id=ID client-secret=SECRET, then juju run jimm-migrator/0 check-access")

			if _, err := agent.UpdateSecret(unit.URI, map[string]string{"client-id": "helper", "client-secret": unit.Canary}); err != nil {
				t.Fatal(err)
			}
			seen(t, agent)
			want := `"helper@serviceaccount" is not a JIMM administrator: ` + grant + ", then juju run jimm-migrator/0 check-access"
			unit.WantStatus(t, agent, "blocked", want)
			unit.Hook(t, agent, "config-changed")
			unit.Hook(t, agent, "update-status")
			unit.WantStatus(t, agent, "blocked", want)

			j.JIMM().Grant(jimmsim.Tuple{Object: "user-helper@serviceaccount", Relation: "administrator", Target: "controller-jimm"})
			seen(t, agent)
			unit.WantStatus(t, agent, "active", "JIMM v3.1.12 at "+j.URL()+": 2 controllers, 2 models")
		})
	}
}

// seen is the effect of the action check-access on the status.
func seen(t *testing.T, agent *charmtest.Agent) {
	t.Helper()
	unit.Act(t, agent, func(ctx context.Context, u config.Unit) error {
		s, err := config.Read(ctx, u)
		if err != nil {
			return err
		}
		client, err := s.Connect(ctx)
		if err == nil {
			defer client.Close()
		}
		_, err = status.LoggedIn(ctx, u, s, client, err)
		return err
	})
}

func TestUpdateStatusSaysThatJIMMDoesNotAnswer(t *testing.T) {
	j := unit.JAAS(t, "version: 2024", twoModels)
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(map[string]any{"jimm-url": j.URL()})})
	unit.Hook(t, agent, "update-status")
	if err := j.Stop("jimm"); err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "update-status")
	unit.WantStatus(t, agent, "waiting", "waiting for JIMM at "+j.URL()+" to answer (connection refused)")
	unit.Hook(t, agent, "config-changed")
	unit.WantStatus(t, agent, "waiting", "waiting for JIMM at "+j.URL()+" to answer (connection refused)")
	if err := j.Resume(t.Context(), "jimm"); err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "update-status")
	unit.WantStatus(t, agent, "active", "JIMM v3.1.12 at "+j.URL()+": 2 controllers, 2 models")
	if api, _ := j.Logins(); api != 1 {
		t.Errorf("%d logins, want 1", api)
	}
}

// TestAnActionThatFindsNoJIMMReportsItOnlyForTheMoment stops JIMM while check-access runs: the next
// observation finds that JIMM is back, and logs in, because no hook has done so since.
func TestAnActionThatFindsNoJIMMReportsItOnlyForTheMoment(t *testing.T) {
	j := unit.JAAS(t, "version: 2024", twoModels)
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(map[string]any{"jimm-url": j.URL()})})
	if err := j.Stop("jimm"); err != nil {
		t.Fatal(err)
	}
	seen(t, agent)
	unit.WantStatus(t, agent, "waiting", "waiting for JIMM at "+j.URL()+" to answer (connection refused)")
	if err := j.Resume(t.Context(), "jimm"); err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "update-status")
	unit.WantStatus(t, agent, "active", "JIMM v3.1.12 at "+j.URL()+": 2 controllers, 2 models")
}

func TestUpdateStatusIsBounded(t *testing.T) {
	// It accepts connections and never answers.
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := "ws://" + l.Addr().String()
	agent := unit.StartWith(t, hooks.Options{}, charmtest.Options{Config: unit.Config(map[string]any{"jimm-url": at})})
	unit.Hook(t, agent, "update-status")
	unit.WantStatus(t, agent, "waiting", "waiting for JIMM at "+at+" to answer (timeout)")
}

func TestUpdateStatusNamesTheServerWithAnUntrustedCertificate(t *testing.T) {
	j := unit.JAAS(t, "version: 2024, tls: true", twoModels)
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(map[string]any{"jimm-url": j.URL()})})
	unit.Hook(t, agent, "update-status")
	unit.WantStatus(t, agent, "blocked", "the authority that signed the certificate of "+j.URL()+" is not trusted: juju config jimm-migrator jimm-ca-certificate=@ca.pem, or juju integrate jimm-migrator:receive-ca-cert CA")
	if err := agent.SetConfig(map[string]any{"jimm-ca-certificate": j.CA()}); err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "config-changed")
	unit.WantStatus(t, agent, "active", "configured for "+j.URL()+"; run check-access to test it")
	unit.Hook(t, agent, "update-status")
	want := "JIMM v3.1.12 at " + j.URL() + ": 2 controllers, 2 models"
	unit.WantStatus(t, agent, "active", want)

	// The other way: a relation provides the authority.
	if err := agent.SetConfig(map[string]any{"jimm-ca-certificate": nil}); err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "update-status")
	if got := agent.Status(); got.Status != "blocked" {
		t.Fatalf("without the authority the status is %+v", got)
	}
	list, err := json.Marshal([]string{j.CA()})
	if err != nil {
		t.Fatal(err)
	}
	id, err := agent.AddRelation(charmtest.Relation{Endpoint: "receive-ca-cert", RemoteApp: "ca", RemoteData: map[string]string{"certificates": string(list), "version": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "receive-ca-cert-relation-changed", charmtest.HookDetails{Relation: id})
	unit.WantStatus(t, agent, "active", "configured for "+j.URL()+"; run check-access to test it")
	unit.Hook(t, agent, "update-status")
	unit.WantStatus(t, agent, "active", want)
	unit.Hook(t, agent, "receive-ca-cert-relation-broken", charmtest.HookDetails{Relation: id})
	unit.WantStatus(t, agent, "active", want)
}

// TestUpdateStatusShowsDrift has a model that its recorded controller does not
// list while it lists another, and one on a controller that does not answer.
func TestUpdateStatusShowsDrift(t *testing.T) {
	j := unit.JAAS(t, "version: 2026", `models:
  - {name: prod, controller: east, recorded-on: west, uuid: `+unit.ModelA+`}
  - {name: test, controller: west, uuid: `+unit.ModelB+`}
  - {name: lone, controller: east}
`)
	if err := j.Stop("east"); err != nil {
		t.Fatal(err)
	}
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(map[string]any{"jimm-url": j.URL()})})
	unit.Hook(t, agent, "update-status")
	unit.WantStatus(t, agent, "active", "JIMM v3.1.12 at "+j.URL()+": 2 controllers, 3 models; 1 model is not on the controller that JIMM records: juju run jimm-migrator/0 locate-model model="+unit.ModelA)
}

// TestTheEndOfDriftIsSeenAtOnce lets an action find the model of the status where it is recorded,
// or record it.
func TestTheEndOfDriftIsSeenAtOnce(t *testing.T) {
	j := unit.JAAS(t, "version: 2026", `models:
  - {name: prod, controller: east, recorded-on: west, uuid: `+unit.ModelA+`}
  - {name: test, controller: west, uuid: `+unit.ModelB+`}
  - {name: more, controller: east, recorded-on: west}
`)
	if err := j.Stop("east"); err != nil {
		t.Fatal(err)
	}
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(map[string]any{"jimm-url": j.URL()})})
	unit.Hook(t, agent, "update-status")
	before := agent.Status().Message
	if !strings.Contains(before, "; 2 models are not on the controllers that JIMM records: juju run jimm-migrator/0 locate-model model=") {
		t.Fatalf("the status is %q", before)
	}
	_, adrift, _ := strings.Cut(before, "locate-model model=")
	end(t, agent, status.Pending{Model: unit.ModelB}) // another one changes nothing
	unit.WantStatus(t, agent, "active", before)
	end(t, agent, status.Pending{Model: adrift})
	left := "JIMM v3.1.12 at " + j.URL() + ": 2 controllers, 3 models; 1 model is not on the controller that JIMM records: juju run --string-args jimm-migrator/0 locate-model model='*'"
	unit.WantStatus(t, agent, "active", left)
	unit.Hook(t, agent, "update-status") // within the hour, so that it does not log in
	unit.WantStatus(t, agent, "active", left)
	unit.Age(t, agent, time.Hour)
	unit.Hook(t, agent, "update-status")
	unit.WantStatus(t, agent, "active", before)
	if api, _ := j.Logins(); api != 2 {
		t.Errorf("%d logins, want 2", api)
	}
}

func TestTheStatusShowsRunningMigrations(t *testing.T) {
	j := unit.JAAS(t, "version: 2026", `models:
  - {name: prod, controller: west, created-here: true, uuid: `+unit.ModelA+`, migrations: [{stall: validating}]}
  - {name: test, controller: west, created-here: true, uuid: `+unit.ModelB+`}
`)
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(map[string]any{"jimm-url": j.URL()})})
	unit.Act(t, agent, func(ctx context.Context, u config.Unit) error {
		s, err := config.Read(ctx, u)
		if err != nil {
			return err
		}
		client, err := s.Connect(ctx)
		if err != nil {
			return err
		}
		defer client.Close()
		_, err = client.MigrateModel(ctx, unit.ModelA, "east")
		return err
	})
	unit.Hook(t, agent, "update-status")
	if got := agent.Status().Message; !regexp.MustCompile(`: 2 controllers, 2 models; 1 migrating at \d\d:\d\d UTC$`).MatchString(got) {
		t.Errorf("the status is %q", got)
	}
	end(t, agent, status.Pending{Model: unit.ModelA})
	unit.WantStatus(t, agent, "active", "JIMM v3.1.12 at "+j.URL()+": 2 controllers, 2 models")
}

func TestAPendingMigrationGoesWhenJIMMHasRecordedIt(t *testing.T) {
	for _, year := range []string{"2024", "2026"} {
		t.Run(year, func(t *testing.T) {
			j := unit.JAAS(t, "version: "+year, `models:
  - {name: prod, controller: east, uuid: `+unit.ModelA+`}
  - {name: test, controller: west, uuid: `+unit.ModelB+`}
`)
			agent := begun(t, unit.Config(map[string]any{"jimm-url": j.URL()}), status.Pending{Model: unit.ModelA, Target: "east"}, status.Pending{Model: unit.ModelB, Target: "east"})
			agent.SetLeader(false)
			unit.Hook(t, agent, "update-status") // logs in to nothing
			agent.SetLeader(true)
			for range 2 { // logs in once an hour
				unit.Hook(t, agent, "update-status")
				unit.WantStatus(t, agent, "blocked", "migration of "+unit.ModelB+" to east was interrupted: "+strings.ReplaceAll(followA, unit.ModelA, unit.ModelB))
			}
			if api, _ := j.Logins(); api != 1 {
				t.Errorf("%d logins, want 1", api)
			}
		})
	}
}

// TestSeveralUnitsOfJIMMAreTriedInTurn relates JIMM with units that refuse, units that are not
// JIMM, and one that works.
func TestSeveralUnitsOfJIMMAreTriedInTurn(t *testing.T) {
	j := unit.JAAS(t, "version: 2024", twoModels)
	at, err := url.Parse(j.URL())
	if err != nil {
		t.Fatal(err)
	}
	other := listenAt(t, "127.0.0.3:"+at.Port(), http.NotFoundHandler())
	agent := unit.Start(t, charmtest.Options{
		Machine: "0", Config: unit.Config(map[string]any{"jimm-url": nil, "jimm-port": at.Port()}),
		Relations: []charmtest.Relation{unit.Info("jimm", map[string]map[string]string{
			"jimm/0": unit.Ingress("127.0.0.2"), // refuses
			"jimm/1": unit.Ingress("127.0.0.3"), // is not JIMM
			"jimm/2": unit.Ingress(at.Hostname()),
		})},
	})
	unit.Hook(t, agent, "update-status")
	unit.WantStatus(t, agent, "active", "JIMM v3.1.12 at "+j.URL()+": 2 controllers, 2 models")
	if other.asked("/api") {
		t.Error("a login was tried where no JIMM answers")
	}
}

func TestWhatIsRelatedMustBeJIMM(t *testing.T) {
	web := listenAt(t, "127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }))
	agent := unit.Start(t, charmtest.Options{
		Machine: "0", Config: unit.Config(map[string]any{"jimm-url": nil, "jimm-port": web.port}),
		Relations: []charmtest.Relation{unit.Info("web", map[string]map[string]string{"web/0": unit.Ingress("127.0.0.1")})},
	})
	unit.Hook(t, agent, "update-status")
	unit.WantStatus(t, agent, "blocked", "web (jimm-info) is related, but the server at ws://127.0.0.1:"+web.port+" is not JIMM: juju remove-relation jimm-migrator:jimm-info web")
	if web.asked("/api") {
		t.Error("a login was tried where no JIMM answers")
	}
}

// TestTheVersionPageMayBeOnThePortInside simulates JIMM's charm of 2026.
func TestTheVersionPageMayBeOnThePortInside(t *testing.T) {
	listenAt(t, "127.0.0.9:9090", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/debug/info" {
			fmt.Fprint(w, `{"Version": "v4.0.0", "GitCommit": "0123456"}`)
		}
	}))
	api := listenAt(t, "127.0.0.9:0", http.NotFoundHandler())
	agent := unit.Start(t, charmtest.Options{
		Machine: "0", NotLeader: true, Config: unit.Config(map[string]any{"jimm-url": nil, "jimm-port": api.port}),
		Relations: []charmtest.Relation{unit.Info("jimm", map[string]map[string]string{"jimm/0": unit.Ingress("127.0.0.9")})},
	})
	unit.Hook(t, agent, "update-status")
	unit.WantStatus(t, agent, "active", "JIMM v4.0.0 at ws://127.0.0.9:"+api.port+"; run check-access to test it")
}

// place is a web server that records its requests.
type place struct {
	port  string
	paths chan string
}

func (p place) asked(path string) bool {
	for {
		select {
		case got := <-p.paths:
			if got == path {
				return true
			}
		default:
			return false
		}
	}
}

// listenAt serves on a loopback address. Not every system has any other than 127.0.0.1.
func listenAt(t *testing.T, address string, handler http.Handler) place {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Skipf("cannot listen on %s here: %v", address, err)
	}
	p := place{paths: make(chan string, 100)}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.paths <- r.URL.Path
		handler.ServeHTTP(w, r)
	}))
	server.Listener.Close()
	server.Listener = l
	server.Start()
	t.Cleanup(server.Close)
	_, p.port, _ = net.SplitHostPort(l.Addr().String())
	return p
}
