package migration_test

import (
	"strings"
	"testing"

	"jimm-migrator/src/migration"
)

// What a model holds decides some hops: not to know it is not to pass.
func TestVersionHopIsOpenWhereTheModelWasNotLookedInto(t *testing.T) {
	unread := inventory()
	unread.Unread = []string{"offers/db: odd"}
	for _, c := range []struct {
		source, target string
		inside         *migration.Inventory
		level          migration.Level
		says           string
	}{
		{"3.6.14", "4.0.15", nil, migration.Warn, "not known whether it applies: a model whose offers are connected cannot move"},
		{"2.9.46", "3.0.3", nil, migration.Skip, "not known whether it applies"},
		{"2.9.46", "2.9.51", nil, migration.Pass, "no rule"},
		{"4.0.15", "4.0.15", nil, migration.Fail, "#22659"},
		{"3.6.14", "4.0.15", &unread, migration.Warn, "not known whether it applies"},
		{"", "3.6.14", nil, migration.Skip, "does not tell"},
		{"3.6.14", "strange", nil, migration.Skip, "does not tell"},
	} {
		m := migration.Hop{Source: c.source, Target: c.target, Model: c.source, Type: "iaas", CloudType: "lxd", Inside: c.inside}
		if f := m.VersionHop(); f.Level != c.level || !strings.Contains(f.Evidence, c.says) {
			t.Errorf("%s to %s: %s, %s", c.source, c.target, f.Level, f.Evidence)
		}
	}
}

// What the status carries is used before the start, and named.
func TestContentsDecideBeforeTheStart(t *testing.T) {
	for name, c := range map[string]struct {
		source, target string
		kind, cloud    string
		users          []string
		change         func(*migration.Inventory)
		says           []string // In version-hop or advisories.
	}{
		"a KVM container": {"3.6.14", "4.0.14", "iaas", "lxd", nil, func(i *migration.Inventory) {
			i.Machines["0/kvm/0"] = migration.Machine{Agent: "started", Instance: "running"}
		}, []string{"KVM", "machine 0/kvm/0"}},
		"a charm with an LXD profile": {"3.6.14", "4.0.14", "iaas", "lxd", nil, func(i *migration.Inventory) {
			i.Applications["neutron"] = migration.Application{Charm: "ch:amd64/jammy/neutron-1", Profile: "juju-prod-neutron-1"}
		}, []string{"#21516", "neutron"}},
		"a machine with an LXD profile": {"3.6.14", "4.0.14", "iaas", "lxd", nil, func(i *migration.Inventory) {
			i.Machines["3"] = migration.Machine{Profiles: []string{"juju-prod-neutron-1"}}
		}, []string{"#21516", "machine 3"}},
		"a manual cloud": {"3.6.14", "4.0.14", "iaas", "manual", nil, nil, []string{"unmanaged"}},
		"a podspec charm": {"3.6.14", "4.0.14", "caas", "kubernetes", nil, func(i *migration.Inventory) {
			i.Applications["mariadb"] = migration.Application{Charm: "ch:amd64/focal/mariadb-k8s-3", Base: "kubernetes@kubernetes/stable"}
		}, []string{"podspec", "mariadb"}},
		"a local charm": {"3.6.14", "4.0.5", "iaas", "lxd", nil, func(i *migration.Inventory) {
			i.Applications["mine"] = migration.Application{Charm: "local:jammy/mine-0"}
		}, []string{"#21816", "mine"}},
		"storage of Kubernetes": {"3.6.21", "4.0.6", "caas", "kubernetes", nil, func(i *migration.Inventory) {
			i.Storage["pgdata/0"], i.StorageTold = migration.Storage{Owner: "db/0", Kind: "filesystem"}, true
		}, []string{"#22129", "#21975", "pgdata/0"}},
		"a filesystem on its way to 4.1": {"4.0.15", "4.1.0", "iaas", "lxd", nil, func(i *migration.Inventory) {
			i.Storage["pgdata/0"], i.StorageTold = migration.Storage{Owner: "db/0", Kind: "filesystem"}, true
		}, []string{"#23259", "pgdata/0"}},
		"external users":                    {"3.6.14", "4.0.5", "iaas", "lxd", []string{"bob@example.com=read", "carol=read"}, nil, []string{"#22099", "bob@example.com", "alice@example.com", "4.0.11"}},
		"one offer, twice":                  {"3.6.14", "4.0.14", "iaas", "lxd", nil, consumedTwice, []string{"same offer", "require-a", "require-b"}},
		"one offer, twice, to an early 4.0": {"3.6.14", "4.0.1", "iaas", "lxd", nil, consumedTwice, []string{"cannot import", "require-a", "require-b"}},
		"an offer without a relation": {"3.6.14", "4.0.15", "iaas", "lxd", nil, func(i *migration.Inventory) {
			i.Remotes["db"] = migration.Remote{URL: "bob/db.pg"}
		}, []string{"#23340", "juju remove-saas -m alice@example.com/prod db"}},
		"constraints that name a space": {"3.6.14", "4.0.15", "iaas", "lxd", nil, func(i *migration.Inventory) {
			i.Machines["4"] = migration.Machine{Constraints: "mem=2048M spaces=dmz,^public"}
		}, []string{"#23343", "machine 4"}},
		"a connected offer on its way to 3.6.28": {"3.6.14", "3.6.28", "iaas", "lxd", nil, func(i *migration.Inventory) {
			i.Offers["pg"] = migration.Offer{Application: "postgresql", Total: 2, Active: 2}
		}, []string{"3.6.28 aborts the import", "pg", "#23079"}},
		"a machine of an old base": {"3.6.14", "3.6.28", "iaas", "lxd", nil, func(i *migration.Inventory) {
			i.Machines["7"] = migration.Machine{Base: "ubuntu@18.04/stable"}
		}, []string{"machine 7", "refuses to migrate"}},
	} {
		t.Run(name, func(t *testing.T) {
			i := inventory()
			if c.change != nil {
				c.change(&i)
			}
			m := migration.Hop{Source: c.source, Target: c.target, Model: c.source, Type: c.kind, CloudType: c.cloud, Users: c.users, Inside: &i}
			hop, known := m.VersionHop(), m.Advisories()
			all := hop.Evidence + " " + hop.Remedy + " " + known.Evidence + " " + known.Remedy
			for _, says := range c.says {
				if !strings.Contains(all, says) {
					t.Errorf("%q is not said: %s", says, all)
				}
			}
			if hop.Level == migration.Pass && known.Level == migration.Pass {
				t.Error("both pass")
			}
			if strings.ContainsAny(all, "{}") {
				t.Errorf("not filled: %s", all)
			}
		})
	}
}

func consumedTwice(i *migration.Inventory) {
	i.Remotes["require-a"] = migration.Remote{URL: "bob/offers.source", Related: true}
	i.Remotes["require-b"] = migration.Remote{URL: "bob/offers.source", Related: true}
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
