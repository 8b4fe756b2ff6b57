package actions_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/actions"
	"jimm-migrator/src/hooks"
	"jimm-migrator/tests/logql"
	"jimm-migrator/tests/sim"
)

const (
	canary  = "c4n4ry-of-the-secret"
	secret  = "cqg1aa2bb3cc4dd5ee6f"
	prod    = "11111111-1111-4111-8111-111111111111"
	doomed  = "22222222-2222-4222-8222-222222222222"
	strayed = "33333333-3333-4333-8333-333333333333"
	zombie  = "44444444-4444-4444-8444-444444444444"
	held    = "55555555-5555-4555-8555-555555555555"
)

// stage is a unit of the charm, in process, beside a simulated JAAS.
func stage(t *testing.T, year string, relations ...charmtest.Relation) *charmtest.Agent {
	t.Helper()
	agent, _ := stageOf(t, year, relations...)
	return agent
}

func stageOf(t *testing.T, year string, relations ...charmtest.Relation) (*charmtest.Agent, *sim.JAAS) {
	t.Helper()
	j := startJAAS(t, "speed: 1000\njimm: {version: "+year+`, service-accounts: [{id: migrator, secret: `+canary+`, administrator: true}, {id: other, secret: 0th3r, administrator: true}]}
controllers: [{name: west}, {name: east}]
models:
  - {name: prod, owner: alice@example.com, controller: west, created-here: true, uuid: `+prod+`}
  - {name: doomed, controller: west, created-here: true, uuid: `+doomed+`, migrations: [{abort-at: VALIDATION, reason: "machine sanity check failed, 1 error found: `+canary+`"}]}
  - {name: zombie, controller: west, created-here: true, uuid: `+zombie+`, migrations: [{stall: validating, reap-fails: "storage is busy"}]}
  - {name: held, owner: alice@example.com, controller: west, created-here: true, uuid: `+held+`, migrations: [{stall: validating}]}
  - {name: strayed, controller: west, recorded-on: west, created-here: true, uuid: `+strayed+`, history: [{to: east}]}
`, sim.Options{})
	agent := charmtest.Start(t, charmtest.Options{
		CharmDir:  "../..",
		App:       &charm.App{Actions: actions.All("dev"), Hooks: hooks.All(hooks.Options{Version: "1.2.3", PollTimeout: time.Minute})},
		Config:    map[string]any{"jimm-url": j.URL(), "jimm-credentials": "secret:" + secret, "poll-interval": "1s"},
		Secrets:   []charmtest.Secret{{ID: secret, Content: map[string]string{"client-id": "migrator", "client-secret": canary}}},
		Relations: relations,
	})
	return agent, j
}

