package cos_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/logql"
	"jimm-migrator/tests/unit"
)

// checkLogQL reads a query of LogQL, and checks that each selector selects by the
// charm or the application, and that events and fields are those that
// docs/reference/events.md lists.
func checkLogQL(text string, events, fields []string) error {
	query, err := logql.Parse(strings.NewReplacer("$__interval", "1m", "$__range", "1h").Replace(text))
	if err != nil {
		return err
	}
	var errs []error
	names := query.Names()
	for _, labels := range names.Streams {
		if !slices.Contains(labels, "juju_application") && !slices.Contains(labels, "juju_charm") {
			errs = append(errs, fmt.Errorf("labels %q would select the lines of other charms", labels))
		}
		for _, label := range labels {
			if !strings.HasPrefix(label, "juju_") {
				errs = append(errs, fmt.Errorf("%q is not a label of a stream of this charm", label))
			}
		}
	}
	for _, text := range names.Texts {
		for _, found := range regexp.MustCompile(`"event":"\(?([a-z|-]+)\)?"`).FindAllStringSubmatch(text, -1) {
			for event := range strings.SplitSeq(found[1], "|") {
				if !slices.Contains(events, event) {
					errs = append(errs, fmt.Errorf("there is no event %q", event))
				}
			}
		}
	}
	known := append([]string{"__error__", "juju_application", "juju_unit", "task"}, fields...)
	for _, field := range names.Fields {
		if !slices.Contains(known, field) {
			errs = append(errs, fmt.Errorf("there is no field %q", field))
		}
	}
	return errors.Join(errs...)
}

// documented reads docs/reference/events.md: the events, the fields of lines, and
// the alerts.
func documented(t *testing.T) (events, fields, alerts []string) {
	t.Helper()
	code := regexp.MustCompile("`([a-z_-]+)`")
	names := func(cell string) []string {
		var out []string
		for _, found := range code.FindAllStringSubmatch(cell, -1) {
			out = append(out, found[1])
		}
		return out
	}
	table := ""
	for line := range strings.SplitSeq(string(read(t, "../../docs/reference/events.md")), "\n") {
		cells := strings.Split(line, "|")
		switch {
		case len(cells) < 4:
			table = ""
		case table == "":
			table = strings.Fields(cells[1] + " none")[0]
		case strings.Contains(cells[1], "---"):
		case table == "field":
			fields = append(fields, names(cells[1])...)
		case table == "event":
			events = append(events, names(cells[1])...)
			fields = append(fields, names(cells[3])...)
		case table == "alert":
			alerts = append(alerts, strings.Trim(cells[1], " `"))
		}
	}
	if len(events) < 10 || len(fields) < 30 || len(alerts) < 5 {
		t.Fatalf("read %d events, %d fields, %d alerts", len(events), len(fields), len(alerts))
	}
	return events, fields, alerts
}

// TestAlertRules checks the rules as Loki gets them.
func TestAlertRules(t *testing.T) {
	events, fields, documentedAlerts := documented(t)
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(nil)})
	id, err := agent.AddRelation(charmtest.Relation{Endpoint: "logging", RemoteApp: "loki"})
	if err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "logging-relation-created", charmtest.HookDetails{Relation: id})
	raw := agent.LocalData(id, true)["alert_rules"]
	if strings.Contains(raw, "%%") {
		t.Error("a mark is left over")
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr         string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := json.Unmarshal([]byte(raw), &file); err != nil {
		t.Fatal(err)
	}
	var alerts, groups []string
	for _, group := range file.Groups {
		groups = append(groups, group.Name)
		for _, rule := range group.Rules {
			alerts = append(alerts, rule.Alert)
			if err := checkLogQL(rule.Expr, events, fields); err != nil {
				t.Errorf("%s: %v\n%s", rule.Alert, err, rule.Expr)
			}
			for _, label := range []string{"juju_model", "juju_model_uuid", "juju_application", "juju_charm", "severity"} {
				if rule.Labels[label] == "" {
					t.Errorf("%s has no label %s", rule.Alert, label)
				}
			}
			if rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
				t.Errorf("%s says too little: %v", rule.Alert, rule.Annotations)
			}
			for _, found := range regexp.MustCompile(`\$labels\.([a-z_]+)`).FindAllStringSubmatch(rule.Annotations["summary"]+rule.Annotations["description"], -1) {
				if !regexp.MustCompile(`by \([^)]*\b` + found[1] + `\b`).MatchString(rule.Expr) {
					t.Errorf("%s speaks of the label %s, which its result does not have", rule.Alert, found[1])
				}
			}
		}
	}
	slices.Sort(alerts)
	slices.Sort(documentedAlerts)
	if !slices.Equal(alerts, documentedAlerts) {
		t.Errorf("alerts are %v, documented are %v", alerts, documentedAlerts)
	}
	if slices.Sort(groups); len(slices.Compact(groups)) != len(file.Groups) {
		t.Error("two groups have one name")
	}
}

