package report_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/report"
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

// table returns the first cells of the table whose header begins with that word.
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

// names are the code words of a cell; one that begins with a dot continues the
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

// run is a run whose values are all set.
var run = report.Run{Unit: "jimm-migrator/0", CLI: "jimmctl", Took: time.Minute}

// accessKeys are the keys of check-access with all that it may have.
func accessKeys() []string {
	west := migration.Controller{Name: "west", UUID: "1"}
	keys := map[string]bool{}
	for _, accounts := range []report.Accounts{
		{Problem: "x", Remedy: "y"},
		{
			Users: map[string]string{"west": "admin", "east": "admin"}, Controllers: []migration.Controller{west}, UpdateCommand: "x",
			Tried: map[string]migration.AdminAccess{"west": {State: migration.AdminRefused, User: "admin", Version: "3.6.14", Err: errors.New("no")}},
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

// everything is a result in which nothing is empty.
func everything() migration.Result {
	c := func(name string) migration.Controller {
		return migration.Controller{Name: name, UUID: "aaaaaaaa-0000-4000-8000-000000000001", AgentVersion: "3.6.14", Cloud: "aws", Region: "x", Status: "available"}
	}
	return migration.Result{
		Outcome: migration.ChecksPassed, Step: migration.StepCheck, Cause: migration.CauseAnswer, Detail: "no", Hint: "no", Err: errors.New("no"), Plan: migration.PlanStart,
		Model:  migration.Model{UUID: prod, Name: "prod", Owner: "alice@example.com", Users: []string{"alice@example.com=admin"}},
		Source: c("west"), Target: c("east"), Recorded: c("west"), Holder: c("west"),
		Findings:    []migration.Finding{{Check: migration.CheckTargetCopy, Level: migration.Fail, Evidence: "a", Remedy: "b", Ignored: true}},
		MigrationID: "1", Attempt: migration.Attempt{Text: "starting", Start: time.Unix(1, 0), End: time.Unix(2, 0)}, Attached: true, Proof: "p",
		Aftermath: migration.Aftermath{
			Findings: []migration.Finding{{Check: migration.VerifyAgents, Level: migration.Fail, Evidence: "a", Remedy: "b"}},
			Missing:  []string{"unit web/0"}, Chores: []migration.Chore{{ID: "keep-source", Why: "a", Do: "b"}},
		},
		Timing: migration.Timing{Started: time.Unix(1, 0), Quiesced: time.Unix(2, 0), NoReturn: time.Unix(3, 0), Active: time.Unix(4, 0), Recorded: time.Unix(5, 0), Finished: time.Unix(6, 0), Unserved: time.Second},
	}
}

func TestReferenceHasTheResultsOfTheCode(t *testing.T) {
	r := everything()
	location := migration.Location{
		Model: r.Model, State: migration.StateMoved, Recorded: r.Source, Holder: r.Target, Copies: []migration.Controller{r.Target}, Attempt: r.Attempt,
		Drift: true, Repair: "x", Proof: "y", Asked: 2, Silent: []migration.Controller{r.Target},
	}
	migrated := report.MigrationResults(r, run)
	lost := everything()
	lost.Outcome = migration.LostFromJIMM
	lost.Model.Users = append(lost.Model.Users, "bob@example.com=read")
	migrated["repair"] = report.Repair(lost, "jimmctl")
	migrated["error"].(map[string]any)["code"] = "x"
	located := report.LocatedResults(migration.Located{Locations: []migration.Location{location}, Matches: 1, Known: 1, Gaps: errors.New("x")}, 1)
	paged := report.LocatedResults(migration.Located{Locations: []migration.Location{location}, Matches: 1000, Known: 1000}, 1)
	maps.Copy(located, paged)
	for action, got := range map[string][]string{
		"migrate-model":    flat(migrated, map[string]string{"checks": "ID", "verify": "ID", "after": "ID"}),
		"locate-model":     flat(located, map[string]string{"models": "UUID"}),
		"list-controllers": flat(report.ControllersResults([]migration.Controller{r.Source}, []migration.Model{r.Model}), map[string]string{"controllers": "NAME"}),
		"migration-status": statusKeys(r),

		"collect-diagnostics": diagnosticsKeys(),

		"record-model": flat(recordedResults(r), nil),
		"check-access": accessKeys(),
	} {
		slices.Sort(got)
		if diff := cmp.Diff(documented(t, action), got); diff != "" {
			t.Errorf("%s: documented and set differ (-documented +set):\n%s", action, diff)
		}
	}
}

// constants are the values of the string constants of a type.
func constants(t *testing.T, file, typeName string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "../migration/"+file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if ident, ok := spec.Type.(*ast.Ident); ok && ident.Name == typeName {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err == nil && value != "" {
				out = append(out, value)
			}
		}
		return true
	})
	slices.Sort(out)
	return out
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
	if diff := cmp.Diff(outcomes, constants(t, "outcome.go", "Outcome")); diff != "" {
		t.Errorf("outcomes (-documented +code):\n%s", diff)
	}
	for _, outcome := range firstWords(table(t, good, "outcome")) {
		if !migration.Outcome(outcome).Succeeded() {
			t.Errorf("%s is documented as a success", outcome)
		}
	}
	for _, outcome := range firstWords(table(t, bad, "outcome")) {
		if migration.Outcome(outcome).Succeeded() {
			t.Errorf("%s is documented as a failure", outcome)
		}
	}
	if diff := cmp.Diff(firstWords(table(t, string(data), "cause")), constants(t, "outcome.go", "Cause")); diff != "" {
		t.Errorf("causes (-documented +code):\n%s", diff)
	}
	waits := strings.Join(slices.Concat(table(t, page(t, "outcomes.md")["How long the waits are"], "wait")...), "\n")
	for _, n := range []int{migration.PollsToStart, migration.PollsToSettle, migration.PollsToRecord, migration.PollsBetweenRecords, migration.PollsToBeat, migration.PollsToBeatLast, migration.PollsToConfirm, migration.PollsToRecordModel, migration.PollsToStall, migration.PollsToStallTransfer} {
		if !regexp.MustCompile(`\b` + strconv.Itoa(n) + `\b`).MatchString(waits) {
			t.Errorf("no wait of %d polls is documented", n)
		}
	}
}

func TestReferenceHasThePlansStatesAndStepsOfTheCode(t *testing.T) {
	sections := page(t, "actions.md")
	for section, values := range map[string][]string{
		"migrate-model": append(constants(t, "plan.go", "Plan"), append(constants(t, "outcome.go", "Step"), constants(t, "finding.go", "Level")...)...),
		"locate-model":  constants(t, "locate.go", "State"),
	} {
		for _, value := range values {
			if !strings.Contains(sections[section], "`"+value+"`") {
				t.Errorf("%s: %q is not documented", section, value)
			}
		}
	}
}

func TestReferenceHasTheChecksOfTheCode(t *testing.T) {
	levels := levelsOfChecks(t)
	rows := table(t, page(t, "checks.md")[""], "check")
	var ids []string
	for _, row := range rows {
		id := migration.CheckID(codeWords(row[0])[0])
		ids = append(ids, string(id))
		want := "no"
		switch {
		case id.Ignorable():
			want = "yes"
		case !slices.Contains(levels[string(id)], "Fail"):
			want = "it never fails"
		}
		if row[4] != want {
			t.Errorf("check %s: %q is documented for whether it can be ignored, want %q", id, row[4], want)
		}
		if diff := cmp.Diff(levels[string(id)], levelsIn(row[2])); diff != "" {
			t.Errorf("check %s: verdicts (-code +documented):\n%s", id, diff)
		}
	}
	want := make([]string, 0, len(ids))
	for _, id := range migration.CheckIDs() {
		want = append(want, string(id))
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("checks, in their order (-code +documented):\n%s", diff)
	}
	var verify []string
	for _, row := range table(t, page(t, "checks.md")["After the migration"], "verify") {
		verify = append(verify, codeWords(row[0])...)
	}
	want = nil
	for _, id := range migration.VerifyIDs() {
		want = append(want, string(id))
	}
	if diff := cmp.Diff(want, verify); diff != "" {
		t.Errorf("findings about a model that has moved (-code +documented):\n%s", diff)
	}
}

// levelsIn are the verdicts that a cell explains, as the code calls them.
func levelsIn(cell string) (out []string) {
	for _, found := range regexp.MustCompile(`\*(fail|warn|skip)\*:`).FindAllStringSubmatch(cell, -1) {
		out = append(out, strings.ToUpper(found[1][:1])+found[1][1:])
	}
	return out
}

// levelsOfChecks reads from the code which verdicts but Pass each check can have by
// itself, in the order Fail, Warn, Skip.
func levelsOfChecks(t *testing.T) map[string][]string {
	t.Helper()
	parsed, err := parser.ParseDir(token.NewFileSet(), "../migration", func(f os.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0) //nolint:staticcheck // One folder, no build tags.
	if err != nil {
		t.Fatal(err)
	}
	bodies, ids, checks := map[string]*ast.BlockStmt{}, map[string]string{}, map[string]string{}
	for _, file := range parsed["migration"].Files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Type.Results != nil && len(n.Type.Results.List) == 1 {
					if of, ok := n.Type.Results.List[0].Type.(*ast.Ident); ok && of.Name == "Finding" {
						bodies[n.Name.Name] = n.Body
					}
				}
			case *ast.ValueSpec:
				if of, ok := n.Type.(*ast.Ident); ok && of.Name == "CheckID" {
					ids[n.Names[0].Name], _ = strconv.Unquote(n.Values[0].(*ast.BasicLit).Value)
				}
			case *ast.CompositeLit: // a row of allChecks
				if len(n.Elts) == 5 {
					id, isID := n.Elts[0].(*ast.Ident)
					run, isRun := n.Elts[4].(*ast.Ident)
					if isID && isRun && strings.HasPrefix(id.Name, "Check") {
						checks[id.Name] = run.Name
					}
				}
			}
			return true
		})
	}
	out := map[string][]string{}
	for id, run := range checks {
		said := map[string]bool{}
		collectLevels(bodies, run, said)
		for _, level := range []string{"Fail", "Warn", "Skip"} {
			if said[level] {
				out[ids[id]] = append(out[ids[id]], level)
			}
		}
	}
	return out
}

