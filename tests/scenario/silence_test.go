package scenario_test

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/tests/sim/wire"
)

const (
	// longestSilence is how long an action may show no line while a server does not answer.
	longestSilence = 75 * time.Second
	// stalled is how late the answer to one call comes: later than any call waits for it.
	stalled = 4 * time.Minute
	// slowAnswer is how late every answer comes: most calls still get it.
	slowAnswer = 50 * time.Second
)

// silenceWorld has work for every action: two models to move, one to upgrade, one that JIMM has on a wrong controller,
// and a copy that is left over.
const silenceWorld = `
jimm: {poller: false}
allowed: [dry-run, ModelUpgrader.UpgradeModel]
controllers:
  - name: west
    version: 3.6.28
    users: [{name: admin, password: JIMM's own, access: superuser}, {name: migrator, password: '{canary}-password-of-west', access: superuser}]
  - name: east
    version: 3.6.28
    users: [{name: admin, password: JIMM's own, access: superuser}, {name: migrator, password: '{canary}-password-of-east', access: superuser}]
  - {name: north, version: 3.6.28}
models:
  - {name: prod, created-here: true, applications: [{name: app, units: [{name: app/0, machine: "0"}]}], machines: [{id: "0"}]}
  - {name: lab, created-here: true}
  - {name: old, controller: east, created-here: true, agent-version: 3.6.20, machines: [{id: "0"}]}
  - {name: lost, controller: north, recorded-on: east, created-here: true}
  - {name: moved, recorded-on: west, created-here: true, history: [{to: east}]}
  - {name: half, controller: north, created-here: true, history: [{to: east, abort-at: IMPORT, leave-copy: true}]}
`

// silences are the actions, by name: the steps before, and the one that is watched.
func silences() map[string]string {
	const accounts = "$ juju add-secret controllers credentials#file=accounts.json\n$ juju grant-secret controllers jimm-migrator\n" +
		"$ juju config jimm-migrator controller-credentials={controllers-secret}\n"
	run := func(lines ...string) string {
		return "$ juju run --string-args jimm-migrator/0 " + strings.Join(lines, "\n$ juju run --string-args jimm-migrator/0 ") + "\n"
	}
	return map[string]string{
		"cordon-controller":      run("cordon-controller controller=west"),
		"uncordon-controller":    run("cordon-controller controller=west", "uncordon-controller controller=west"),
		"locate-model":           accounts + run("locate-model model=prod"),
		"locate-model/many":      run("locate-model model=*"),
		"migrate-model":          run("migrate-model model=prod target-controller=east"),
		"migrate-model/accounts": accounts + run("migrate-model model=prod target-controller=east server-dry-run=true"),
		"check-migration":        accounts + run("check-migration model=prod target-controller=east server-dry-run=true"),
		"record-model":           accounts + run("record-model model=moved controller=east"),
		"record-model/confirmed": accounts + run("record-model model=lost controller=north confirm={lost}"),
		"remove-left-over":       accounts + run("remove-left-over model=half controller=east confirm={half}"),
		"migration-status":       run("migrate-model model=prod target-controller=east detach=true", "migration-status"),
		"migration-status/model": run("migrate-model model=prod target-controller=east detach=true", "migration-status model=prod follow=true"),
		"collect-diagnostics":    accounts + run("collect-diagnostics model=prod"),
		"list-controllers":       accounts + run("list-controllers"),
		"list-models":            run("list-models"),
		"list-migration-targets": run("list-migration-targets model=prod"),
		"plan-migrations":        accounts + run("plan-migrations goal=drain from=west targets=east"),
		"plan-migrations/full":   accounts + run("plan-migrations goal=drain from=west targets=east checks=full"),
		"plan-migrations/back":   run("migrate-model model=prod target-controller=east", "plan-migrations goal=reverse from=west"),
		"apply-plan":             run("plan-migrations goal=drain from=west targets=east", `apply-plan "plan={result:plan}" plan-hash={result:plan-hash} repair-access=true`),
		"apply-plan/upgrade":     accounts + run("plan-migrations goal=upgrade models=old to-version=3.6.28", `apply-plan "plan={result:plan}" plan-hash={result:plan-hash}`),
		"drain-controller":       accounts + run("drain-controller controller=west targets=east repair-access=true"),
		"migration-history":      run("migrate-model model=prod target-controller=east", "migration-history"),
		"check-access":           accounts + run("check-access"),
	}
}