// TestDashboard checks the dashboard as Grafana's charm would read it.
func TestDashboard(t *testing.T) {
	events, fields, _ := documented(t)
	var board struct {
		Title, UID string
		Tags       []string
		Templating struct {
			List []struct {
				Name       string
				Datasource struct{ Type, UID string }
				Query      struct{ Label, Stream string }
			}
		}
		Panels []struct {
			ID                       int
			Type, Title, Description string
			Datasource               struct{ Type, UID string }
			GridPos                  struct{ X, Y, W, H int }
			Targets                  []struct{ RefID, Expr, QueryType string }
		}
	}
	if err := json.Unmarshal(read(t, "../../charm/files/grafana_dashboards/migrations.json"), &board); err != nil {
		t.Fatal(err)
	}
	if board.Title == "" || !regexp.MustCompile(`^[0-9a-f]{40}$`).MatchString(board.UID) || !slices.Contains(board.Tags, "charm: jimm-migrator") {
		t.Errorf("title %q, uid %q, tags %q", board.Title, board.UID, board.Tags)
	}
	// The variables that Grafana's charm would add query Prometheus, which never has this
	// charm.
	var variables []string
	for _, v := range board.Templating.List {
		variables = append(variables, v.Name)
		if v.Datasource.Type != "loki" || v.Query.Label != v.Name || !strings.HasPrefix(v.Query.Stream, `{juju_charm="jimm-migrator"`) {
			t.Errorf("variable %s: %+v", v.Name, v)
		}
	}
	if want := []string{"juju_model", "juju_model_uuid", "juju_application", "juju_unit"}; !slices.Equal(variables, want) {
		t.Errorf("variables %q, want %q", variables, want)
	}
	ids, cells := map[int]bool{}, map[[2]int]string{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.Title == "" || p.Description == "" || len(p.Targets) == 0 {
			t.Errorf("panel %d, %q: not unique, or without title, description or query", p.ID, p.Title)
		}
		ids[p.ID] = true
		if p.Datasource.Type != "loki" || p.Datasource.UID != "${lokids}" {
			t.Errorf("%s asks %+v", p.Title, p.Datasource)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%s lies over %q, or outside", p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
		for _, target := range p.Targets {
			if err := checkLogQL(target.Expr, events, fields); err != nil {
				t.Errorf("%s: %v\n%s", p.Title, err, target.Expr)
			}
			for _, variable := range variables {
				if !strings.Contains(target.Expr, variable+`=~"$`+variable+`"`) {
					t.Errorf("%s does not follow the choice of %s", p.Title, variable)
				}
			}
		}
	}
}

func TestTheLintFindsMistakes(t *testing.T) {
	events, fields := []string{"finish"}, []string{"outcome"}
	const good = `sum by (outcome) (count_over_time({juju_application="a"} |= ` + "`" + `"event":"finish"` + "`" + ` | json | outcome="x" [15m])) > 0`
	if err := checkLogQL(good, events, fields); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"))", ")"},
		{`"a"`, `"a`},
		{"[15m]", ""},
		{"[15m]", "[15]"},
		{`juju_application="a"`, ""},
		{`juju_application="a"`, "%%juju_topology%%"},
		{"by (outcome)", "by (result)"},
		{`| outcome=`, `| result=`},
		{`:"finish"`, `:"finished"`},
	} {
		if err := checkLogQL(strings.Replace(good, change[0], change[1], 1), events, fields); err == nil {
			t.Errorf("%q in place of %q is not found", change[1], change[0])
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