// collectLevels notes the verdicts in a function, and in those that it calls and that
// return findings.
func collectLevels(bodies map[string]*ast.BlockStmt, name string, said map[string]bool) {
	if said[name] || bodies[name] == nil {
		return
	}
	said[name] = true
	ast.Inspect(bodies[name], func(n ast.Node) bool {
		if ident, ok := n.(*ast.Ident); ok {
			said[ident.Name] = said[ident.Name] || slices.Contains([]string{"Fail", "Warn", "Skip"}, ident.Name)
			collectLevels(bodies, ident.Name, said)
		}
		return true
	})
}

func TestReferenceHasThePhasesOfTheCode(t *testing.T) {
	var want []string
	for p := migration.PhaseUnknown; ; p++ {
		name := p.String()
		if p != migration.PhaseUnknown && name == migration.PhaseUnknown.String() {
			break
		}
		want = append(want, name)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, firstWords(table(t, page(t, "outcomes.md")["What a crash means"], "phase"))); diff != "" {
		t.Errorf("phases (-code +documented):\n%s", diff)
	}
}

func TestExplanationHasTheVerdictsOfTheCode(t *testing.T) {
	parsed, err := parser.ParseFile(token.NewFileSet(), "../migration/verdict.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if name, ok := strings.CutPrefix(spec.Names[0].Name, "Verdict"); ok {
				want = append(want, name)
			}
		}
		return true
	})
	slices.Sort(want)
	if diff := cmp.Diff(want, firstWords(table(t, page(t, "../explanation/how-a-migration-is-judged.md")["Verdicts"], "verdict"))); diff != "" {
		t.Errorf("verdicts (-code +documented):\n%s", diff)
	}
}
