package operator_test

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
	"jimm-migrator/src/operator"
	"jimm-migrator/tests/sim"
	jimmsim "jimm-migrator/tests/sim/jimm"
)

// world starts a simulated JAAS on loopback.
func world(t *testing.T, jimm, rest string) *sim.JAAS {
	t.Helper()
	w, err := sim.Load([]byte("jimm: {" + jimm + `, release: v3.1.12, service-accounts: [{id: migrator, secret: ` + canary + `, administrator: true}, {id: helper, secret: ` + canary + `}]}
controllers: [{name: west}, {name: east}]
` + rest))
	if err != nil {
		t.Fatal(err)
	}
	j, err := sim.Start(t.Context(), w, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if v := j.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
		j.Close()
	})
	return j
}

const twoModels = `models:
  - {name: prod, controller: west, created-here: true, uuid: ` + modelA + `}
  - {name: test, controller: west, created-here: true, uuid: ` + modelB + `}
`

func TestUpdateStatusTellsWhatJIMMHolds(t *testing.T) {
	for _, year := range []string{"2024", "2026"} {
		t.Run(year, func(t *testing.T) {
			j := world(t, "version: "+year, twoModels)
			agent := start(t, charmtest.Options{Config: config(map[string]any{"jimm-url": j.URL()})})
			hook(t, agent, "config-changed")
			wantStatus(t, agent, "active", "configured for "+j.URL()+"; run the action check-access to try it")
			hook(t, agent, "update-status")
			want := "JIMM v3.1.12 at " + j.URL() + ": 2 controllers, 2 models"
			wantStatus(t, agent, "active", want)
			hook(t, agent, "config-changed")
			hook(t, agent, "start")
			wantStatus(t, agent, "active", want)
		})
	}
}

func TestUpdateStatusLogsInOnceAnHourAndOnlyTheLeader(t *testing.T) {
	j := world(t, "version: 2024", twoModels)
	logins := func(want int) {
		t.Helper()
		if api, models := j.Logins(); api != want || models != 0 {
			t.Fatalf("%d logins to JIMM and %d to models, want %d and none", api, models, want)
		}
	}
	agent := start(t, charmtest.Options{Config: config(map[string]any{"jimm-url": j.URL()}), NotLeader: true})
	hook(t, agent, "update-status")
	wantStatus(t, agent, "active", "JIMM v3.1.12 at "+j.URL()+"; run the action check-access to try it")
	logins(0)
	agent.SetLeader(true)
	for range 3 {
		hook(t, agent, "update-status")
	}
	logins(1)
	hook(t, agent, "secret-changed", charmtest.HookDetails{Secret: uri})
	logins(1)
	hook(t, agent, "update-status")
	logins(2)

	// An hour later it is due again.
	age(t, agent, 59*time.Minute)
	hook(t, agent, "update-status")
	logins(2)
	age(t, agent, time.Hour)
	hook(t, agent, "update-status")
	logins(3)
}

func TestALookTellsNothingOfAnotherJIMM(t *testing.T) {
	j := world(t, "version: 2024", twoModels)
	agent := start(t, charmtest.Options{Config: config(map[string]any{"jimm-url": j.URL()})})
	hook(t, agent, "update-status")
	set(map[string]any{"jimm-url": "wss://other.example.com"})(t, agent)
	wantStatus(t, agent, "active", "configured for wss://other.example.com; run the action check-access to try it")
}

// age makes the last look that much older.
func age(t *testing.T, agent *charmtest.Agent, by time.Duration) {
	t.Helper()
	act(t, agent, func(ctx context.Context, u operator.Unit) error {
		state, err := u.State(ctx)
		if err != nil {
			return err
		}
		var look map[string]any
		if err := json.Unmarshal([]byte(state["look"]), &look); err != nil {
			return err
		}
		look["at"] = time.Now().UTC().Add(-by).Format(time.RFC3339)
		raw, err := json.Marshal(look)
		if err != nil {
			return err
		}
		return u.SetState(ctx, map[string]string{"look": string(raw)})
	})
}

