package charm_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"jimm-migrator/charm"
)

const secretURI = "secret:9m4e2mr0ui3e8a215n4g"

func TestConfigIsReadOnceAndDecodedByTags(t *testing.T) {
	f := &tools{answers: map[string]string{
		"config-get": `{"url":"wss://x","limit":1000000,"ratio":0.5,"debug":true,"other":"ignored"}` + "\n",
	}}
	inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
		type config struct {
			URL     string  `json:"url"`
			Limit   int     `json:"limit"`
			Ratio   float64 `json:"ratio"`
			Debug   bool    `json:"debug"`
			Missing *string `json:"missing"`
			Default string  `json:"default"`
		}
		first := config{Default: "kept"}
		if err := h.Config(ctx, &first); err != nil {
			return err
		}
		equal(t, "config", first, config{URL: "wss://x", Limit: 1_000_000, Ratio: 0.5, Debug: true, Default: "kept"})
		var again struct {
			URL string `json:"url"`
		}
		if err := h.Config(ctx, &again); err != nil {
			return err
		}
		equal(t, "again", again.URL, "wss://x")
		return nil
	})
	equal(t, "tools", len(f.calls), 1)
}

func TestConfigErrorNamesTheOption(t *testing.T) {
	f := &tools{answers: map[string]string{"config-get": `{"limit":"ten"}`}}
	inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
		var config struct {
			Limit int `json:"limit"`
		}
		err := h.Config(ctx, &config)
		equal(t, "error", err.Error(), `cannot read the configuration: option "limit" must be of type int, not string`)
		return nil
	})
}

func TestConfigIsAskedForAgainAfterAnError(t *testing.T) {
	f := &tools{refuse: map[string]error{"config-get": refusal("config-get", "busy")}}
	inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
		if err := h.Config(ctx, &struct{}{}); err == nil {
			t.Error("no error")
		}
		f.refuse = nil
		return h.Config(ctx, &struct{}{})
	})
}

func TestNullIsEmpty(t *testing.T) {
	null := map[string]string{}
	for _, tool := range []string{
		"config-get", "state-get", "relation-ids", "relation-list", "relation-get", "secret-get", "status-get", "is-leader",
	} {
		null[tool] = "null\n"
	}
	for name, answers := range map[string]map[string]string{"null": null, "nothing": nil} {
		inHook(t, &tools{answers: answers}, func(ctx context.Context, h *charm.Hook) error {
			state, err1 := h.State(ctx)
			data, err2 := h.RelationData(ctx, "db:7", "pg")
			ids, err3 := h.RelationIDs(ctx, "db")
			units, err4 := h.RelationUnits(ctx, "db:7")
			content, err5 := h.Secret(ctx, secretURI, charm.SecretOptions{})
			_, _, err6 := h.Status(ctx)
			leader, err7 := h.Leader(ctx)
			if state == nil || data == nil || len(state)+len(data)+len(ids)+len(units)+len(content) != 0 || leader {
				t.Errorf("%s: %v %v %v %v %v %v", name, state, data, ids, units, content, leader)
			}
			return errors.Join(err1, err2, err3, err4, err5, err6, err7, h.Config(ctx, &struct{}{}))
		})
	}
}

func TestLeader_IsNotAskedForAgainAfterANo(t *testing.T) {
	for answer, want := range map[string]int{"true": 2, "false": 1} {
		f := &tools{answers: map[string]string{"is-leader": answer}}
		inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
			first, err1 := h.Leader(ctx)
			second, err2 := h.Leader(ctx)
			equal(t, "leader", []bool{first, second}, []bool{answer == "true", answer == "true"})
			return errors.Join(err1, err2)
		})
		equal(t, "calls", len(f.argv), want)
	}
}

func TestUnexpectedAnswerIsAnErrorThatDoesNotQuoteIt(t *testing.T) {
	f := &tools{answers: map[string]string{"secret-get": `["hunter2"]`, "state-get": `nonsense`}}
	inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
		_, err := h.Secret(ctx, secretURI, charm.SecretOptions{})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("secret: got %v", err)
		}
		if _, err := h.State(ctx); err == nil {
			t.Error("state: no error")
		}
		return nil
	})
}

func TestStateDistinguishesMissingFromEmpty(t *testing.T) {
	f := &tools{answers: map[string]string{"state-get": `{"empty":""}`}}
	inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
		state, err := h.State(ctx)
		if _, ok := state["empty"]; !ok {
			t.Error("empty value is missing")
		}
		if _, ok := state["missing"]; ok {
			t.Error("missing value is there")
		}
		return err
	})
}

func TestStateLimitsAreCheckedBeforeTheToolRuns(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	many := map[string]string{}
	for i := range 40 {
		many[long(i+1)] = long(charm.MaxStateValue)
	}
	for name, test := range map[string]struct {
		values map[string]string
		ok     bool
	}{
		"nothing":         {nil, true},
		"longest":         {map[string]string{long(256): long(65_536)}, true},
		"key too long":    {map[string]string{long(257): ""}, false},
		"value too long":  {map[string]string{"k": long(65_537)}, false},
		"all too long":    {many, false},
		"no key":          {map[string]string{"": "v"}, false},
		"control in key":  {map[string]string{"a\nb": "v"}, false},
		"not UTF-8":       {map[string]string{"k": "\xff"}, false},
		"any value":       {map[string]string{"k": "a\x00\x1b\n\u2028\ufeff😀"}, true},
		"equals and dash": {map[string]string{"-k=": "--"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := &tools{}
			inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
				if err := h.SetState(ctx, test.values); (err == nil) != test.ok {
					t.Errorf("got error %.200v", err)
				}
				return nil
			})
			if !test.ok || test.values == nil {
				equal(t, "tools", len(f.calls), 0)
			}
		})
	}
}

