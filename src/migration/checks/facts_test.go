package checks_test

import (
	"strings"
	"testing"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
	"jimm-migrator/tests/sample"
)

// The contents of a model decide some hops: unknown contents are not a pass.
func TestVersionHopIsOpenWhereTheContentsWereNotRead(t *testing.T) {
	unread := sample.Inventory()
	unread.Unread = []string{"offers/db: odd"}
	noBlocks := sample.Inventory()
	noBlocks.Changes = facts.ChangesUnread
	all := sample.Inventory()
	const block = "may apply: changes to the model are disabled"
	for _, c := range []struct {
		source, target string
		contents       *facts.Inventory
		level          checks.Level
		says           string
	}{
		{"3.6.14", "4.0.15", nil, checks.Warn, "may apply: a model whose offers are connected usually cannot move"},
		{"2.9.46", "3.0.3", nil, checks.Skip, "may apply"},
		{"2.9.46", "2.9.51", nil, checks.Skip, block},
		{"2.9.46", "2.9.51", &noBlocks, checks.Skip, block},
		{"2.9.46", "2.9.51", &all, checks.Pass, "no rule"},
		{"3.6.14", "3.6.14", &noBlocks, checks.Skip, block},
		{"3.6.14", "3.6.14", &all, checks.Pass, "no rule"},
		{"4.0.15", "4.0.15", nil, checks.Fail, "#22659"},
		{"3.6.14", "4.0.15", &unread, checks.Warn, "may apply"},
		{"", "3.6.14", nil, checks.Skip, "does not report the versions"},
		{"3.6.14", "strange", nil, checks.Skip, "does not report the versions"},
	} {
		m := checks.Hop{Source: c.source, Target: c.target, Model: c.source, Type: "iaas", CloudType: "lxd", Contents: c.contents}
		if f := m.VersionHop(); f.Level != c.level || !strings.Contains(f.Evidence, c.says) {
			t.Errorf("%s to %s: %s, %s", c.source, c.target, f.Level, f.Evidence)
		}
	}
}

// The block stops the agent binaries, so it matters where there are machines.
func TestVersionHopWithChangesDisabled(t *testing.T) {
	for name, c := range map[string]struct {
		target, kind string
		change       func(*facts.Inventory)
		level        checks.Level
	}{
		"to Juju 3":         {"3.6.28", "iaas", nil, checks.Fail},
		"and more unread":   {"3.6.28", "iaas", func(i *facts.Inventory) { i.Unread = []string{"offers/db: odd"} }, checks.Fail},
		"without machines":  {"3.6.14", "iaas", func(i *facts.Inventory) { i.Machines = nil }, checks.Pass},
		"of Kubernetes":     {"3.6.14", "caas", nil, checks.Pass},
		"it is not blocked": {"3.6.14", "iaas", func(i *facts.Inventory) { i.Changes = facts.ChangesAllowed }, checks.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			i := sample.Inventory()
			i.Changes = facts.ChangesBlocked
			if c.change != nil {
				c.change(&i)
			}
			f := checks.Hop{Source: "3.6.14", Target: c.target, Model: "3.6.14", Type: c.kind, CloudType: "lxd", Contents: &i}.VersionHop()
			if f.Level != c.level || c.level == checks.Fail && !strings.Contains(f.Remedy, "juju enable-command -m alice@example.com/prod all") {
				t.Errorf("%s, %s; %s", f.Level, f.Evidence, f.Remedy)
			}
		})
	}
}