func TestUpdateStatusShowsWhatIsWrongWithTheAccount(t *testing.T) {
	for year, grant := range map[string]string{
		"2024": "jimmctl auth relation add user-helper@serviceaccount administrator controller-jimm",
		"2026": "juju jaas add-permission user-helper@serviceaccount administrator controller-jimm",
	} {
		t.Run(year, func(t *testing.T) {
			j := world(t, "version: "+year, twoModels)
			agent := start(t, charmtest.Options{
				Config:  config(map[string]any{"jimm-url": j.URL()}),
				Secrets: []charmtest.Secret{{ID: secretID, Content: map[string]string{"client-id": "helper", "client-secret": "wr0ng-" + canary}}},
			})
			hook(t, agent, "update-status")
			wantStatus(t, agent, "blocked", `JIMM refuses the service account "helper", or its identity provider does not answer: juju update-secret `+uri+
				" client-id=ID client-secret=SECRET, then juju run jimm-migrator/0 check-access")

			if _, err := agent.UpdateSecret(uri, map[string]string{"client-id": "helper", "client-secret": canary}); err != nil {
				t.Fatal(err)
			}
			seen(t, agent)
			want := `"helper@serviceaccount" is not a JIMM administrator: ` + grant + ", then juju run jimm-migrator/0 check-access"
			wantStatus(t, agent, "blocked", want)
			hook(t, agent, "config-changed")
			hook(t, agent, "update-status")
			wantStatus(t, agent, "blocked", want)

			j.JIMM().Grant(jimmsim.Tuple{Object: "user-helper@serviceaccount", Relation: "administrator", Target: "controller-jimm"})
			seen(t, agent)
			wantStatus(t, agent, "active", "JIMM v3.1.12 at "+j.URL()+": 2 controllers, 2 models")
		})
	}
}

// seen is what the action check-access does for the status.
func seen(t *testing.T, agent *charmtest.Agent) {
	t.Helper()
	act(t, agent, func(ctx context.Context, u operator.Unit) error {
		s, err := operator.Read(ctx, u)
		if err != nil {
			return err
		}
		client, err := s.Connect(ctx)
		if err == nil {
			defer client.Close()
		}
		_, err = operator.Seen(ctx, u, s, client, err)
		return err
	})
}

func TestUpdateStatusSaysThatJIMMDoesNotAnswer(t *testing.T) {
	j := world(t, "version: 2024", twoModels)
	agent := start(t, charmtest.Options{Config: config(map[string]any{"jimm-url": j.URL()})})
	hook(t, agent, "update-status")
	if err := j.Stop("jimm"); err != nil {
		t.Fatal(err)
	}
	hook(t, agent, "update-status")
	wantStatus(t, agent, "waiting", "waiting for JIMM at "+j.URL()+" to answer (connection refused)")
	hook(t, agent, "config-changed")
	wantStatus(t, agent, "waiting", "waiting for JIMM at "+j.URL()+" to answer (connection refused)")
	if err := j.Resume(t.Context(), "jimm"); err != nil {
		t.Fatal(err)
	}
	hook(t, agent, "update-status")
	wantStatus(t, agent, "active", "JIMM v3.1.12 at "+j.URL()+": 2 controllers, 2 models")
	if api, _ := j.Logins(); api != 1 {
		t.Errorf("%d logins, want 1", api)
	}
}

// TestAnActionThatFindsNobodyTellsForTheMomentOnly has JIMM away while check-access is
// run: the next look sees that it is back, and logs in, for nobody has.
func TestAnActionThatFindsNobodyTellsForTheMomentOnly(t *testing.T) {
	j := world(t, "version: 2024", twoModels)
	agent := start(t, charmtest.Options{Config: config(map[string]any{"jimm-url": j.URL()})})
	if err := j.Stop("jimm"); err != nil {
		t.Fatal(err)
	}
	seen(t, agent)
	wantStatus(t, agent, "waiting", "waiting for JIMM at "+j.URL()+" to answer (connection refused)")
	if err := j.Resume(t.Context(), "jimm"); err != nil {
		t.Fatal(err)
	}
	hook(t, agent, "update-status")
	wantStatus(t, agent, "active", "JIMM v3.1.12 at "+j.URL()+": 2 controllers, 2 models")
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
	agent := start(t, charmtest.Options{Config: config(map[string]any{"jimm-url": at})})
	hook(t, agent, "update-status")
	wantStatus(t, agent, "waiting", "waiting for JIMM at "+at+" to answer (no answer in time)")
}