// Juju reads --file - as YAML.
func FuzzStateSurvivesYAML(f *testing.F) {
	for _, value := range []string{"", " x ", "a\nb\r\n", "null", "1e6", "\x00\x7f\u0085\u009f\u2028\ufeff\ufffe\uffff😀<&>", `\"'{}`} {
		f.Add("key", value)
		f.Add(value, "value")
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		tools := &tools{}
		var err error
		inHook(t, tools, func(ctx context.Context, h *charm.Hook) error {
			err = h.SetState(ctx, map[string]string{key: value})
			return nil
		})
		if err != nil {
			return
		}
		want := map[string]string{key: value}
		var asYAML, asJSON map[string]string
		if err := yaml.Unmarshal(tools.argv[0].Stdin, &asYAML); err != nil {
			t.Fatalf("%q is no YAML: %v", tools.argv[0].Stdin, err)
		}
		if err := json.Unmarshal(tools.argv[0].Stdin, &asJSON); err != nil {
			t.Fatalf("%q is not JSON: %v", tools.argv[0].Stdin, err)
		}
		equal(t, "YAML", asYAML, want)
		equal(t, "JSON", asJSON, want)
	})
}

func TestSetStatusOnlyWhenItChanges(t *testing.T) {
	f := &tools{answers: map[string]string{"status-get": `{"message":"ready","status":"active","status-data":{}}`}}
	inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
		status, message, err := h.Status(ctx)
		equal(t, "status", []string{string(status), message}, []string{"active", "ready"})
		return errors.Join(err,
			h.SetStatus(ctx, charm.StatusActive, "ready"),
			h.SetStatus(ctx, charm.StatusBlocked, "-run:\n juju config x"),
			h.SetStatus(ctx, charm.StatusBlocked, "-run: juju config x"),
			h.SetStatus(ctx, charm.StatusActive, "ready"),
		)
	})
	equal(t, "tools", f.ran(""), []string{
		`status-get "--format=json" "--include-data"`,
		`status-set "--" "blocked" "-run: juju config x"`,
		`status-set "--" "active" "ready"`,
	})
}

func TestSetStatusIsSetWhenTheOldOneIsUnknown(t *testing.T) {
	f := &tools{refuse: map[string]error{"status-get": refusal("status-get", "busy")}}
	inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
		return h.SetStatus(ctx, charm.StatusWaiting, "")
	})
	equal(t, "tools", f.ran("status-set"), []string{`status-set "--" "waiting" ""`})
}

func TestSetStatusRefusesWhatJujuDoes(t *testing.T) {
	f := &tools{}
	inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
		for _, status := range []charm.Status{"", "error", "unknown", "-x"} {
			if err := h.SetStatus(ctx, status, "m"); err == nil {
				t.Errorf("status %q: no error", status)
			}
		}
		return nil
	})
	equal(t, "tools", f.ran(""), []string(nil))
}

func TestRelationDataOfOthersIsNotOursToWrite(t *testing.T) {
	f := &tools{}
	inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
		for _, owner := range []string{"pg", "pg/0", "vault/1", ""} {
			if err := h.SetRelationData(ctx, "db:7", owner, map[string]string{"k": "v"}); err == nil {
				t.Errorf("owner %q: no error", owner)
			}
		}
		return nil
	})
	equal(t, "tools", f.ran(""), []string(nil))
}

func TestRelationsAreSorted(t *testing.T) {
	f := &tools{answers: map[string]string{"relation-ids": `["db:7","db:10"]`, "relation-list": `["pg/1","pg/0"]`}}
	inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
		ids, err1 := h.RelationIDs(ctx, "db")
		units, err2 := h.RelationUnits(ctx, "db:7")
		equal(t, "ids", ids, []string{"db:10", "db:7"})
		equal(t, "units", units, []string{"pg/0", "pg/1"})
		return errors.Join(err1, err2)
	})
}

func TestSecretErrorsAreTyped(t *testing.T) {
	for text, want := range map[string]error{
		"permission denied":                       charm.ErrSecretNotGranted,
		`secret "9m4e2mr0ui3e8a215n4g" not found`: charm.ErrSecretNotFound,
		`consumer label "x" not found`:            charm.ErrSecretNotFound,
		`secret URI "x" not valid`:                charm.ErrSecretURI,
	} {
		f := &tools{refuse: map[string]error{"secret-get": refusal("secret-get", text)}}
		inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
			_, err := h.Secret(ctx, secretURI, charm.SecretOptions{})
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v", text, err)
			}
			if _, ok := errors.AsType[*charm.ToolError](err); !ok {
				t.Errorf("%s: the tool's error is lost", text)
			}
			if errors.Is(err, charm.ErrSecretNotGranted) &&
				!strings.Contains(err.Error(), "juju grant-secret "+secretURI+" vault)") {
				t.Errorf("no remedy in %q", err)
			}
			return nil
		})
	}
}

func TestSecretRefusesBadQuestionsBeforeTheToolRuns(t *testing.T) {
	f := &tools{}
	inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
		for _, uri := range []string{"", "-x", "secret: x", "a\nb", "\x00"} {
			if _, err := h.Secret(ctx, uri, charm.SecretOptions{}); !errors.Is(err, charm.ErrSecretURI) {
				t.Errorf("%q: got %v", uri, err)
			}
		}
		if _, err := h.Secret(ctx, secretURI, charm.SecretOptions{Peek: true, Refresh: true}); err == nil {
			t.Error("peek and refresh: no error")
		}
		return nil
	})
	equal(t, "tools", f.ran(""), []string(nil))
}
