package charmtest_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
)

// sourceTree writes the files of a small charm, with the given ones in place of its own.
func sourceTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{
		"metadata.yaml":   "name: mover\nsummary: s\ndescription: d\nassumes: [juju >= 3.6]\n",
		"charmcraft.yaml": "base: ubuntu@24.04\nplatforms: {arm64: }\n",
		"actions.yaml":    "act: {params: {count: {type: integer, default: 3}, deep: {properties: {x: {default: yes}}}}}\n",
	}
	maps.Copy(all, files)
	for name, text := range all {
		if text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSourceTree_HasTheBasesOfCharmcraft(t *testing.T) {
	c, err := charmtest.ReadCharm(sourceTree(t, nil), 3)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Manifest().Bases; len(got) != 1 || got[0].String() != "ubuntu@24.04/stable on arm64" {
		t.Errorf("bases %v", got)
	}
}

func TestReadCharm_RefusesWhatJujuRefuses(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"no base", map[string]string{"charmcraft.yaml": ""}, "assumes in metadata v1 not valid"},
		{"reserved endpoint", map[string]string{"metadata.yaml": "name: a\nsummary: s\ndescription: d\nrequires: {juju-x: some}\n"}, `charm "a" using a reserved relation name: "juju-x"`},
		{"profile", map[string]string{"lxd-profile.yaml": "config: {boot.autostart: \"true\"}\n"}, `invalid lxd-profile.yaml: contains config value "boot.autostart"`},
		{"schema", map[string]string{"actions.yaml": "a: {params: {num: {exclusiveMinimum: 0}}}"}, "invalid params schema for action schema a: exclusiveMinimum must be of a boolean"},
		{"option", map[string]string{"config.yaml": `options: {debug: {type: boolean, default: "x"}}`}, `invalid config default: option "debug" expected boolean, got "x"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := charmtest.ReadCharm(sourceTree(t, test.files), 3)
			if err == nil || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestUndeclaredParameters_AreRefusedByJuju4Only(t *testing.T) {
	dir := sourceTree(t, nil)
	for major, refused := range map[int]bool{3: false, 4: true} {
		c, err := charmtest.ReadCharm(dir, major)
		if err != nil {
			t.Fatal(err)
		}
		_, err = charmtest.PrepareParams(c.Actions().ActionSpecs["act"], map[string]any{"bogus": 1})
		if (err != nil) != refused {
			t.Errorf("Juju %d: %v, want a refusal: %v", major, err, refused)
		}
	}
}

func TestPreparedParameters_TravelAsJSON(t *testing.T) {
	c, err := charmtest.ReadCharm(sourceTree(t, nil), 3)
	if err != nil {
		t.Fatal(err)
	}
	got, err := charmtest.PrepareParams(c.Actions().ActionSpecs["act"], nil)
	want := map[string]any{"count": 3.0, "deep": map[string]any{"x": true}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}

func TestAssumes_AreCheckedAgainstTheModel(t *testing.T) {
	for _, test := range []struct{ assumes, juju, machine, want string }{
		// Observed with Juju 3.6.
		{"[juju >= 3.4]", "2.9.0", "", "Charm cannot be deployed because:\n  - charm requires Juju version >= 3.4.0, model has version 2.9.0"},
		{"[juju >= 3.6]", "3.6.11", "", ""},
		{"[juju >= 4.0.0]", "4.0-beta5", "", ""},
		{"[juju < 4]", "4.0.1", "", "Charm cannot be deployed because:\n  - charm requires Juju version < 4.0.0, model has version 4.0.1"},
		{"[{any-of: [juju < 3, juju >= 3.6]}]", "3.6.0", "", ""},
		{"[k8s-api]", "3.6.0", "", ""},
		{"[k8s-api]", "3.6.0", "0", "Charm cannot be deployed because:\n  - charm must be deployed on a Kubernetes cloud"},
	} {
		dir := sourceTree(t, map[string]string{
			"metadata.yaml": "name: mover\nsummary: s\ndescription: d\nassumes: " + test.assumes,
		})
		agent, err := charmtest.New(charmtest.Options{CharmDir: dir, JujuVersion: test.juju, Machine: test.machine})
		if err == nil {
			agent.Close()
		}
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasSuffix(err.Error(), test.want)) {
			t.Errorf("%s with %s: got %v, want %q", test.assumes, test.juju, err, test.want)
		}
	}
}
