package migration_test

import (
	"encoding/json"
	"strings"
	"testing"

	"jimm-migrator/src/migration"
)

// A word that has no meaning would change a rule without anybody noticing; it is
// refused when the files are read.
func TestDataFilesAreWhole(t *testing.T) {
	for name, data := range migration.KnownFiles(t) {
		var file map[string]any
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatal(err)
		}
		if about, _ := file["about"].(string); about == "" {
			t.Errorf("%s does not say what it is for", name)
		}
		delete(file, "about")
		seen := map[string]bool{}
		for kind, list := range file {
			for _, entry := range list.([]any) {
				e := entry.(map[string]any)
				id, _ := e["id"].(string)
				if kind == "advisories" {
					id, _ = e["issue"].(string)
					if !strings.HasPrefix(id, "juju/juju#") {
						t.Errorf("%s: %q is no issue", name, id)
					}
				}
				if id == "" || seen[id] {
					t.Errorf("%s: %q is no name, or used twice", name, id)
				}
				seen[id] = true
				for _, key := range []string{"say", "do"} {
					text, _ := e[key].(string)
					if text == "" || strings.HasSuffix(text, ".") || strings.Count(text, "(") != strings.Count(text, ")") {
						t.Errorf("%s: %s of %s is no sentence without its full stop: %q", name, key, id, text)
					}
				}
			}
		}
		if len(seen) < 5 {
			t.Errorf("%s has only %d entries", name, len(seen))
		}
	}
}

// The rules of the version table of Juju 2.9 to 4.1.
func TestVersionHops(t *testing.T) {
	connected := func(i *migration.Inventory) { i.Offers["db"] = migration.Offer{Application: "pg", Total: 1} }
	consumer := func(i *migration.Inventory) { i.Remotes["db"] = migration.Remote{URL: "bob/db.pg"} }
	bionic := func(i *migration.Inventory) { i.Machines["7"] = migration.Machine{Base: "ubuntu@18.04/stable"} }
	for _, c := range []struct {
		source, target, model string
		inside                func(*migration.Inventory)
		level                 migration.Level
		says                  string
	}{
		{"3.6.14", "3.6.14", "3.6.14", nil, migration.Pass, ""},
		{"2.9.46", "2.9.51", "2.9.46", nil, migration.Pass, ""},
		{"2.9.46", "3.6.14", "2.9.46", nil, migration.Pass, ""},
		{"2.9.42", "3.6.14", "2.9.42", nil, migration.Fail, "2.9.43"},
		{"2.9.42", "3.1.9", "2.9.42", nil, migration.Pass, ""},
		{"2.9.35", "3.1.9", "2.9.35", nil, migration.Fail, "2.9.36"},
		{"2.8.1", "2.9.46", "2.8.1", nil, migration.Fail, "older than Juju 2.9"},
		{"2.9.46", "4.0.5", "2.9.46", nil, migration.Fail, "3.6 and newer only"},
		{"3.5.5", "4.0.5", "3.5.5", nil, migration.Fail, "3.6 and newer only"},
		{"3.6.14", "4.0.5", "3.5.5", nil, migration.Fail, "agents of the model are older"},
		{"3.6.14", "4.0.5", "3.6.14", nil, migration.Warn, "no way back"},
		{"3.6.14", "4.0-beta8", "3.6.14", nil, migration.Fail, "beta"},
		{"4.0-beta8", "4.1.0", "4.0-beta8", nil, migration.Fail, "beta"},
		{"4.0.5", "4.0.5", "4.0.5", nil, migration.Fail, "#22659"},
		{"4.0.5", "4.1.0", "4.0.5", nil, migration.Pass, ""},
		{"4.1.0", "4.1.0", "4.1.0", nil, migration.Pass, ""},
		{"3.6.14", "4.0.5", "3.6.14", connected, migration.Fail, "#21670"},
		{"3.6.14", "3.6.14", "3.6.14", connected, migration.Pass, ""},
		{"2.9.46", "3.0.3", "2.9.46", consumer, migration.Fail, "cross-model"},
		{"2.9.46", "3.1.9", "2.9.46", consumer, migration.Pass, ""},
		{"2.9.46", "3.1.9", "2.9.46", bionic, migration.Fail, "18.04"},
		{"3.6.14", "3.6.14", "3.6.14", bionic, migration.Pass, ""},
		{"", "3.6.14", "3.6.14", nil, migration.Skip, "does not tell"},
		{"3.6.14", "strange", "3.6.14", nil, migration.Skip, "does not tell"},
	} {
		t.Run(c.source+" to "+c.target+" with "+c.model, func(t *testing.T) {
			i := inventory()
			i.AgentVersion = c.model
			if c.inside != nil {
				c.inside(&i)
			}
			f := migration.VersionHop(c.source, c.target, c.model, &i)
			if f.Level != c.level || !strings.Contains(f.Evidence, c.says) || f.Level == migration.Fail && f.Remedy == "" {
				t.Errorf("%s: %s; %s", f.Level, f.Evidence, f.Remedy)
			}
		})
	}
}

// What a model holds decides some hops: not to know it is not to pass.
func TestVersionHopIsOpenWhereTheModelWasNotLookedInto(t *testing.T) {
	for _, c := range []struct {
		source, target string
		level          migration.Level
	}{
		{"3.6.14", "4.0.5", migration.Skip},
		{"3.6.14", "3.6.14", migration.Pass},
		{"4.0.5", "4.0.5", migration.Fail},
	} {
		if f := migration.VersionHop(c.source, c.target, c.source, nil); f.Level != c.level {
			t.Errorf("%s to %s: %s, %s", c.source, c.target, f.Level, f.Evidence)
		}
	}
	unread := inventory()
	unread.Unread = []string{"offers/db: odd"}
	if f := migration.VersionHop("3.6.14", "4.0.5", "3.6.14", &unread); f.Level != migration.Skip {
		t.Errorf("with an offer that could not be read: %s, %s", f.Level, f.Evidence)
	}
}

func TestVersionRanges(t *testing.T) {
	for _, c := range []struct {
		bounds, version string
		want            string
	}{
		{"", "3.6.14", "yes"},
		{"", "what", "yes"},
		{">=3.6.0", "what", "unknown"},
		{">=3.6.0", "3.6-rc1", "no"},
		{">=3.6-rc1", "3.6-rc2", "yes"},
		{"<4.0.0", "4.0-beta8", "yes"},
		{"<4.0.0 >=4.0-beta1", "4.0-beta8", "yes"},
		{">3.6.13", "3.6.13.2", "no"},
		{"<=3.6.13", "3.6.13", "yes"},
		{"=3.6.13", "3.6.13.1", "yes"},
		{"=3.6.13", "3.6.14", "no"},
		{"3.6", "3.6.0", "error"},
		{">=x", "3.6.0", "error"},
		{"~3.6", "3.6.0", "error"},
	} {
		if got := migration.InRange(c.bounds, c.version); got != c.want {
			t.Errorf("%q in %q: %s, want %s", c.version, c.bounds, got, c.want)
		}
	}
}

func TestCharmNames(t *testing.T) {
	for charm, want := range map[string]string{
		"ch:amd64/jammy/postgresql-288": "postgresql", "ch:vault-k8s-3": "vault-k8s", "local:focal/vault-0": "vault",
		"cs:~containers/easyrsa-12": "easyrsa", "juju-jimm-k8s": "juju-jimm-k8s", "": "",
	} {
		if got := (migration.Application{Charm: charm}).CharmName(); got != want {
			t.Errorf("%q: %q, want %q", charm, got, want)
		}
	}
}
