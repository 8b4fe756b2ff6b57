package actions_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/config"
	"jimm-migrator/src/hooks"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/src/report"
	"jimm-migrator/src/status"
	"jimm-migrator/tests/logql"
	"jimm-migrator/tests/sim"
)

// unpacked returns a folder with the charm's files as Juju unpacks them.
func unpacked(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../charm/files")); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"manifest.yaml": []byte("bases: [{name: ubuntu, channel: \"24.04\", architectures: [amd64]}]\n")}
	for _, name := range []string{"metadata.yaml", "actions.yaml", "config.yaml"} {
		data, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// sent returns what Loki gets from a run of migrate-model that calls report, and from the hook
// update-status if there is a JIMM. It also returns the rules that Loki got before.
func sent(t *testing.T, j *sim.JAAS, send func(*report.EventLog)) (entries []logql.Entry, rules map[string]rule) {
	t.Helper()
	l, logging := listen(t)
	app := charm.App{Hooks: hooks.All(hooks.Options{Version: "1.2.3", PollTimeout: time.Minute}), Actions: map[string]charm.ActionFunc{
		"migrate-model": func(ctx context.Context, a *charm.Action) error {
			events := report.OpenEventLog(ctx, a.Unit, report.EventLogOptions{Action: a.Name(), Model: "prod", Target: "east"})
			defer events.Close(ctx)
			send(events)
			return nil
		},
	}}
	at := "wss://jimm.example.com"
	if j != nil {
		at = j.URL()
	}
	agent := charmtest.Start(t, charmtest.Options{
		CharmDir: unpacked(t), App: &app, Config: map[string]any{"jimm-url": at, "jimm-credentials": "secret:" + secret},
		Secrets: []charmtest.Secret{{ID: secret, Content: map[string]string{"client-id": "migrator", "client-secret": canary}}},
	})
	id, err := agent.AddRelation(logging)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"logging-relation-created", "update-status"} {
		if j == nil && name == "update-status" {
			continue
		}
		if result, err := agent.RunHook(t.Context(), name, charmtest.HookDetails{Relation: id}); err != nil || result.Failed() {
			t.Fatalf("%s: %v %+v", name, err, result)
		}
	}
	run(t, agent, "migrate-model", map[string]any{"model": "prod", "target-controller": "east"})
	return l.entries, rulesOf(t, agent.LocalData(id, true)["alert_rules"])
}

type rule struct {
	Expr        string
	Annotations map[string]string
}

func rulesOf(t *testing.T, raw string) map[string]rule {
	t.Helper()
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert string
				rule
			}
		}
	}
	if err := json.Unmarshal([]byte(raw), &file); err != nil {
		t.Fatal(err)
	}
	out := map[string]rule{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			out[r.Alert] = r.rule
		}
	}
	return out
}

// evaluations names the file that "make loki" reads.
var evaluations = flag.String("evaluations", "", "file to add the evaluated queries of Loki to; default none")

// evaluate evaluates a query at a time just after the last entry.
func evaluate(t *testing.T, query string, entries []logql.Entry) logql.Evaluation {
	t.Helper()
	q, err := logql.Parse(query)
	if err != nil {
		t.Error(err)
	}
	got := logql.Evaluation{Query: query, At: time.Now().Add(time.Second), Entries: entries}
	got.Samples = q.Vector(entries, got.At)
	for _, entry := range q.Lines(entries) {
		got.Lines = append(got.Lines, entry.Line)
	}
	if *evaluations != "" {
		if err := got.Append(*evaluations); err != nil {
			t.Error(err)
		}
	}
	return got
}

// fires returns the alerts that fire, and checks their texts.
func fires(t *testing.T, rules map[string]rule, entries []logql.Entry) (firing []string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		r := rules[name]
		for _, sample := range evaluate(t, r.Expr, entries).Samples {
			firing = append(firing, name)
			for _, found := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(r.Annotations["summary"]+r.Annotations["description"], -1) {
				if sample.Labels[found[1]] == "" {
					t.Errorf("%s speaks of the label %s, which is empty: %v", name, found[1], sample.Labels)
				}
			}
		}
	}
	return firing
}

// ended is the result of a migration.
func ended(outcome facts.Outcome, cause facts.Cause) migration.Result {
	now := time.Now()
	return migration.Result{
		Timing:  migration.Timing{Quiesced: now.Add(-20 * time.Second), Active: now.Add(-6 * time.Second)},
		Outcome: outcome, Cause: cause, Step: facts.StepVerify, Model: facts.Model{UUID: prod, Name: "prod", Owner: "alice@example.com"},
		Source: facts.Controller{Name: "west", UUID: prod}, Target: facts.Controller{Name: "east", UUID: doomed}, Holder: facts.Controller{Name: "east", UUID: doomed},
	}
}