func TestUpdateStatusSaysWhoseCertificateIsNotTrusted(t *testing.T) {
	j := world(t, "version: 2024, tls: true", twoModels)
	agent := start(t, charmtest.Options{Config: config(map[string]any{"jimm-url": j.URL()})})
	hook(t, agent, "update-status")
	wantStatus(t, agent, "blocked", "the authority that signed the certificate of "+j.URL()+" is not trusted: juju config jimm-migrator jimm-ca-certificate=@ca.pem, or juju integrate jimm-migrator:receive-ca-cert CA")
	if err := agent.SetConfig(map[string]any{"jimm-ca-certificate": j.CA()}); err != nil {
		t.Fatal(err)
	}
	hook(t, agent, "config-changed")
	wantStatus(t, agent, "active", "configured for "+j.URL()+"; run the action check-access to try it")
	hook(t, agent, "update-status")
	want := "JIMM v3.1.12 at " + j.URL() + ": 2 controllers, 2 models"
	wantStatus(t, agent, "active", want)

	// The other way: a relation brings the authority.
	if err := agent.SetConfig(map[string]any{"jimm-ca-certificate": nil}); err != nil {
		t.Fatal(err)
	}
	hook(t, agent, "update-status")
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
	hook(t, agent, "receive-ca-cert-relation-changed", charmtest.HookDetails{Relation: id})
	wantStatus(t, agent, "active", "configured for "+j.URL()+"; run the action check-access to try it")
	hook(t, agent, "update-status")
	wantStatus(t, agent, "active", want)
	hook(t, agent, "receive-ca-cert-relation-broken", charmtest.HookDetails{Relation: id})
	wantStatus(t, agent, "active", want)
}

// TestUpdateStatusShowsDrift has a model that its recorded controller does not
// list while it lists another, and one on a controller that does not answer.
func TestUpdateStatusShowsDrift(t *testing.T) {
	j := world(t, "version: 2026", `models:
  - {name: prod, controller: east, recorded-on: west, uuid: `+modelA+`}
  - {name: test, controller: west, uuid: `+modelB+`}
  - {name: lone, controller: east}
`)
	if err := j.Stop("east"); err != nil {
		t.Fatal(err)
	}
	agent := start(t, charmtest.Options{Config: config(map[string]any{"jimm-url": j.URL()})})
	hook(t, agent, "update-status")
	wantStatus(t, agent, "active", "JIMM v3.1.12 at "+j.URL()+": 2 controllers, 3 models; drift, 1 model not where JIMM records it: juju run jimm-migrator/0 locate-model model="+modelA)
}

// TestTheEndOfDriftIsSeenAtOnce has the model of the status found where it is
// recorded, or recorded, by an action.
func TestTheEndOfDriftIsSeenAtOnce(t *testing.T) {
	j := world(t, "version: 2026", `models:
  - {name: prod, controller: east, recorded-on: west, uuid: `+modelA+`}
  - {name: test, controller: west, uuid: `+modelB+`}
  - {name: more, controller: east, recorded-on: west}
`)
	if err := j.Stop("east"); err != nil {
		t.Fatal(err)
	}
	agent := start(t, charmtest.Options{Config: config(map[string]any{"jimm-url": j.URL()})})
	hook(t, agent, "update-status")
	before := agent.Status().Message
	if !strings.Contains(before, "; drift, 2 models not where JIMM records it: juju run jimm-migrator/0 locate-model model=") || operator.Settled(before) {
		t.Fatalf("the status is %q", before)
	}
	_, adrift, _ := strings.Cut(before, "locate-model model=")
	end(t, agent, operator.Mark{Model: modelB}) // another one changes nothing
	wantStatus(t, agent, "active", before)
	end(t, agent, operator.Mark{Model: adrift})
	wantStatus(t, agent, "active", "JIMM v3.1.12 at "+j.URL()+": 2 controllers, 3 models; drift, 1 model not where JIMM records it: juju run --string-args jimm-migrator/0 locate-model model='*'")
	hook(t, agent, "update-status") // looks anew
	wantStatus(t, agent, "active", before)
	if api, _ := j.Logins(); api != 2 {
		t.Errorf("%d logins, want 2", api)
	}
}

func TestTheStatusTellsOfRunningMigrations(t *testing.T) {
	j := world(t, "version: 2026", `models:
  - {name: prod, controller: west, created-here: true, uuid: `+modelA+`, migrations: [{stall: validating}]}
  - {name: test, controller: west, created-here: true, uuid: `+modelB+`}
`)
	agent := start(t, charmtest.Options{Config: config(map[string]any{"jimm-url": j.URL()})})
	act(t, agent, func(ctx context.Context, u operator.Unit) error {
		s, err := operator.Read(ctx, u)
		if err != nil {
			return err
		}
		client, err := s.Connect(ctx)
		if err != nil {
			return err
		}
		defer client.Close()
		_, err = client.MigrateModel(ctx, modelA, "east")
		return err
	})
	hook(t, agent, "update-status")
	if got := agent.Status().Message; !regexp.MustCompile(`: 2 controllers, 2 models; 1 migrating at \d\d:\d\d UTC$`).MatchString(got) {
		t.Errorf("the status is %q", got)
	}
	end(t, agent, operator.Mark{Model: modelA})
	wantStatus(t, agent, "active", "JIMM v3.1.12 at "+j.URL()+": 2 controllers, 2 models")
}

