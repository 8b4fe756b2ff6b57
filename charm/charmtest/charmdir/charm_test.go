package charmdir_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest/charmdir"
)

const plain = `-- metadata.yaml --
name: mover
summary: s
description: d
requires:
  jimm: {interface: jimm, optional: true}
peers:
  movers: peer
assumes: [juju >= 3.6]
charm-user: non-root
-- manifest.yaml --
bases: [{name: ubuntu, channel: "24.04", architectures: [amd64]}]
-- version --
1.2.3
more
-- actions.yaml --
move:
  description: Move it.
  parallel: true
  execution-group: moves
  params:
    model: {type: string}
    wait: {type: boolean, default: yes}
  required: [model]
  additionalProperties: false
-- config.yaml --
options:
  url: {type: string}
  creds: {type: secret}
  every: {type: int, default: 5}
`

// unpack writes a charm; a file of overrides replaces the one of the charm,
// and an empty one removes it.
func unpack(t *testing.T, overrides string) string {
	t.Helper()
	dir := t.TempDir()
	for _, text := range []string{plain, overrides} {
		for _, file := range strings.Split("\n"+text, "\n-- ")[1:] {
			name, data, _ := strings.Cut(file, " --\n")
			path := filepath.Join(dir, strings.TrimSuffix(name, " --"))
			os.Remove(path)
			if data == "" {
				continue
			}
			if err := os.WriteFile(path, []byte(data+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func TestReadUnderstandsTheFiles(t *testing.T) {
	c, err := charmdir.Read(unpack(t, ""), 3)
	if err != nil {
		t.Fatal(err)
	}
	if c.Meta.Name != "mover" || c.Version != "1.2.3" || c.Meta.CharmUser != "non-root" || c.Meta.HasContainers() {
		t.Errorf("wrong metadata: %+v, version %q", c.Meta, c.Version)
	}
	wantEndpoints := map[string]charmdir.Endpoint{
		"jimm":   {Name: "jimm", Role: charmdir.RoleRequirer, Interface: "jimm", Optional: true, Scope: "global"},
		"movers": {Name: "movers", Role: charmdir.RolePeer, Interface: "peer", Scope: "global"},
	}
	if diff := cmp.Diff(wantEndpoints, c.Meta.Endpoints); diff != "" {
		t.Errorf("wrong endpoints (-want +got):\n%s", diff)
	}
	move := c.Actions["move"]
	if !move.Parallel || move.ExecutionGroup != "moves" || move.Description != "Move it." {
		t.Errorf("wrong action: %+v", move)
	}
	got, err := move.Prepare(map[string]any{"model": "m"})
	if diff := cmp.Diff(map[string]any{"model": "m", "wait": true}, got); diff != "" || err != nil {
		t.Errorf("wrong parameters, error %v (-want +got):\n%s", err, diff)
	}
	if _, err := move.Prepare(nil); err == nil ||
		err.Error() != `validation failed: (root) : "model" property is missing and required, given {}` {
		t.Errorf("wrong refusal: %v", err)
	}
	if got := c.Options["every"].Default; got != int64(5) {
		t.Errorf("default is %#v, want int64(5)", got)
	}
}

func TestUnknownParametersAreRefusedByJuju4Only(t *testing.T) {
	dir := unpack(t, "-- actions.yaml --\nact: {}\n")
	for major, refused := range map[int]bool{3: false, 4: true} {
		c, err := charmdir.Read(dir, major)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Actions["act"].Prepare(map[string]any{"bogus": 1})
		if (err != nil) != refused {
			t.Errorf("Juju %d: %v, want refusal: %v", major, err, refused)
		}
	}
}

func TestReadRefusesWhatJujuRefuses(t *testing.T) {
	meta := func(more string) string {
		return "-- metadata.yaml --\nname: a\nsummary: s\ndescription: d\n" + more + "\n"
	}
	actions := func(text string) string { return "-- actions.yaml --\n" + text + "\n" }
	config := func(text string) string { return "-- config.yaml --\noptions: " + text + "\n" }
	for _, test := range []struct{ name, files, want string }{
		// Seen with Juju's parser of 3.6.
		{"no manifest", "-- manifest.yaml --\n", "assumes in metadata v1 not valid"},
		{"no summary", "-- metadata.yaml --\nname: a\ndescription: d\n", "metadata: summary: expected string, got nothing"},
		{"exclusiveMinimum", actions("a: {params: {num: {exclusiveMinimum: 0}}}"), "invalid params schema for action schema a: exclusiveMinimum must be of a boolean"},
		{"type int", actions("a: {params: {num: {type: int}}}"), "invalid params schema for action schema a: int is not a valid type"},
		{"ref", actions(`a: {params: {num: {"$ref": "#"}}}`), `schema key "$ref" not compatible with this version of juju`},
		{"wrong default", config(`{debug: {type: boolean, default: "x"}}`), `invalid config default: option "debug" expected boolean, got "x"`},
		{"lxd profile", "-- lxd-profile.yaml --\nconfig: {boot.autostart: \"true\"}\n", `invalid lxd-profile.yaml: contains config value "boot.autostart"`},
		{"same endpoint twice", meta("requires: {foo: pong}\nprovides: {foo: ping}"), `charm "a" using a duplicated relation name: "foo"`},
		// Texts of Juju's charm parser.
		{"reserved endpoint", meta("requires: {juju-x: some}"), `charm "a" using a reserved relation name: "juju-x"`},
		{"reserved interface", meta("provides: {x: juju-y}"), `charm "a" relation "x" using a reserved interface: "juju-y"`},
		{"action in capitals", actions("Move: {}"), "bad action name Move"},
		{"action with underscore", actions("a_b: {}"), "bad action name a_b"},
		{"action juju", actions("juju: {}"), `cannot use action name juju: "juju" is a reserved name`},
		{"action juju-run", actions("juju-run: {}"), `cannot use action name juju-run: the "juju-" prefix is reserved`},
		{"description list", actions("a: {description: [x]}"), `value for schema key "description" must be a string`},
		{"required text", actions("a: {required: x}"), `value for schema key "required" must be a YAML list`},
		{"parallel text", actions("a: {parallel: x}"), `value for schema key "parallel" must be a bool`},
		{"params empty", actions("a: {params: }"), "params failed to parse as a map"},
		{"params keyed by number", actions("a: {params: {1: {}}}"), "map keyed with non-string value"},
		{"config empty", "-- config.yaml --\n# nothing\n", "invalid config: empty configuration"},
		{"option type", config("{x: {type: number}}"), `invalid config: option "x" has unknown type "number"`},
		{"series and bases", meta("series: [focal]"), `ambiguous metadata: keys "series" cannot be used with "bases" or "containers"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := charmdir.Read(unpack(t, test.files), 3)
			if err == nil || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestSourceTreeGetsItsBasesFromCharmcraft(t *testing.T) {
	dir := unpack(t, "-- manifest.yaml --\n-- charmcraft.yaml --\nbase: ubuntu@24.04\nplatforms: {arm64: }\n")
	c, err := charmdir.Read(dir, 3)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]charmdir.Base{{Name: "ubuntu", Channel: "24.04", Architectures: []string{"arm64"}}}, c.Bases); diff != "" {
		t.Errorf("wrong bases (-want +got):\n%s", diff)
	}
}

func TestAssumesIsCheckedAgainstTheModel(t *testing.T) {
	for _, test := range []struct{ assumes, juju, want string }{
		// Seen with Juju 3.6.
		{"[juju >= 3.4]", "2.9.0", "Charm cannot be deployed because:\n  - charm requires Juju version >= 3.4.0, model has version 2.9.0"},
		{"[juju >= 3.6]", "3.6.11", ""},
		{"[juju >= 3.6]", "4.0-beta5", ""},
		{"[juju < 4]", "4.0.1", "Charm cannot be deployed because:\n  - charm requires Juju version < 4.0.0, model has version 4.0.1"},
		{"[{any-of: [juju < 3, juju >= 3.6]}]", "3.6.0", ""},
		{"[k8s-api]", "3.6.0", "Charm cannot be deployed because:\n  - charm must be deployed on a Kubernetes cloud"},
	} {
		meta, err := charmdir.ReadMeta([]byte("name: a\nsummary: s\ndescription: d\nassumes: " + test.assumes))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := meta.Assumes.Check(test.juju, false); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s with %s: got %q, want %q", test.assumes, test.juju, got, test.want)
		}
	}
}

func TestOptionsAreTypedAsJujuTypesThem(t *testing.T) {
	for _, test := range []struct {
		kind, text string
		want       any
		err        string
	}{
		// Seen with Juju 3.6.
		{"boolean", "yes", nil, `option "o" expected boolean, got "yes"`},
		{"secret", "foo", nil, `option "o" expected secret, got "foo"`},
		{"boolean", "True", true, ""},
		{"int", "1000000", int64(1000000), ""},
		{"int", "1e6", nil, `option "o" expected int, got "1e6"`},
		{"float", "1e6", 1e6, ""},
		{"string", "yes", "yes", ""},
		{"secret", "secret:9m4e2mr0ui3e8a215n4g", "secret:9m4e2mr0ui3e8a215n4g", ""},
	} {
		got, err := charmdir.Option{Type: test.kind}.Parse("o", test.text)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if diff := cmp.Diff(test.want, got); diff != "" || text != test.err {
			t.Errorf("%s %q: error %q, want %q (-want +got):\n%s", test.kind, test.text, text, test.err, diff)
		}
	}
}