// begins reports the events with which every migration begins.
func begins(l *report.EventLog) {
	r := ended("", "")
	l.Event(migration.FindingEvent{Finding: checks.Finding{Check: checks.Target, Level: checks.Pass, Evidence: "yes"}})
	l.Event(migration.FreezeEvent{Model: r.Model})
	l.Event(migration.StartEvent{Source: r.Source, Target: r.Target, MigrationID: "1"})
	l.Event(migration.PhaseEvent{Phase: facts.PhaseQuiesce, Text: "quiescing"})
	l.Event(migration.HeartbeatEvent{Phase: facts.PhaseQuiesce, Text: "quiescing", Still: 19 * time.Minute})
}

// TestAlertsFireOnWhatIsSent evaluates each rule over the lines that the charm
// really sends.
func TestAlertsFireOnWhatIsSent(t *testing.T) {
	t.Parallel()
	finish := func(outcome facts.Outcome, cause facts.Cause) func(*report.EventLog) {
		return func(l *report.EventLog) { begins(l); l.Finish(ended(outcome, cause), "") }
	}
	stall := migration.StallEvent{Phase: facts.PhaseQuiesce, Text: "quiescing", Still: 20 * time.Minute}
	strayed := locate.Location{Model: ended("", "").Model, State: locate.StateMoved, Recorded: facts.Controller{Name: "west"}, Holder: facts.Controller{Name: "east"}, Drift: true, Proof: "east says so", Repair: "jimmctl"}
	both := strayed
	both.State = locate.StateConflict
	fired := map[string]bool{}
	var rules map[string]rule
	for name, test := range map[string]struct {
		send func(*report.EventLog)
		want []string
	}{
		"a migration that goes on": {begins, nil},
		"a success":                {finish(facts.Migrated, ""), nil},
		"a refusal":                {finish(facts.Refused, facts.CauseChecks), nil},
		"an abort":                 {finish(facts.Aborted, facts.CauseAnswer), []string{"JimmMigrationAborted"}},
		"a conflict":               {finish(facts.Conflict, ""), []string{"JimmMigrationConflict"}},
		"an unknown end":           {finish(facts.Unknown, facts.CauseSilent), []string{"JimmMigrationUnsettled"}},
		"a timeout":                {finish(facts.TimedOut, facts.CauseDeadline), []string{"JimmMigrationUnsettled"}},
		"a lost row":               {finish(facts.LostFromJIMM, ""), []string{"JimmMigrationUnsettled"}},
		"laggards":                 {finish(facts.NeedsAttention, facts.CauseAgents), []string{"JimmMigrationLaggards"}},
		"a left-over":              {finish(facts.NeedsAttention, facts.CauseLeftOver), []string{"JimmMigrationNeedsAttention"}},
		"differences":              {finish(facts.NeedsAttention, facts.CauseDifferences), []string{"JimmMigrationNeedsAttention"}},
		"a stall":                  {func(l *report.EventLog) { begins(l); l.Event(stall) }, []string{"JimmMigrationStalled"}},
		"a stall that lasts": {func(l *report.EventLog) {
			begins(l)
			l.Event(migration.HeartbeatEvent{Text: "quiescing", Stalled: true})
		}, []string{"JimmMigrationStalled"}},
		"a stall that ended":         {func(l *report.EventLog) { begins(l); l.Event(stall); l.Finish(ended(facts.Migrated, ""), "") }, nil},
		"drift that was found":       {func(l *report.EventLog) { l.Drift(strayed) }, []string{"JimmModelDriftFound"}},
		"two copies that were found": {func(l *report.EventLog) { l.Drift(both) }, []string{"JimmMigrationConflict"}},
		"nothing":                    {func(*report.EventLog) {}, nil},
		"an error that names nothing": {func(l *report.EventLog) {
			begins(l)
			l.Event(migration.RecordEvent{Ground: "x", Err: errors.New(`"outcome":"conflict"`)})
		}, nil},
	} {
		var entries []logql.Entry
		entries, rules = sent(t, nil, test.send)
		got := fires(t, rules, entries)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for _, alert := range got {
			fired[alert] = true
		}
	}
	for name := range rules {
		if !fired[name] && !slices.Contains([]string{"JimmModelDrift", "JimmControllerCordoned", "JimmRunInterrupted"}, name) { // They have tests of their own.
			t.Errorf("no test makes %s fire", name)
		}
	}
}

