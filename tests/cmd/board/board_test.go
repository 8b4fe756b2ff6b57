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

// The picture in the documentation is that of the dashboard which ships, over lines that
// the charm has sent. "make loki" holds every value in it against Loki's own engine.
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

// A panel that cannot be drawn as it is in Grafana is refused.
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
