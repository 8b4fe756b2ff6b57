// Command board draws the charm's dashboard for Grafana as a still picture, in SVG. The panels are those of the
// dashboard that ships. They show the results of their queries right after the last line that a run in a simulated JAAS
// has sent to Loki.
//
//	go run ./tests/cmd/board > docs/pictures/dashboard.svg
//
// The lines are those of testdata/lines.jsonl, which "jaas-sim serve --lines" has written, without those of single
// checks.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"jimm-migrator/tests/logql"
)

func main() {
	dashboard := flag.String("dashboard", "charm/files/grafana_dashboards/migrations.json", "the dashboard")
	lines := flag.String("lines", "tests/cmd/board/testdata/lines.jsonl", "the lines in Loki")
	flag.Parse()
	if err := run(os.Stdout, *dashboard, *lines); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:forbidigo // this is a main
	}
}

// run draws the dashboard.
func run(out io.Writer, dashboard, lines string) error {
	b, err := readBoard(dashboard)
	if err != nil {
		return err
	}
	entries, err := readLines(lines)
	if err != nil {
		return err
	}
	return draw(out, b, entries, evaluate)
}

// board is the part of a dashboard that is drawn.
type board struct {
	Title  string
	Panels []panel
}

// panel is a panel of a dashboard.
type panel struct {
	Type, Title string
	GridPos     struct{ X, Y, W, H int }
	Targets     []struct{ Expr, LegendFormat string }
	FieldConfig struct {
		Defaults struct {
			Unit       string
			Thresholds struct {
				Steps []struct {
					Color string
					Value *float64
				}
			}
		}
	}
}

func readBoard(path string) (b board, err error) {
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &b)
	}
	if err != nil {
		return b, fmt.Errorf("cannot read the dashboard: %w", err)
	}
	return b, nil
}

// readLines reads entries, the oldest first.
func readLines(path string) ([]logql.Entry, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the lines: %w", err)
	}
	defer file.Close()
	var entries []logql.Entry
	for decoder := json.NewDecoder(bufio.NewReader(file)); decoder.More(); {
		var e logql.Entry
		if err := decoder.Decode(&e); err != nil {
			return nil, fmt.Errorf("cannot read the lines: %w", err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// evaluate returns the result of a query over entries, at a time.
func evaluate(query string, entries []logql.Entry, at time.Time) (logql.Evaluation, error) {
	q, err := logql.Parse(query)
	if err != nil {
		return logql.Evaluation{}, err
	}
	e := logql.Evaluation{Query: query, At: at, Entries: entries, Samples: q.Vector(entries, at)}
	for _, entry := range q.Lines(entries) {
		e.Lines = append(e.Lines, entry.Line)
	}
	return e, nil
}