// listener is a Loki that stores lines and labels.
type listener struct {
	// on is called with each line.
	on func(line map[string]any)

	mu      sync.Mutex
	labels  map[string]string
	lines   []map[string]any
	entries []logql.Entry
	raw     strings.Builder
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var push struct {
		Streams []struct {
			Stream map[string]string
			Values [][2]string
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&push); err != nil {
		http.Error(w, "no push", http.StatusBadRequest)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range push.Streams {
		l.labels = s.Stream
		for _, v := range s.Values {
			line := map[string]any{}
			if err := json.Unmarshal([]byte(v[1]), &line); err != nil {
				http.Error(w, "no JSON", http.StatusBadRequest)
				return
			}
			l.lines = append(l.lines, line)
			at, err := strconv.ParseInt(v[0], 10, 64)
			if err != nil {
				http.Error(w, "no time", http.StatusBadRequest)
				return
			}
			l.entries = append(l.entries, logql.Entry{At: time.Unix(0, at), Labels: s.Stream, Line: v[1]})
			if l.on != nil {
				l.on(line)
			}
			l.raw.WriteString(v[1])
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// events returns the names of the events; several of the same name in a row
// count once.
func (l *listener) events() []string {
	var out []string
	for _, line := range l.lines {
		out = append(out, line["event"].(string))
	}
	return slices.Compact(out)
}

func (l *listener) last() map[string]any { return l.lines[len(l.lines)-1] }

// check checks that the lines are as the reference describes them and have no
// secret, and that some events are among them.
func (l *listener) check(t *testing.T, some ...string) {
	t.Helper()
	for _, want := range some {
		if !slices.Contains(l.events(), want) {
			t.Errorf("no event %q among %v", want, l.events())
		}
	}
	reference, err := os.ReadFile("../../docs/reference/events.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range l.lines {
		for key := range line {
			if !strings.Contains(string(reference), "`"+key+"`") {
				t.Errorf("docs/reference/events.md does not have the field %q of event %q", key, line["event"])
			}
		}
		for _, key := range []string{"v", "event", "level", "task", "action", "model", "elapsed_seconds"} {
			if _, ok := line[key]; !ok && (key == "v" || line["event"] != "health" && line["event"] != "interrupted" && (key != "task" || line["action"] != "finish-records")) {
				t.Errorf("event %q has no %q", line["event"], key)
			}
		}
	}
	if strings.Contains(l.raw.String(), canary) {
		t.Error("the secret is in a line")
	}
	for _, label := range []string{"juju_model", "juju_model_uuid", "juju_application", "juju_unit", "juju_charm"} {
		if l.labels[label] == "" || len(l.labels) != 5 {
			t.Errorf("labels are %v", l.labels)
		}
	}
}

// judgedAs checks that each change of the verdict or of the observation was sent once, and that the
// last verdict is the given one.
func (l *listener) judgedAs(t *testing.T, last string) {
	t.Helper()
	var judged []string
	for _, line := range l.lines {
		if line["event"] == "judged" {
			judged = append(judged, fmt.Sprintf("%v: %v", line["verdict"], line["text"]))
		}
	}
	if len(judged) == 0 || !strings.HasPrefix(judged[len(judged)-1], last+": ") || len(slices.Compact(slices.Clone(judged))) != len(judged) {
		t.Errorf("it was judged as %q, want %s in the end, and nothing twice in a row", judged, last)
	}
}

// listen starts a Loki, and returns it with a relation to it.
func listen(t *testing.T) (*listener, charmtest.Relation) {
	t.Helper()
	l := &listener{}
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	return l, loki(server.URL)
}

func loki(url string) charmtest.Relation {
	return charmtest.Relation{Endpoint: "logging", RemoteApp: "loki", Units: map[string]map[string]string{
		"loki/0": {"endpoint": `{"url": "` + url + `/loki/api/v1/push"}`},
		"loki/1": {}, // has not sent anything yet
	}}
}

func run(t *testing.T, agent *charmtest.Agent, action string, params map[string]any) charmtest.Task {
	t.Helper()
	task, err := agent.RunAction(t.Context(), action, params)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func TestAMigrationIsSentToLoki(t *testing.T) {
	t.Parallel()
	for _, year := range []string{"2024", "2026"} {
		t.Run(year, func(t *testing.T) {
			t.Parallel()
			l, logging := listen(t)
			agent, j := stageOf(t, year, logging)
			// The migration stops until its phase has been reported.
			l.on = func(line map[string]any) {
				if line["event"] == "phase" && line["phase"] == "VALIDATION" {
					j.Controller("west").Resume(held)
				}
			}
			task := run(t, agent, "migrate-model", map[string]any{"model": "alice@example.com/held", "target-controller": "east"})
			if task.Result("outcome") != "migrated" {
				t.Fatalf("the task is %+v", task)
			}
			l.check(t)
			events := l.events()
			for _, want := range []string{"check", "freeze", "start", "phase", "judged", "finish"} {
				if !slices.Contains(events, want) {
					t.Errorf("no event %q among %v", want, events)
				}
			}
			l.judgedAs(t, "Migrated")
			end := l.last()
			for key, want := range map[string]any{
				"event": "finish", "level": "info", "outcome": "migrated", "succeeded": true, "model_uuid": held, "model_name": "alice@example.com/held",
				"source": "west", "target": "east", "controller": "east", "step": "verify", "summary": task.Result("summary"), "task": task.ID,
			} {
				if end[key] != want {
					t.Errorf("%s of the end is %v, want %v", key, end[key], want)
				}
			}
			whole, _ := end["duration_seconds"].(float64)
			still, ok := end["downtime_seconds"].(float64)
			if !ok || still < 0 || whole < still {
				t.Errorf("the duration is %v, and %v of it downtime", end["duration_seconds"], end["downtime_seconds"])
			}
		})
	}
}

func TestAnAbortIsSentToLoki(t *testing.T) {
	t.Parallel()
	l, logging := listen(t)
	agent := stage(t, "2024", logging)
	run(t, agent, "migrate-model", map[string]any{"model": doomed, "target-controller": "east"})
	l.check(t)
	end := l.last()
	if end["event"] != "finish" || end["outcome"] != "aborted" || end["succeeded"] != false || end["level"] != "error" {
		t.Errorf("the end is %v", end)
	}
	if text, _ := end["summary"].(string); !strings.Contains(text, "machine sanity check failed") {
		t.Errorf("the summary is %q", text)
	}
}

// TestLokiNeitherDelaysNorFailsAMigration uses one Loki that hangs and one that refuses lines.
func TestLokiNeitherDelaysNorFailsAMigration(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer hangs.Close()
	defer close(release)
	refuses := httptest.NewServer(http.NotFoundHandler())
	defer refuses.Close()
	agent := stage(t, "2024", loki(hangs.URL), charmtest.Relation{Endpoint: "logging", RemoteApp: "other", Units: map[string]map[string]string{
		"other/0": {"endpoint": `{"url": "` + refuses.URL + `"}`},
		"other/1": {"endpoint": `{"url": "ftp://nowhere"}`},
		"other/2": {"endpoint": "no JSON"},
	}})
	task := run(t, agent, "migrate-model", map[string]any{"model": prod, "target-controller": "east"})
	if task.Result("outcome") != "migrated" || task.Status != charmtest.TaskCompleted {
		t.Errorf("the task is %+v", task)
	}
	var warnings []string
	for _, record := range agent.Log() {
		if record.Level == "WARNING" {
			warnings = append(warnings, record.Message)
		}
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], hangs.URL) || !strings.Contains(warnings[0], refuses.URL) || !strings.Contains(warnings[0], "HTTP status 404") {
		t.Errorf("the log has %q", warnings)
	}
}

// TestLokiBehindTLSIsTrustedByRelation gives the charm the certificate authority through
// receive-ca-cert.
func TestLokiBehindTLSIsTrustedByRelation(t *testing.T) {
	t.Parallel()
	l := &listener{}
	server := httptest.NewTLSServer(l)
	defer server.Close()
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	list, err := json.Marshal([]string{ca})
	if err != nil {
		t.Fatal(err)
	}
	agent := stage(t, "2026", loki(server.URL), charmtest.Relation{Endpoint: "receive-ca-cert", RemoteApp: "ca", RemoteData: map[string]string{"certificates": string(list)}})
	run(t, agent, "migrate-model", map[string]any{"model": "nobody/none", "target-controller": "east"})
	l.check(t)
	if end := l.last(); end["outcome"] != "refused" {
		t.Errorf("the end is %v", end)
	}
}

func TestOtherActionsSendNoEvents(t *testing.T) {
	t.Parallel()
	l, logging := listen(t)
	agent := stage(t, "2024", logging)
	run(t, agent, "migrate-model", map[string]any{"model": prod, "target-controller": "east", "dry-run": true})
	run(t, agent, "locate-model", map[string]any{"model": prod})
	run(t, agent, "list-controllers", nil)
	if len(l.lines) > 0 {
		t.Errorf("sent: %v", l.lines)
	}
	if n := agent.CallCount()["relation-ids"]; n > 0 {
		t.Errorf("relation-ids was used %d times", n)
	}
}

func TestDriftIsSent(t *testing.T) {
	t.Parallel()
	l, logging := listen(t)
	agent := stage(t, "2024", logging)
	task := run(t, agent, "locate-model", map[string]any{"model": "*"})
	l.check(t)
	if len(l.lines) != 1 {
		t.Fatalf("%d lines, want 1", len(l.lines))
	}
	for key, want := range map[string]any{
		"event": "drift", "model_uuid": strayed, "state": "moved", "recorded": "west", "controller": "east",
		"repair": task.Result("models." + strayed + ".repair"),
	} {
		if got := l.last()[key]; got != want {
			t.Errorf("%s is %v, want %v", key, got, want)
		}
	}
}

// TestAnUnnamedTargetIsReportedOnceItIsKnown follows a migration of another client.
func TestAnUnnamedTargetIsReportedOnceItIsKnown(t *testing.T) {
	t.Parallel()
	l, logging := listen(t)
	agent, j := stageOf(t, "2026", logging)
	l.on = func(line map[string]any) {
		if line["event"] == "phase" && line["phase"] == "VALIDATION" {
			j.Controller("west").Resume(held)
		}
	}
	run(t, agent, "migrate-model", map[string]any{"model": held, "target-controller": "east", "detach": true})
	task := run(t, agent, "migration-status", map[string]any{"model": held, "follow": true})
	if end := l.last(); end["event"] != "finish" || end["target"] != "east" || end["action"] != "migration-status" {
		t.Errorf("the task is %+v, its end is %v", task, end)
	}
	l.check(t, "attach")
}
