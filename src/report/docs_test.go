package report_test

import (
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/src/report"
	"jimm-migrator/tests/constants"
)

// page is a page of the reference, by sections.
func page(t *testing.T, name string) map[string]string {
	t.Helper()
	data, err := os.ReadFile("../../docs/reference/" + name)
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for part := range strings.SplitSeq("\n"+string(data), "\n## ") {
		title, text, _ := strings.Cut(part, "\n")
		sections[title] = text
	}
	return sections
}

// table returns the first cells of the table with a header that begins with this word.
func table(t *testing.T, section, header string) [][]string {
	t.Helper()
	_, rest, found := strings.Cut(section, "\n| "+header+" |")
	if !found {
		t.Fatalf("no table %q", header)
	}
	var rows [][]string
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "| ") {
			if len(rows) > 0 {
				break
			}
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

var code = regexp.MustCompile("`([^`]+)`")

// codeWords are the code words of a cell; one that begins with a dot continues the
// one before.
func codeWords(cell string) []string {
	var out []string
	for _, found := range code.FindAllStringSubmatch(cell, -1) {
		word := found[1]
		if strings.HasPrefix(word, ".") && len(out) > 0 {
			before := out[len(out)-1]
			word = before[:strings.LastIndex(before, ".")] + word
		}
		out = append(out, word)
	}
	return out
}

// documented are the result keys of an action.
func documented(t *testing.T, action string) []string {
	t.Helper()
	var out []string
	for _, row := range table(t, page(t, "actions.md")[action], "result") {
		out = append(out, codeWords(row[0])...)
	}
	slices.Sort(out)
	return out
}

// flat are the keys of nested results; the keys below those given become one.
func flat(results map[string]any, replace map[string]string) []string {
	seen := map[string]bool{}
	var walk func(path string, value any)
	walk = func(path string, value any) {
		inner, ok := value.(map[string]any)
		if !ok {
			seen[path] = true
			return
		}
		for key, below := range inner {
			if name := replace[path]; name != "" {
				key = name
			}
			walk(strings.TrimPrefix(path+"."+key, "."), below)
		}
	}
	walk("", results)
	return slices.Sorted(maps.Keys(seen))
}

const (
	canary = "c4n4ry-of-the-secret"
	prod   = "11111111-1111-4111-8111-111111111111"
)

// run is a run with all fields set.
var run = report.Run{Unit: "jimm-migrator/0", CLI: "jimmctl", Took: time.Minute, Verbose: true}

// accessKeys are the keys of check-access with all that it may have.
func accessKeys() []string {
	west := facts.Controller{Name: "west", UUID: "1"}
	keys := map[string]bool{}
	for _, accounts := range []report.Accounts{
		{Problem: "x", Remedy: "y"},
		{
			Users: map[string]string{"west": "admin", "east": "admin"}, Controllers: []facts.Controller{west}, UpdateCommand: "x",
			Tried: map[string]facts.Account{"west": {State: facts.AccountRefused, User: "admin", Version: "3.6.14", Err: errors.New("no")}},
		},
	} {
		for _, administrator := range []bool{true, false} {
			access := report.Access{Identity: "x", Administrator: administrator, URL: "x", Generation: "x", Version: "x", GrantCommand: "x", Accounts: accounts}
			for _, key := range flat(report.AccessResults(access), map[string]string{"controllers": "NAME"}) {
				keys[key] = true
			}
		}
	}
	return slices.Collect(maps.Keys(keys))
}

// others are findings that are not failures.
func others() []checks.Finding {
	return []checks.Finding{
		{Check: checks.Source, Level: checks.Warn, Evidence: "a", Remedy: "b"},
		{Check: checks.Versions, Level: checks.Pass, Evidence: "a"},
		{Check: checks.Conflict, Level: checks.Skip, Evidence: "a"},
	}
}

// everything is a result in which nothing is empty.
func everything() migration.Result {
	c := func(name string) facts.Controller {
		return facts.Controller{Name: name, UUID: "aaaaaaaa-0000-4000-8000-000000000001", AgentVersion: "3.6.14", Cloud: "aws", Region: "x", Status: "available"}
	}
	return migration.Result{
		Outcome: facts.ChecksPassed, Step: facts.StepCheck, Cause: facts.CauseAnswer, Detail: "no", Hint: "no", Err: errors.New("no"), Plan: migration.PlanStart,
		Model:  facts.Model{UUID: prod, Name: "prod", Owner: "alice@example.com", Users: []string{"alice@example.com=admin"}},
		Source: c("west"), Target: c("east"), Recorded: c("west"), Holder: c("west"),
		Findings:    append([]checks.Finding{{Check: checks.TargetCopy, Level: checks.Fail, Evidence: "a", Remedy: "b", Ignored: true}}, others()...),
		MigrationID: "1", Attempt: facts.Attempt{Text: "starting", Start: time.Unix(1, 0), End: time.Unix(2, 0)}, Attached: true, Proof: "p",
		Aftermath: migration.Aftermath{
			Findings: append([]checks.Finding{{Check: migration.VerifyAgents, Level: checks.Fail, Evidence: "a", Remedy: "b"}}, others()...),
			Missing:  []string{"unit web/0"}, FollowUps: []migration.FollowUp{{ID: "keep-source", Why: "a", Do: "b"}},
		},
		Timing: migration.Timing{Started: time.Unix(1, 0), Quiesced: time.Unix(2, 0), NoReturn: time.Unix(3, 0), Active: time.Unix(4, 0), Recorded: time.Unix(5, 0), Finished: time.Unix(6, 0), Unserved: time.Second},
	}
}

func TestReferenceHasTheResultsOfTheCode(t *testing.T) {
	r := everything()
	location := locate.Location{
		Model: r.Model, State: locate.StateMoved, Recorded: r.Source, Holder: r.Target, Copies: []facts.Controller{r.Target}, Attempt: r.Attempt,
		Drift: true, Repair: "x", Proof: "y", Asked: 2, Silent: []facts.Controller{r.Target},
	}
	migrated := report.MigrationResults(r, run)
	migrated["repair"] = report.Repair(lostModel(), "jimmctl")
	migrated["error"].(map[string]any)["code"] = "x"
	located := report.LocatedResults(locate.Found{Locations: []locate.Location{location}, Matches: 1, Known: 1, Gaps: errors.New("x")}, 1, "jimm-migrator/0")
	paged := report.LocatedResults(locate.Found{Locations: []locate.Location{location}, Matches: 1000, Known: 1000}, 1, "jimm-migrator/0")
	maps.Copy(located, paged)
	for action, got := range map[string][]string{
		"migrate-model": flat(migrated, map[string]string{
			"checks.failed": "ID", "checks.warned": "ID", "checks.all": "ID", "verify.failed": "ID", "verify.warned": "ID", "verify.all": "ID", "after": "ID",
		}),
		"locate-model":     flat(located, map[string]string{"models": "UUID"}),
		"list-controllers": flat(controllersResults(r), map[string]string{"controllers": "NAME"}),
		"migration-status": statusKeys(r),

		"collect-diagnostics": diagnosticsKeys(),

		"record-model":     flat(recordedResults(r), nil),
		"remove-left-over": flat(removedResults(r), nil),
		"check-access":     accessKeys(),
	} {
		slices.Sort(got)
		if diff := cmp.Diff(documented(t, action), got); diff != "" {
			t.Errorf("%s: documented and set differ (-documented +set):\n%s", action, diff)
		}
	}
}

// controllersResults has all that list-controllers may have.
func controllersResults(r migration.Result) map[string]any {
	s := fleet.Snapshot{Controllers: []facts.Controller{r.Source}, Models: []facts.Model{r.Model}, Gaps: []string{"x"}}
	out := report.ControllersResults(s, nil, errors.New("x"))
	maps.Copy(out, report.ControllersResults(s, map[string]time.Time{r.Source.Name: time.Now()}, nil))
	return out
}

// values are the values of the constants of a type of the engine, without the empty one.
func values(t *testing.T, folder, typeName string) []string {
	t.Helper()
	return constants.Values(constants.Of(t, "../migration/"+folder, typeName))
}

func firstWords(rows [][]string) []string {
	var out []string
	for _, row := range rows {
		out = append(out, codeWords(row[0])...)
	}
	slices.Sort(out)
	return out
}

func TestReferenceHasTheOutcomesOfTheCode(t *testing.T) {
	data, err := os.ReadFile("../../docs/reference/outcomes.md")
	if err != nil {
		t.Fatal(err)
	}
	good, bad, _ := strings.Cut(string(data), "The action **fails** with")
	outcomes := append(firstWords(table(t, good, "outcome")), firstWords(table(t, bad, "outcome"))...)
	slices.Sort(outcomes)
	if diff := cmp.Diff(outcomes, values(t, "facts", "Outcome")); diff != "" {
		t.Errorf("outcomes (-documented +code):\n%s", diff)
	}
	for _, outcome := range firstWords(table(t, good, "outcome")) {
		if !facts.Outcome(outcome).Succeeded() {
			t.Errorf("%s is documented as a success", outcome)
		}
	}
	for _, outcome := range firstWords(table(t, bad, "outcome")) {
		if facts.Outcome(outcome).Succeeded() {
			t.Errorf("%s is documented as a failure", outcome)
		}
	}
	if diff := cmp.Diff(firstWords(table(t, string(data), "cause")), values(t, "facts", "Cause")); diff != "" {
		t.Errorf("causes (-documented +code):\n%s", diff)
	}
	waits := strings.Join(slices.Concat(table(t, page(t, "outcomes.md")["How long the waits are"], "wait")...), "\n")
	for _, d := range []time.Duration{
		migration.TimeToBegin, migration.TimeToResolve, migration.TimeToRecord, migration.TimeBetweenRecords, migration.TimeForReport, migration.TimeToConfirm,
		migration.TimeForRecordModel, migration.TimeToStall, migration.TimeToStallTransfer, migration.TimeToSeeAgents, migration.TimeBetweenInventories, migration.TimeToRecover,
		migration.TimeToRemove, migration.TimeForRemoval, migration.FirstHeartbeat, migration.LastHeartbeat,
	} {
		if text := short(d); !regexp.MustCompile(`\b` + text + `\b`).MatchString(waits) {
			t.Errorf("no wait of %s is documented", text)
		}
	}
}

// short prints a duration as the page does: 1h, 3m, 2m10s.
func short(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	case d%time.Minute == 0:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	default:
		return d.String()
	}
}