// drifting is a JAAS with a list that shows a model on another controller than the recorded one.
func drifting(t *testing.T) *sim.JAAS {
	t.Helper()
	j := startJAAS(t, `
jimm: {version: 2026, service-accounts: [{id: migrator, secret: `+canary+`, administrator: true}]}
controllers: [{name: west}, {name: east}]
models:
  - {name: prod, controller: east, recorded-on: west, uuid: `+prod+`}
  - {name: test, controller: west}
`, sim.Options{})
	if err := j.Stop("east"); err != nil {
		t.Fatal(err)
	}
	return j
}

func TestTheHourlyCheckFiresOnDrift(t *testing.T) {
	t.Parallel()
	entries, rules := sent(t, drifting(t), begins)
	if got := fires(t, rules, entries); !slices.Equal(got, []string{"JimmModelDrift"}) {
		t.Errorf("what fires is %v", got)
	}
}

// TestALongCordonFires tests controllers that have been cordoned for more than a day, for less, and
// for an unknown time.
func TestALongCordonFires(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		controller string
		want       []string
	}{
		"a day and an hour": {"cordoned-for: 25h", []string{"JimmControllerCordoned"}},
		"an hour":           {"cordoned-for: 1h", nil},
		"unknown":           {"", nil},
	} {
		j := startJAAS(t, `
jimm: {version: 2026, service-accounts: [{id: migrator, secret: `+canary+`, administrator: true}]}
controllers: [{name: west}, {name: east, status: deprecated, `+test.controller+`}]
models: [{name: test, controller: west}]
`, sim.Options{})
		entries, rules := sent(t, j, begins)
		if got := fires(t, rules, entries); !slices.Equal(got, test.want) {
			t.Errorf("%s: what fires is %v, want %v", name, got, test.want)
		}
		if !slices.ContainsFunc(entries, func(e logql.Entry) bool {
			return strings.Contains(e.Line, `"event":"cordoned"`) && strings.Contains(e.Line, `"controller":"east"`)
		}) {
			t.Errorf("%s: no line is about the cordon: %v", name, entries)
		}
	}
}

// TestAnInterruptedRunFires tests an action that was killed while it moved a model, and that has
// not been run again since a hook found out. Each update-status sends the line until the run has
// ended.
func TestAnInterruptedRunFires(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		run   status.Run
		since time.Duration
		want  []string
	}{
		"a drain, two hours ago":    {status.Run{Controller: "west", Parameters: "targets=east"}, 2 * time.Hour, []string{"JimmRunInterrupted"}},
		"a plan, two hours ago":     {status.Run{}, 2 * time.Hour, []string{"JimmRunInterrupted"}},
		"a drain, half an hour ago": {status.Run{Controller: "west", Parameters: status.ByPlan}, time.Hour / 2, nil},
	} {
		l, logging := listen(t)
		j := startJAAS(t, `
jimm: {version: 2026, service-accounts: [{id: migrator, secret: `+canary+`, administrator: true}]}
controllers: [{name: west}, {name: east}]
models: [{name: test, controller: west}]
`, sim.Options{})
		var do func(context.Context, *charm.Action) error
		app := charm.App{Hooks: hooks.All(hooks.Options{Version: "1.2.3", PollTimeout: time.Minute}), Actions: map[string]charm.ActionFunc{
			"check-access": func(ctx context.Context, a *charm.Action) error { return do(ctx, a) },
		}}
		agent := charmtest.Start(t, charmtest.Options{
			CharmDir: unpacked(t), App: &app, Config: map[string]any{"jimm-url": j.URL(), "jimm-credentials": "secret:" + secret},
			Secrets: []charmtest.Secret{{ID: secret, Content: map[string]string{"client-id": "migrator", "client-secret": canary}}},
		})
		id, err := agent.AddRelation(logging)
		if err != nil {
			t.Fatal(err)
		}
		hook := func(name string) {
			if result, err := agent.RunHook(t.Context(), name, charmtest.HookDetails{Relation: id}); err != nil || result.Failed() {
				t.Fatalf("%s: %v %+v", name, err, result)
			}
		}
		hook("logging-relation-created")
		rules := rulesOf(t, agent.LocalData(id, true)["alert_rules"])
		do = func(ctx context.Context, a *charm.Action) error {
			many, err := status.FollowMany(ctx, a, test.run)
			if err != nil {
				return err
			}
			many.Add(status.Pending{Model: prod, Target: "east"})
			return many.Show(ctx, 1, 2)
		}
		run(t, agent, "check-access", nil)
		hook("config-changed")
		// The hook found it this long ago.
		do = func(ctx context.Context, a *charm.Action) error {
			return a.SetState(ctx, map[string]string{"run-since": time.Now().UTC().Add(-test.since).Format(time.RFC3339)})
		}
		run(t, agent, "check-access", nil)
		hook("update-status")
		if got := fires(t, rules, l.entries); !slices.Equal(got, test.want) {
			t.Errorf("%s: what fires is %v, want %v", name, got, test.want)
		}
		if n := strings.Count(l.raw.String(), `"event":"interrupted"`); n != 1 {
			t.Errorf("%s: %d lines report it", name, n)
		}
		l.check(t)
		// It is run again, to its end.
		do = func(ctx context.Context, a *charm.Action) error {
			many, err := status.FollowMany(ctx, a, test.run)
			if err != nil {
				return err
			}
			many.Remove(prod)
			settings, err := config.Read(ctx, a)
			if err != nil {
				return err
			}
			return many.Leave(ctx, settings)
		}
		run(t, agent, "check-access", nil)
		hook("update-status")
		if n := strings.Count(l.raw.String(), `"event":"interrupted"`); n != 1 || agent.State()["run-since"] != "" {
			t.Errorf("%s: it is reported %d times, and the state is %v", name, n, agent.State())
		}
	}
}

