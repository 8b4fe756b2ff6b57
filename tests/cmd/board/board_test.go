package main_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	main "jimm-migrator/tests/cmd/board"
	"jimm-migrator/tests/logql"
)

const (
	dashboard = "../../../charm/files/grafana_dashboards/migrations.json"
	lines     = "testdata/lines.jsonl"
	picture   = "../../../docs/pictures/dashboard.svg"
)

// evaluations is the file that "make loki" reads.
var evaluations = flag.String("evaluations", "", "file to add the evaluated queries of Loki to; default none")

// The picture in the documentation shows the dashboard that ships, over lines that the charm has sent. "make loki"
// compares every value in it with the result of Loki's own engine.
func TestPicture_IsOfTheDashboardThatShips(t *testing.T) {
	t.Parallel()
	b, err := main.ReadBoard(dashboard)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := main.ReadLines(lines)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	ask := func(query string, entries []logql.Entry, at time.Time) (logql.Evaluation, error) {
		asked++
		e, err := main.Evaluate(query, entries, at)
		if err == nil && *evaluations != "" && len(e.Samples)+len(e.Lines) > 0 {
			err = e.Append(*evaluations)
		}
		return e, err
	}
	var drawn bytes.Buffer
	if err := main.Draw(&drawn, b, entries, ask); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, drawn.Bytes()) {
		t.Error("docs/pictures/dashboard.svg is not of this dashboard: make board draws it again")
	}
	for _, panel := range b.Panels {
		if !strings.Contains(drawn.String(), ">"+panel.Title+"</text>") {
			t.Errorf("the panel %q is not in the picture", panel.Title)
		}
	}
	if strings.Contains(drawn.String(), "No data") || asked < len(b.Panels) {
		t.Errorf("a panel is empty, or was not asked for: %d queries", asked)
	}
}

// The axes have few labels, and round ones.
func TestTick(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		unit       string
		most, want float64
	}{
		{"short", 1, 1},
		{"short", 2, 1},
		{"short", 5, 2},
		{"short", 48, 10},
		{"short", 4000, 1000},
		{"s", 4, 1},
		{"s", 70, 15},
		{"s", 22 * 60, 5 * 60},
		{"s", 3600, 15 * 60},
		{"s", 12 * 3600, 4 * 3600},
	} {
		if got := main.Tick(c.unit, c.most); got != c.want {
			t.Errorf("up to %v in the unit %q, there is a tick at every %v, want %v", c.most, c.unit, got, c.want)
		}
	}
}

// Every series in the picture has its name in the legend.
func TestPicture_NamesEverySeries(t *testing.T) {
	t.Parallel()
	drawn, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	curves := strings.Count(string(drawn), `fill="none" stroke="#`)
	names := strings.Count(string(drawn), `width="12" height="4"`)
	if curves == 0 || curves != names {
		t.Errorf("%d series are drawn, and %d are in the legend", curves, names)
	}
}

// A panel that cannot be drawn as in Grafana is refused.
func TestDraw_RefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	entries := []logql.Entry{{At: time.Unix(1, 0), Labels: map[string]string{"app": "x"}, Line: "{}"}}
	for text, want := range map[string]string{
		`{"panels": [{"type": "heatmap", "title": "Hot", "targets": [{"expr": "{app=\"x\"}"}]}]}`:                 `"heatmap" is not known`,
		`{"panels": [{"type": "stat", "title": "Odd", "targets": [{"expr": "rate()"}]}]}`:                         `the panel "Odd"`,
		`{"panels": [{"type": "logs", "title": "Some", "targets": [{"expr": "{app=\"x\"} |= ` + "`no`" + `"}]}]}`: `it shows 0 of 1 lines`,
	} {
		path := t.TempDir() + "/board.json"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := main.ReadBoard(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := main.Draw(&bytes.Buffer{}, b, entries, main.Evaluate); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if err := main.Draw(&bytes.Buffer{}, main.Board{}, nil, main.Evaluate); err == nil {
		t.Error("a dashboard without lines is drawn")
	}
}
