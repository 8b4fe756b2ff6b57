package conform_test

import (
	"strings"
	"testing"

	"jimm-migrator/tests/conform"
)

func TestMatcherAcceptsOnlyWhatWasRecorded(t *testing.T) {
	vars := map[string]string{"ctl-a.addr": "127.0.0.1:17070", "ctl-a.port": "17070"}
	docs := map[string]string{"facades": `[{"name":"Pinger","versions":[1]}]`}
	for _, test := range []struct {
		name, want, got string
		atLeast         bool
		diff            string // part of the difference; "": none
	}{
		{name: "equal", want: `{"a":1,"b":[true,null,"x"]}`, got: `{"b":[true,null,"x"],"a":1}`},
		{name: "other value", want: `{"a":{"b":"x"}}`, got: `{"a":{"b":"y"}}`, diff: "a.b: want \"x\"\n  got  \"y\""},
		{name: "other type", want: `{"a":1}`, got: `{"a":"1"}`, diff: "a: want 1"},
		{name: "number in another form", want: `{"a":1}`, got: `{"a":1.0}`, diff: "a: want 1"},
		{name: "missing key", want: `{"a":1,"b":2}`, got: `{"a":1}`, diff: "b: missing, want 2"},
		{name: "key not recorded", want: `{"a":1}`, got: `{"a":1,"b":null}`, diff: "b: not in the recording, got null"},
		{name: "more keys allowed", want: `{"a":{"x":1}}`, got: `{"a":{"x":1,"y":2},"b":null}`, atLeast: true},
		{name: "null is not absent", want: `{"a":null}`, got: `{}`, atLeast: true, diff: "a: missing, want null"},
		{name: "null is not empty", want: `{"a":null}`, got: `{"a":[]}`, diff: "a: want null"},
		{name: "shorter array", want: `{"a":[1,2]}`, got: `{"a":[1]}`, diff: "a: want 2 elements, got 1"},
		{name: "order counts", want: `[1,2]`, got: `[2,1]`, diff: "[0]: want 1"},
		{name: "any order", want: `["<any order>",{"x":1},{"x":2}]`, got: `[{"x":2},{"x":1}]`},
		{name: "any order, missing", want: `["<any order>",1,2]`, got: `[2,3]`, diff: "missing 1"},
		{name: "any order, each once", want: `["<any order>",1,1]`, got: `[1,2]`, diff: "missing 1"},
		{name: "any order, one more", want: `["<any order>",1]`, got: `[1,2]`, diff: "not in the recording: [2]"},
		{name: "any order, one more allowed", want: `["<any order>",1]`, got: `[2,1]`, atLeast: true},
		{name: "time", want: `"<time>"`, got: `"2026-11-22T10:18:09.292Z"`},
		{name: "not a time", want: `"<time>"`, got: `"today"`, diff: "want \"<time>\""},
		{name: "null is no time", want: `"<time>"`, got: `null`, diff: "want \"<time>\""},
		{name: "any", want: `{"a":"<any>"}`, got: `{"a":null}`},
		{name: "any must be there", want: `{"a":"<any>"}`, got: `{}`, diff: "a: missing"},
		{name: "int", want: `"<int>"`, got: `17`},
		{name: "variable", want: `"dial tcp <ctl-a.addr>: refused"`, got: `"dial tcp 127.0.0.1:17070: refused"`},
		{name: "variable, other value", want: `"<ctl-a.addr>"`, got: `"127.0.0.1:1"`, diff: "want \"<ctl-a.addr>\""},
		{name: "variable number", want: `{"port":"<ctl-a.port>"}`, got: `{"port":17070}`},
		{name: "document", want: `"<facades>"`, got: `[{"name":"Pinger","versions":[1]}]`},
		{name: "document, other value", want: `"<facades>"`, got: `[{"name":"Pinger","versions":[2]}]`, diff: "[0].versions[0]"},
		{name: "same value twice", want: `["<hex:1>","<hex:1>"]`, got: `["ab","ab"]`},
		{name: "same name, other value", want: `["<hex:1>","<hex:1>"]`, got: `["ab","cd"]`, diff: "[1]: want \"<hex:1>\""},
		{name: "PEM", want: `"<pem>"`, got: `"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"`},
		{name: "dots are no wildcards", want: `"a.b <int>"`, got: `"axb 1"`, diff: "want"},
		{name: "not JSON", want: `{}`, got: `oops`, diff: "not JSON"},
		{name: "two values", want: `{}`, got: `{} {}`, diff: "not JSON"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := &conform.Matcher{Vars: vars, Docs: docs, AtLeast: test.atLeast}
			diff := m.Diff(test.want, test.got)
			if test.diff == "" && diff != "" || !strings.Contains(diff, test.diff) {
				t.Errorf("Diff(%s, %s) = %q, want %q in it", test.want, test.got, diff, test.diff)
			}
		})
	}
}

func TestCapturedValueHoldsInLaterMessages(t *testing.T) {
	m := new(conform.Matcher)
	if diff := m.Diff(`{"id":"<hex:1>"}`, `{"id":"ab"}`); diff != "" {
		t.Fatal(diff)
	}
	if diff := m.Diff(`{"id":"<hex:1>","n":1}`, `{"id":"ab","n":2}`); diff == "" {
		t.Error("no difference for another number")
	}
	if diff := m.Diff(`{"id":"<hex:1>"}`, `{"id":"cd"}`); diff == "" {
		t.Error("no difference for another value of a captured placeholder")
	}
}

func TestExpandMakesAMessageThatFits(t *testing.T) {
	m := &conform.Matcher{
		Vars: map[string]string{"ctl-a.addr": "10.0.0.5:17070", "ctl-a.port": "17070"},
		Docs: map[string]string{"facades": `[{"name":"Pinger","versions":[1]}]`},
	}
	recorded := `{"a":"<ctl-a.addr>","port":"<ctl-a.port>","facades":"<facades>","ca":"<pem>","t":"<time>","n":"<int>",` +
		`"users":["<any order>",1,2]}`
	sent := m.Expand(recorded)
	if strings.Contains(sent, "<") {
		t.Errorf("Expand left a placeholder: %s", sent)
	}
	if diff := m.Diff(recorded, sent); diff != "" {
		t.Errorf("what Expand made does not fit:\n%s\n%s", diff, sent)
	}
}

func TestUnknownPlaceholderIsFound(t *testing.T) {
	m := &conform.Matcher{Vars: map[string]string{"ctl-a.addr": "x"}}
	got := m.Unknown(`["<ctl-a.addr>","<time>","<hex:2>","<any order>","<tame>"]`)
	if len(got) != 1 || got[0] != "<tame>" {
		t.Errorf("Unknown = %q, want <tame>", got)
	}
}

func TestExpandUsesWhatWasCaptured(t *testing.T) {
	m := new(conform.Matcher)
	if diff := m.Diff(`{"watcher-id":"<string:watcher>"}`, `{"watcher-id":"17"}`); diff != "" {
		t.Fatal(diff)
	}
	if got := m.Expand(`{"id":"<string:watcher>"}`); got != `{"id":"17"}` {
		t.Errorf("Expand = %s", got)
	}
}