// TestNoActionIsSilent makes every call of an action slow and, for the actions with the most kinds of calls, stalls each
// call in turn. While a server does not answer, the action shows at least one line in each [longestSilence].
func TestNoActionIsSilent(t *testing.T) {
	t.Parallel()
	inTurn := []string{"locate-model", "migrate-model/accounts", "apply-plan/upgrade"}
	for i, name := range slices.Sorted(maps.Keys(silences())) {
		if i%share != 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, year := range []string{"2024", "2026"} {
				synctest.Test(t, func(t *testing.T) {
					slow := wire.Fault{Action: wire.Delay, Delay: slowAnswer, Match: func(r *wire.Request) bool { return r.Method != "Ping" }}
					if longest := listen(t, year, name, stall{fault: slow}).silence; longest > longestSilence {
						t.Errorf("%s: silent for %s while every call is slow", year, longest)
					}
				})
				if year != "2026" || !slices.Contains(inTurn, name) {
					continue
				}
				var calls map[call]int
				synctest.Test(t, func(t *testing.T) { calls = listen(t, year, name).calls })
				for _, c := range slices.SortedFunc(maps.Keys(calls), call.compare) {
					synctest.Test(t, func(t *testing.T) {
						fault := wire.Fault{Facade: c.facade, Method: c.method, Action: wire.Delay, Delay: stalled, Skip: calls[c], Times: 1}
						if longest := listen(t, year, name, stall{c.server, fault}).silence; longest > longestSilence {
							t.Errorf("%s: silent for %s", c, longest)
						}
					})
				}
			}
		})
	}
}

// call is a call to a server.
type call struct{ server, facade, method string }

func (c call) String() string { return c.server + " " + c.facade + "." + c.method }

func (c call) compare(other call) int { return strings.Compare(c.String(), other.String()) }

// stall is a fault of one server, or of all.
type stall struct {
	server string // "": all
	fault  wire.Fault
}

// heardAction is what was heard of an action.
type heardAction struct {
	calls   map[call]int  // The last place of each call of the charm, among all calls of that name.
	silence time.Duration // The longest time without a line.
}

// listen runs the action, with faults that begin with it.
func listen(t *testing.T, year, name string, stalls ...stall) heardAction {
	t.Helper()
	story := story{file: name, world: silenceWorld, files: map[string]string{
		"accounts.json": `{"west": {"user": "migrator", "password": "{canary}-password-of-west"}, "east": {"user": "migrator", "password": "{canary}-password-of-east"}}`,
	}}
	if err := story.parse(silences()[name], 0); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), memory{}.limit())
	defer cancel()
	s := newStage(t, story, age{year: year, source: usualVersion, target: usualVersion, memory: true}, memory{})
	s.open(ctx)
	last := len(story.steps) - 1
	for _, step := range story.steps[:last] {
		if err := s.perform(ctx, step); err != nil {
			t.Fatal(err)
		}
	}
	before := len(s.jaas.Messages())
	for _, stall := range stalls {
		for _, server := range []string{"jimm", "west", "east", "north"} {
			if stall.server == "" || stall.server == server {
				s.jaas.Faults(server).Add(stall.fault)
			}
		}
	}
	began := time.Now()
	if err := s.perform(ctx, story.steps[last]); err != nil {
		t.Fatal(err)
	}
	if task := s.last().task; stalls == nil && task.Status != "completed" {
		t.Errorf("%s: %s", task.Status, task.Message)
	}
	s.note("%s", show(s.last().task))
	return heardAction{callsOf(s.jaas.Messages(), before), s.longestSilence(began)}
}

// longestSilence is the longest time since began in which no line was shown. A wait that was announced does not count.
func (s *stage) longestSilence(began time.Time) (longest time.Duration) {
	announced := regexp.MustCompile(`; check(?:ing again|ing) in (\S+)`)
	last := began
	lines := s.lines[s.last().id]
	spoken := append(s.spoken[len(s.spoken)-len(lines):], time.Now())
	for i, at := range spoken {
		silence := at.Sub(last)
		if i > 0 {
			if found := announced.FindStringSubmatch(lines[i-1]); found != nil {
				wait, _ := time.ParseDuration(found[1])
				silence -= wait
			}
		}
		longest, last = max(longest, silence), at
	}
	return longest
}

// callsOf returns the last place of each call that the charm has made, among all calls of that name from message first
// on: all to JIMM, and those to controllers on connections on which it has logged in. The other calls are those of JIMM
// and of the controllers among themselves: if one takes long, a call to JIMM takes long, or the migration.
func callsOf(messages []wire.Event, first int) map[call]int {
	out, own, seen := map[call]int{}, map[string]bool{}, map[call]int{}
	for i, e := range messages {
		var m struct {
			Facade string `json:"type"`
			Method string `json:"request"`
			Params struct {
				User string `json:"auth-tag"`
			} `json:"params"`
		}
		if e.Kind != wire.Received || json.Unmarshal(e.Data, &m) != nil || m.Method == "Ping" {
			continue
		}
		c := call{e.Server, m.Facade, m.Method}
		if m.Method == "Login" {
			own[e.Conn] = slices.Contains([]string{"user-migrator", "user-jujuanonymous"}, m.Params.User)
		}
		if i < first {
			continue
		}
		if e.Server == "jimm" || own[e.Conn] {
			out[c] = seen[c]
		}
		seen[c]++
	}
	return out
}