// TestTheDashboardShowsWhatIsSent evaluates its panels over real lines.
func TestTheDashboardShowsWhatIsSent(t *testing.T) {
	t.Parallel()
	entries, _ := sent(t, drifting(t), func(l *report.EventLog) {
		begins(l) // one that continues, by its task
	})
	// A run of many models is one task: one of its models is on its target, two are moving.
	many, _ := sent(t, nil, func(l *report.EventLog) {
		for _, uuid := range []string{held, doomed, zombie} {
			of, r := l.Of(uuid, "east"), ended(facts.Migrated, "")
			r.Model = facts.Model{UUID: uuid, Name: uuid[:4], Owner: "bob@example.com"}
			of.Event(migration.StartEvent{Source: r.Source, Target: r.Target, MigrationID: "1"})
			if uuid == held {
				of.Finish(r, "")
			}
		}
	})
	entries = append(entries, many...)
	for _, outcome := range []facts.Outcome{facts.Migrated, facts.Aborted} {
		more, _ := sent(t, nil, func(l *report.EventLog) {
			begins(l)
			l.Event(migration.PhaseEvent{Phase: facts.PhaseSuccess, Text: "successful", NoReturn: true})
			l.Finish(ended(outcome, ""), "")
		})
		for i := range more { // of another unit
			more[i].Labels = maps.Clone(more[i].Labels)
			more[i].Labels["juju_unit"] = "jimm-migrator/" + string(outcome)
		}
		entries = append(entries, more...)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	data, err := os.ReadFile("../../charm/files/grafana_dashboards/migrations.json")
	if err == nil {
		err = json.Unmarshal(data, &board)
	}
	if err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("$__range", "24h", "$__interval", "1h", "$juju_model_uuid", ".+", "$juju_model", ".+", "$juju_application", ".+", "$juju_unit", ".+")
	numbers := map[string]float64{"Running": 3, "Finished": 2, "Failed": 1, "Drift": 1, "Models": 2, "Time without change": 1140}
	groups := map[string]string{"Migrations by outcome": "outcome", "Duration by controller": "source", "Downtime by controller": "target"}
	for _, p := range board.Panels {
		query := fill.Replace(p.Targets[0].Expr)
		if p.Title == "Events" {
			if got := evaluate(t, query, entries).Lines; len(got) != len(entries) {
				t.Errorf("%s: %d of %d lines", p.Title, len(got), len(entries))
			}
			continue
		}
		got := evaluate(t, query, entries).Samples
		label, byGroup := groups[p.Title]
		switch want, one := numbers[p.Title]; {
		case one && (len(got) != 1 || got[0].Value != want):
			t.Errorf("%s shows %v, want %v", p.Title, got, want)
		case byGroup && (len(got) == 0 || got[0].Labels[label] == ""):
			t.Errorf("%s shows %v, without a value by %s", p.Title, got, label)
		case !one && !byGroup:
			t.Errorf("no test covers the panel %s: %v", p.Title, got)
		}
	}
}