func TestReferenceHasThePlansStatesAndStepsOfTheCode(t *testing.T) {
	sections := page(t, "actions.md")
	for section, documented := range map[string][]string{
		"migrate-model": slices.Concat(values(t, "", "Plan"), values(t, "facts", "Step"), values(t, "checks", "Level")),
		"locate-model":  values(t, "locate", "State"),
	} {
		for _, value := range documented {
			if !strings.Contains(sections[section], "`"+value+"`") {
				t.Errorf("%s: %q is not documented", section, value)
			}
		}
	}
}

func TestReferenceHasTheChecksOfTheCode(t *testing.T) {
	rows := table(t, page(t, "checks.md")[""], "check")
	var ids []string
	for _, row := range rows {
		id := checks.ID(codeWords(row[0])[0])
		ids = append(ids, string(id))
		want := "no"
		switch {
		case id.Ignorable():
			want = "yes"
		case !strings.Contains(row[2], "*fail*:"):
			want = "it never fails"
		}
		if row[4] != want {
			t.Errorf("check %s: %q is documented for whether it can be ignored, want %q", id, row[4], want)
		}
	}
	want := make([]string, 0, len(ids))
	for _, id := range checks.IDs() {
		want = append(want, string(id))
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("checks, in their order (-code +documented):\n%s", diff)
	}
	var verify []string
	for _, row := range table(t, page(t, "checks.md")["After the migration"], "verify") {
		verify = append(verify, codeWords(row[0])...)
	}
	want = []string{string(migration.VerifyAgents), string(migration.VerifyContents), string(migration.VerifyRecord), string(migration.VerifyAccess)}
	if diff := cmp.Diff(want, verify); diff != "" {
		t.Errorf("findings about a model that has moved (-code +documented):\n%s", diff)
	}
}

