package logql_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/tests/logql"
)

func entries() []logql.Entry {
	begin := time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)
	var out []logql.Entry
	for minute, line := range []string{
		`{"event":"start","task":"1","app":"inner"}`,
		`{"event":"beat","task":"1","still":30}`,
		`{"event":"beat","task":"1","still":90}`,
		`{"event":"end","task":"1","ok":true,"still":7.5}`,
		`{"event":"start","task":"2"}`,
		`no JSON, "event":"end"`,
	} {
		out = append(out, logql.Entry{At: begin.Add(time.Duration(minute) * time.Minute), Labels: map[string]string{"app": "x"}, Line: line})
	}
	return append(out, logql.Entry{At: begin, Labels: map[string]string{"app": "other"}, Line: `{"event":"start","task":"9"}`})
}

func TestVectors(t *testing.T) {
	at := time.Date(2026, 7, 1, 10, 6, 0, 0, time.UTC)
	for query, want := range map[string][]string{
		`sum(count_over_time({app="x"} [1h]))`:                                                                                                                      {"map[] 6"},
		`count_over_time({app=~"o.*"} | json [1h])`:                                                                                                                 {"map[app:other event:start task:9] 1"},
		"sum by (task) (count_over_time({app=\"x\"} |= `\"event\":\"start\"` | json [1h]))":                                                                         {"map[task:1] 1", "map[task:2] 1"},
		"sum by (task) (count_over_time({app=\"x\"} |~ `\"event\":\"(start|end)\"` | json [1h])) > 1":                                                               {"map[task:1] 2"},
		`sum(count_over_time({app="x"} | json | ok="true" [1h]))`:                                                                                                   {"map[] 1"},
		`sum(count_over_time({app="x"} | json | ok!="true" [1h]))`:                                                                                                  {"map[] 5"},
		`sum(count_over_time({app="x"} | json | ok="true" or event="beat" [1h]))`:                                                                                   {"map[] 3"},
		`sum by (app_extracted) (count_over_time({app="x"} | json | event="start" [1h]))`:                                                                           {"map[app_extracted:] 1", "map[app_extracted:inner] 1"},
		`max_over_time({app="x"} | json | unwrap still | __error__="" [1h]) by (task)`:                                                                              {"map[task:1] 90"},
		`avg_over_time({app="x"} | json | event="beat" | unwrap still | __error__="" [1h]) by (task)`:                                                               {"map[task:1] 60"},
		`last_over_time({app="x"} | json | unwrap still | __error__="" [1h]) by (task)`:                                                                             {"map[task:1] 7.5"},
		`max(last_over_time({app="x"} | json | unwrap still | __error__="" [1h]) by (task))`:                                                                        {"map[] 7.5"},
		`sum(count_over_time({app="x"} | json | unwrapped="" [1m]))`:                                                                                                nil,
		`sum(count_over_time({app="x"} [2m]))`:                                                                                                                      {"map[] 1"},
		`sum(count_over_time({app="y"} [1h]))`:                                                                                                                      nil,
		`(sum(count_over_time({app="y"} [1h])) > 0) or (sum(count_over_time({app="x"} | json | ok="true" [1h])) > 0)`:                                               {"map[] 1"},
		`count(sum by (task) (count_over_time({app="x"} | json | event="start" [1h])) unless sum by (task) (count_over_time({app="x"} | json | event="end" [1h])))`: {"map[] 1"},
		// nothing is zero
		`sum(count_over_time({app="y"} [1h])) or vector(0)`: {"map[] 0"},
		`sum(count_over_time({app="x"} [1h])) or vector(0)`: {"map[] 6"},
	} {
		q, err := logql.Parse(query)
		if err != nil {
			t.Error(err)
			continue
		}
		var got []string
		for _, s := range q.Vector(entries(), at) {
			got = append(got, fmt.Sprint(s.Labels, " ", s.Value))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestLines(t *testing.T) {
	q, err := logql.Parse("{app=\"x\"} | json | event=\"beat\" | line_format \"{{.task}}\"")
	if err != nil {
		t.Fatal(err)
	}
	if got := q.Lines(entries()); len(got) != 2 || got[1].Labels["still"] != "90" || got[1].Line != "1" || q.Vector(entries(), time.Now()) != nil {
		t.Errorf("%+v", got)
	}
}

func TestWhatIsNotKnownIsRefused(t *testing.T) {
	for _, query := range []string{
		"", "{}", `{app="x"`, `{app="x"} | logfmt`, `{app="x"} |`, `{app>"x"}`, `{app="x"} more`, `rate({app="x"} [1m])`,
		`count_over_time({app="x"})`, `count_over_time({app="x"} [15])`, `count_over_time({app="x"} | unwrap y [1m])`, `max_over_time({app="x"} [1m])`,
		`count_over_time({app="x"} [1m]) by (app)`, `avg(count_over_time({app="x"} [1m]))`, `sum(count_over_time({app="x"} [1m])) > y`,
		`sum by (count_over_time({app="x"} [1m]))`, `sum(count_over_time({app="x"} [1m])`, `{app=~"("}`, `vector`, `vector(x)`, `vector(0`, `{app="x"} |~ "("`,
	} {
		if _, err := logql.Parse(query); err == nil {
			t.Errorf("%s is taken", query)
		}
	}
}