// Facts that only the model's status shows are used before the start, and named.
func TestContentsDecideBeforeTheStart(t *testing.T) {
	for name, c := range map[string]struct {
		source, target string
		kind, cloud    string
		users          []string
		change         func(*facts.Inventory)
		says           []string // In version-hop or advisories.
	}{
		"a KVM container": {"3.6.14", "4.0.14", "iaas", "lxd", nil, func(i *facts.Inventory) {
			i.Machines["0/kvm/0"] = facts.Machine{Agent: "started", Instance: "running"}
		}, []string{"KVM", "machine 0/kvm/0"}},
		"a charm with an LXD profile": {"3.6.14", "4.0.14", "iaas", "lxd", nil, func(i *facts.Inventory) {
			i.Applications["neutron"] = facts.Application{Charm: "ch:amd64/jammy/neutron-1", Profile: "juju-prod-neutron-1"}
		}, []string{"#21516", "neutron"}},
		"a machine with an LXD profile": {"3.6.14", "4.0.14", "iaas", "lxd", nil, func(i *facts.Inventory) {
			i.Machines["3"] = facts.Machine{Profiles: []string{"juju-prod-neutron-1"}}
		}, []string{"#21516", "machine 3"}},
		"a manual cloud": {"3.6.14", "4.0.14", "iaas", "manual", nil, nil, []string{"unmanaged"}},
		"a podspec charm": {"3.6.14", "4.0.14", "caas", "kubernetes", nil, func(i *facts.Inventory) {
			i.Applications["mariadb"] = facts.Application{Charm: "ch:amd64/focal/mariadb-k8s-3", Base: "kubernetes@kubernetes/stable"}
		}, []string{"podspec", "mariadb"}},
		"a local charm": {"3.6.14", "4.0.5", "iaas", "lxd", nil, func(i *facts.Inventory) {
			i.Applications["mine"] = facts.Application{Charm: "local:jammy/mine-0"}
		}, []string{"#21816", "mine"}},
		"storage of Kubernetes": {"3.6.21", "4.0.6", "caas", "kubernetes", nil, func(i *facts.Inventory) {
			i.Storage["pgdata/0"], i.StorageReported = facts.Storage{Kind: "filesystem"}, true
		}, []string{"#22129", "#21975", "pgdata/0"}},
		"a filesystem on its way to 4.1": {"4.0.15", "4.1.0", "iaas", "lxd", nil, func(i *facts.Inventory) {
			i.Storage["pgdata/0"], i.StorageReported = facts.Storage{Kind: "filesystem"}, true
		}, []string{"#23259", "pgdata/0"}},
		"external users":                    {"3.6.14", "4.0.5", "iaas", "lxd", []string{"bob@example.com=read", "carol=read"}, nil, []string{"#22099", "bob@example.com", "alice@example.com", "4.0.11"}},
		"one offer, twice":                  {"3.6.14", "4.0.14", "iaas", "lxd", nil, consumedTwice, []string{"same offer", "require-a", "require-b"}},
		"one offer, twice, to an early 4.0": {"3.6.14", "4.0.1", "iaas", "lxd", nil, consumedTwice, []string{"cannot import", "require-a", "require-b"}},
		"an offer without a relation": {"3.6.14", "4.0.15", "iaas", "lxd", nil, func(i *facts.Inventory) {
			i.Remotes["db"] = facts.Remote{URL: "bob/db.pg"}
		}, []string{"#23340", "juju remove-saas -m alice@example.com/prod db"}},
		"constraints that name a space": {"3.6.14", "4.0.15", "iaas", "lxd", nil, func(i *facts.Inventory) {
			i.Machines["4"] = facts.Machine{Constraints: "mem=2048M spaces=dmz,^public"}
		}, []string{"#23343", "machine 4"}},
		"a connected offer on its way to 3.6.28": {"3.6.14", "3.6.28", "iaas", "lxd", nil, func(i *facts.Inventory) {
			i.Offers["pg"] = facts.Offer{Application: "postgresql", Total: 2, Active: 2}
		}, []string{"3.6.28 aborts the import", "pg", "#23079"}},
		"a model on AWS":  {"3.6.14", "4.0.15", "iaas", "ec2", nil, nil, []string{"fan networking", `juju model-config -m alice@example.com/prod container-networking-method=local fan-config=""`}},
		"a model on MAAS": {"3.6.14", "4.0.15", "iaas", "maas", nil, nil, []string{"alpha", "default-space"}},
		"a container": {"3.6.14", "4.0.11", "iaas", "lxd", nil, func(i *facts.Inventory) {
			i.Machines["0/lxd/0"] = facts.Machine{Agent: "started", Instance: "running"}
		}, []string{"#22224", "0/lxd/0", "4.0.12"}},
		"leaders": {"3.6.14", "4.0.12", "iaas", "lxd", nil, nil, []string{"#22774", "(web)", "4.0.14"}},
		"a suspended relation": {"3.6.14", "4.0.15", "iaas", "lxd", nil, func(i *facts.Inventory) {
			i.Relations["web:db pg:db"] = facts.Relation{Status: "suspended"}
		}, []string{"#23337", "web:db pg:db", "juju suspend-relation"}},
		"noble on 2.9.52": {"2.9.52", "3.6.9", "iaas", "lxd", nil, func(i *facts.Inventory) {
			i.Machines["7"] = facts.Machine{Base: "ubuntu@24.04/stable"}
		}, []string{"#20612", "machine 7", "2.9.53"}},
		"containers with users": {"3.6.25", "3.6.28", "caas", "kubernetes", nil, nil, []string{"#22833", "uid"}},
		"postgresql on Kubernetes": {"3.5.7", "3.6.5", "caas", "kubernetes", nil, func(i *facts.Inventory) {
			i.Applications["db"] = facts.Application{Charm: "ch:amd64/postgresql-k8s-495"}
		}, []string{"#19561", "db", "juju resolve"}},
		"a machine that is not Ubuntu": {"3.6.14", "4.0.15", "iaas", "manual", nil, func(i *facts.Inventory) {
			i.Machines["7"] = facts.Machine{Base: "centos@9/stable"}
		}, []string{"only Ubuntu", "machine 7", "unknown os type"}},
		"a machine of an old base": {"3.6.14", "3.6.28", "iaas", "lxd", nil, func(i *facts.Inventory) {
			i.Machines["7"] = facts.Machine{Base: "ubuntu@18.04/stable"}
		}, []string{"machine 7", "refuses to migrate"}},
	} {
		t.Run(name, func(t *testing.T) {
			i := sample.Inventory()
			if c.change != nil {
				c.change(&i)
			}
			m := checks.Hop{Source: c.source, Target: c.target, Model: c.source, Type: c.kind, CloudType: c.cloud, Users: c.users, Contents: &i}
			hop, known := m.VersionHop(), m.Advisories()
			all := hop.Evidence + " " + hop.Remedy + " " + known.Evidence + " " + known.Remedy
			for _, says := range c.says {
				if !strings.Contains(all, says) {
					t.Errorf("%q is not said: %s", says, all)
				}
			}
			if hop.Level == checks.Pass && known.Level == checks.Pass {
				t.Error("both pass")
			}
			if strings.ContainsAny(all, "{}") {
				t.Errorf("not filled: %s", all)
			}
		})
	}
}

