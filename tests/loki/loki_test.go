package loki_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/dskit/user"
	"github.com/grafana/loki/v3/pkg/logproto"
	"github.com/grafana/loki/v3/pkg/logql"
	"github.com/grafana/loki/v3/pkg/logqlmodel"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

var evaluations = flag.String("evaluations", "", "file that the tests of the charm have written")

// evaluation is a query that a test of the charm has evaluated: see tests/logql.
type evaluation struct {
	Query   string
	At      time.Time
	Entries []struct {
		Labels map[string]string
		At     time.Time
		Line   string
	}
	Lines   []string
	Samples []struct {
		Labels map[string]string
		Value  float64
	}
}

// streams returns the lines in Loki's form.
func (e evaluation) streams() []logproto.Stream {
	byLabels := map[string][]logproto.Entry{}
	for _, entry := range e.Entries {
		key := labels.FromMap(entry.Labels).String()
		byLabels[key] = append(byLabels[key], logproto.Entry{Timestamp: entry.At, Line: entry.Line})
	}
	var out []logproto.Stream
	for _, key := range slices.Sorted(maps.Keys(byLabels)) {
		entries := byLabels[key]
		slices.SortStableFunc(entries, func(a, b logproto.Entry) int { return a.Timestamp.Compare(b.Timestamp) })
		out = append(out, logproto.Stream{Labels: key, Entries: entries})
	}
	return out
}

// want is the result of the charm's test, sorted.
func (e evaluation) want() []string {
	out := slices.Clone(e.Lines)
	for _, sample := range e.Samples {
		out = append(out, text(sample.Labels, sample.Value))
	}
	slices.Sort(out)
	return out
}

// ask returns Loki's result, sorted. A query for lines reads the last day.
func (e evaluation) ask(t *testing.T) []string {
	t.Helper()
	start := e.At
	if !strings.Contains(e.Query, "_time(") {
		start = e.At.Add(-24 * time.Hour)
	}
	params, err := logql.NewLiteralParams(e.Query, start, e.At, 0, 0, logproto.FORWARD, math.MaxInt32, nil, nil)
	if err != nil {
		t.Fatalf("Loki does not take %s: %v", e.Query, err)
	}
	engine := logql.NewEngine(logql.EngineOpts{}, logql.NewMockQuerier(0, e.streams()), logql.NoLimits, nil)
	result, err := engine.Query(params).Exec(user.InjectOrgID(t.Context(), "fake"))
	if err != nil {
		t.Fatalf("Loki does not evaluate %s: %v", e.Query, err)
	}
	var out []string
	switch data := result.Data.(type) {
	case logqlmodel.Streams:
		for _, stream := range data {
			for _, entry := range stream.Entries {
				out = append(out, entry.Line)
			}
		}
	case promql.Vector:
		for _, sample := range data {
			out = append(out, text(sample.Metric.Map(), sample.F))
		}
	default:
		t.Fatalf("%s gives a %T", e.Query, data)
	}
	slices.Sort(out)
	return out
}

// text is a sample, without labels that are empty.
func text(set map[string]string, value float64) string {
	set = maps.Clone(set)
	maps.DeleteFunc(set, func(_, value string) bool { return value == "" })
	return fmt.Sprintf("%s %.6g", labels.FromMap(set), value)
}

func TestLoki_GivesWhatTheTestsOfTheCharmExpect(t *testing.T) {
	file, err := os.Open(*evaluations)
	if err != nil {
		t.Fatalf("this test needs -evaluations (%v): run make loki", err)
	}
	defer file.Close()
	queries, results := map[string]bool{}, 0
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 64<<20)
	for scanner.Scan() {
		var e evaluation
		if err := json.Unmarshal(scanner.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		want, got := e.want(), e.ask(t)
		if !slices.Equal(want, got) {
			t.Errorf("%s\nLoki:        %q\ntests/logql: %q", e.Query, got, want)
		}
		queries[e.Query] = true
		results += len(got)
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	if len(queries) < 15 || results < 20 {
		t.Errorf("only %d queries with %d results were evaluated", len(queries), results)
	}
	t.Logf("Loki's engine and the tests of the charm agree on %d queries, with %d results", len(queries), results)
}