func TestAMarkGoesWhenJIMMHasRecordedTheMigration(t *testing.T) {
	for _, year := range []string{"2024", "2026"} {
		t.Run(year, func(t *testing.T) {
			j := world(t, "version: "+year, `models:
  - {name: prod, controller: east, uuid: `+modelA+`}
  - {name: test, controller: west, uuid: `+modelB+`}
`)
			agent := begun(t, config(map[string]any{"jimm-url": j.URL()}), operator.Mark{Model: modelA, Target: "east"}, operator.Mark{Model: modelB, Target: "east"})
			agent.SetLeader(false)
			for range 2 { // pending: every look logs in, on every unit
				hook(t, agent, "update-status")
				wantStatus(t, agent, "blocked", "migrating "+modelB+" to east was interrupted: "+strings.ReplaceAll(followA, modelA, modelB))
			}
			if api, _ := j.Logins(); api != 2 {
				t.Errorf("%d logins, want 2", api)
			}
		})
	}
}

// TestSeveralUnitsOfJIMMAreTriedInTurn relates JIMM with units that refuse, that
// are something else, and one that works.
func TestSeveralUnitsOfJIMMAreTriedInTurn(t *testing.T) {
	j := world(t, "version: 2024", twoModels)
	at, err := url.Parse(j.URL())
	if err != nil {
		t.Fatal(err)
	}
	other := listenAt(t, "127.0.0.3:"+at.Port(), http.NotFoundHandler())
	agent := start(t, charmtest.Options{
		Machine: "0", Config: config(map[string]any{"jimm-url": nil, "jimm-port": at.Port()}),
		Relations: []charmtest.Relation{info("jimm", map[string]map[string]string{
			"jimm/0": ingress("127.0.0.2"), // refuses
			"jimm/1": ingress("127.0.0.3"), // is no JIMM
			"jimm/2": ingress(at.Hostname()),
		})},
	})
	hook(t, agent, "update-status")
	wantStatus(t, agent, "active", "JIMM v3.1.12 at "+j.URL()+": 2 controllers, 2 models")
	if other.asked("/api") {
		t.Error("a login was tried where no JIMM answers")
	}
}

func TestWhatIsRelatedMustBeJIMM(t *testing.T) {
	web := listenAt(t, "127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }))
	agent := start(t, charmtest.Options{
		Machine: "0", Config: config(map[string]any{"jimm-url": nil, "jimm-port": web.port}),
		Relations: []charmtest.Relation{info("web", map[string]map[string]string{"web/0": ingress("127.0.0.1")})},
	})
	hook(t, agent, "update-status")
	wantStatus(t, agent, "blocked", "web (jimm-info) is related, but what answers at ws://127.0.0.1:"+web.port+" is no JIMM: juju remove-relation jimm-migrator:jimm-info web")
	if web.asked("/api") {
		t.Error("a login was tried where no JIMM answers")
	}
}

// TestTheVersionPageMayBeOnThePortInside is JIMM's charm of 2026.
func TestTheVersionPageMayBeOnThePortInside(t *testing.T) {
	listenAt(t, "127.0.0.9:9090", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/debug/info" {
			fmt.Fprint(w, `{"Version": "v4.0.0", "GitCommit": "0123456"}`)
		}
	}))
	api := listenAt(t, "127.0.0.9:0", http.NotFoundHandler())
	agent := start(t, charmtest.Options{
		Machine: "0", NotLeader: true, Config: config(map[string]any{"jimm-url": nil, "jimm-port": api.port}),
		Relations: []charmtest.Relation{info("jimm", map[string]map[string]string{"jimm/0": ingress("127.0.0.9")})},
	})
	hook(t, agent, "update-status")
	wantStatus(t, agent, "active", "JIMM v4.0.0 at ws://127.0.0.9:"+api.port+"; run the action check-access to try it")
}

// place is a web server that remembers what it was asked.
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

// listenAt serves on an address of loopback. Not every system has more of them
// than 127.0.0.1.
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