func TestReferenceHasThePhasesOfTheCode(t *testing.T) {
	var want []string
	for p := facts.PhaseUnknown; ; p++ {
		name := p.String()
		if p != facts.PhaseUnknown && name == facts.PhaseUnknown.String() {
			break
		}
		want = append(want, name)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, firstWords(table(t, page(t, "outcomes.md")["What a crash means"], "phase"))); diff != "" {
		t.Errorf("phases (-code +documented):\n%s", diff)
	}
}

// The page has every verdict of many observations, and every placement of one.
func TestExplanationHasTheVerdictsOfTheCode(t *testing.T) {
	sections := page(t, "../explanation/how-a-migration-is-judged.md")
	for typeName, at := range map[string][2]string{"Kind": {"Verdicts", "verdict"}, "Placement": {"One observation alone", "placement"}} {
		want := constants.Names(constants.Of(t, "../migration/judge", typeName))
		if diff := cmp.Diff(want, firstWords(table(t, sections[at[0]], at[1]))); diff != "" {
			t.Errorf("%s (-code +documented):\n%s", typeName, diff)
		}
	}
}

// Events name a verdict as the code and the page do.
func TestVerdictsAreCalledAsInTheCode(t *testing.T) {
	for i, c := range constants.Of(t, "../migration/judge", "Kind") {
		if got := judge.Kind(i).String(); got != c.Name {
			t.Errorf("%s is called %q", c.Name, got)
		}
	}
}