// Juju counts machines: an application of an old base without such machines, as on Kubernetes, is no obstacle.
func TestTheBaseOfAnApplicationIsNoObstacle(t *testing.T) {
	for source, target := range map[string]string{"2.9.53": "3.6.28", "3.6.14": "3.6.28"} {
		i := sample.Inventory()
		i.Machines = nil
		i.Applications["db"] = facts.Application{Charm: "ch:amd64/db-1", Base: "ubuntu@18.04/stable"}
		m := checks.Hop{Source: source, Target: target, Model: source, Type: "caas", CloudType: "kubernetes", Contents: &i}
		if f := m.VersionHop(); f.Level != checks.Pass {
			t.Errorf("%s to %s: %s, %s", source, target, f.Level, f.Evidence)
		}
	}
}

func consumedTwice(i *facts.Inventory) {
	i.Remotes["require-a"] = facts.Remote{URL: "bob/offers.source", Related: true}
	i.Remotes["require-b"] = facts.Remote{URL: "bob/offers.source", Related: true}
}

func TestCharmNames(t *testing.T) {
	for charm, want := range map[string]string{
		"ch:amd64/jammy/postgresql-288": "postgresql", "ch:vault-k8s-3": "vault-k8s", "local:focal/vault-0": "vault",
		"cs:~containers/easyrsa-12": "easyrsa", "juju-jimm-k8s": "juju-jimm-k8s", "": "",
	} {
		if got := (facts.Application{Charm: charm}).CharmName(); got != want {
			t.Errorf("%q: %q, want %q", charm, got, want)
		}
	}
}

// Juju 4 refuses other things on a source than Juju 3.
func TestWorkloadsThatASourceRefuses(t *testing.T) {
	for _, c := range []struct {
		source, workload, message string
		level                     checks.Level
	}{
		{"3.6.28", "error", "hook failed: install", checks.Warn},
		{"3.6.28", "blocked", "", checks.Pass},
		{"3.6.28", "unknown", "", checks.Pass},
		{"", "error", "", checks.Warn},
		{"4.0.15", "active", "", checks.Pass},
		{"4.0.15", "error", "hook failed: install", checks.Fail},
		{"4.0.15", "terminated", "", checks.Fail},
		{"4.0.15", "unknown", "", checks.Fail},
		{"4.0.15", "blocked", "no relation", checks.Fail},
		{"4.1.0", "blocked", "no relation", checks.Pass},
		{"4.1-beta1", "blocked", "no relation", checks.Fail},
		{"4.1-beta2", "blocked", "no relation", checks.Pass},
		{"4.1.0", "error", "", checks.Fail},
		{"4.0.15", "maintenance", "installing charm software", checks.Fail},
		{"4.0.15", "maintenance", "making a backup", checks.Pass},
		{"4.1.0", "waiting", "waiting for machine", checks.Fail},
		{"4.1.0", "waiting", "agent initialising", checks.Fail},
		{"4.1.0", "waiting", "for its relation", checks.Pass},
	} {
		i := sample.Inventory()
		i.Units = map[string]facts.Unit{"web/0": {Agent: "idle", Workload: c.workload, Message: redact.Raw(c.message)}}
		f := checks.Hop{Source: c.source, Target: "4.1.0", Contents: &i}.Units()
		if f.Level != c.level || f.Level != checks.Pass && !strings.Contains(f.Evidence, "web/0") {
			t.Errorf("%s on %q: %s, %s", c.workload, c.source, f.Level, f.Evidence)
		}
	}
}
