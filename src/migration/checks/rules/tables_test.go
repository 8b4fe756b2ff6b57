package rules_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"jimm-migrator/src/migration/checks/rules"
)

// holding is a model with known contents: it has these.
func holding(source, target string, holds map[rules.Kind][]string) rules.Facts {
	return rules.Facts{
		Source: source, Target: target, Model: source, Type: "iaas", Cloud: "lxd", Holds: holds, Known: rules.Kinds(),
	}
}

// ids returns the rules that are about a migration, and those that may be.
func ids(list []rules.Rule, f rules.Facts) (are, maybe []string) {
	for _, r := range list {
		switch r.Match(f) {
		case rules.Fits:
			are = append(are, r.ID)
		case rules.FitUnknown:
			maybe = append(maybe, r.ID)
		case rules.FitsNot:
		}
	}
	return are, maybe
}

type content = map[rules.Kind][]string

// The rules of the version table of Juju 2.9 to 4.1, pair by pair.
func TestHops(t *testing.T) {
	connected := content{rules.ConnectedOffers: {"db"}, rules.Offers: {"db"}}
	for _, c := range []struct {
		source, target, model string
		holds                 content
		fails, warns          string
	}{
		{"3.6.14", "3.6.14", "", nil, "", ""},
		{"2.9.46", "2.9.51", "", nil, "", ""},
		{"2.9.46", "3.6.14", "", nil, "", ""},
		{"2.9.42", "3.6.14", "", nil, "model-floor-33", ""},
		{"2.9.42", "3.1.9", "", nil, "", ""},
		{"2.9.35", "3.1.9", "", nil, "model-floor-30", ""},
		{"2.8.1", "2.9.46", "", nil, "juju2-before-29", ""},
		{"2.9.46", "4.0.15", "", nil, "juju4-from-36-only", ""},
		{"3.5.5", "4.0.15", "", nil, "juju4-from-36-only", ""},
		{"3.5.5", "4.1-beta2", "", nil, "juju4-from-36-only", "juju41-beta"},
		{"3.6.14", "4.0.15", "3.5.5", nil, "juju4-old-model", "juju4-limits"},
		{"3.6.14", "4.0.15", "", nil, "", "juju4-limits"},
		{"3.6.10", "4.0.15", "", nil, "juju4-source-facades", "juju4-limits"},
		{"3.6.9", "4.1-beta2", "3.6.4", nil, "juju4-source-facades", "juju41-beta juju4-limits"},
		{"3.6.11", "4.0.15", "", nil, "", "juju4-limits"},
		{"3.6.9", "4.0-beta8", "", nil, "juju4-beta-target", "juju4-limits"},
		{"3.6.14", "4.0.0", "", nil, "juju400-imports-nothing", "juju4-limits"},
		{"3.6.14", "4.0.1", "", nil, "", "juju4-early juju4-limits"},
		{"3.6.14", "4.0.11", "", nil, "", "juju4-early juju4-limits"},
		{"3.6.14", "4.0.12", "", nil, "", "juju4-limits"},
		{"3.6.14", "4.0-beta8", "", nil, "juju4-beta-target", "juju4-limits"},
		{"3.6.14", "4.1-beta2", "", nil, "", "juju41-beta juju4-limits"},
		{"3.6.14", "4.1.0", "", nil, "", "juju4-limits"},
		{"4.0-beta8", "4.1.0", "", nil, "juju4-beta-source", ""},
		{"4.0.0", "4.0.1", "", nil, "juju40-to-40", ""},
		{"4.0.0", "4.1.0", "", nil, "juju40-old-export", ""},
		{"4.0.5", "4.1.0", "", nil, "juju40-old-export", ""},
		{"4.0.11", "4.1-beta2", "", nil, "juju40-old-export", "juju41-beta"},
		{"4.0.12", "4.1.0", "", nil, "", ""},
		{"4.0.15", "4.1-beta2", "", nil, "", "juju41-beta"},
		{"4.0.15", "4.0.15", "", nil, "juju40-to-40", ""},
		{"4.1-beta2", "4.1-beta2", "", nil, "", "juju41-beta juju41-beta-source"},
		{"4.1-beta2", "4.1.0", "", nil, "", "juju41-beta-source"},
		{"4.1.0", "4.1.0", "", nil, "", ""},
		{"4.1.0", "4.2.0", "", nil, "", ""},
		{"3.6.14", "3.6.3", "", nil, "juju36-format", ""},
		{"3.6.4", "3.6.0", "", nil, "juju36-format", ""},
		{"3.6.3", "3.6.0", "", nil, "", ""},
		{"3.6.12", "3.6.4", "", nil, "", ""},
		{"3.6.13", "3.6.4", "", nil, "juju36-format-applications", ""},
		{"3.6.28", "3.6.4", "", nil, "juju36-format-applications", ""},
		{"3.6.14", "3.6.12", "3.6.9", nil, "juju36-format-applications", ""},
		{"3.6.21", "3.6.13", "3.6.9", nil, "", ""},
		{"3.6.23", "3.6.21", "3.6.9", nil, "juju36-format-machines", ""},
		{"3.6.28", "3.6.13", "", nil, "juju36-format-machines", ""},
		{"3.6.28", "3.6.23", "", nil, "", ""},
		{"3.6.28", "3.6.3", "", nil, "juju36-format", ""},
		{"3.6.21", "4.0.5", "", nil, "", "juju4-early juju4-limits"},
		{"3.6.23", "4.0.1", "", nil, "juju4-format-machines", "juju4-early juju4-limits"},
		{"3.6.28", "4.0.5", "3.6.9", nil, "juju4-format-machines", "juju4-early juju4-old-agents juju4-limits"},
		{"3.6.28", "4.0.15", "3.6.10", nil, "", "juju4-old-agents juju4-limits"},
		{"3.6.28", "4.0.15", "3.6.11", nil, "", "juju4-limits"},
		{"3.6.28", "4.0.6", "", nil, "", "juju4-early juju4-limits"},
		{"3.5.7", "3.6.2", "", nil, "", ""},
		{"3.6.14", "3.6.14", "", connected, "", ""},
		{"3.6.14", "3.6.28", "", connected, "juju3628-connected-offers", ""},
		{"3.6.28", "3.6.28", "", connected, "juju3628-connected-offers", ""},
		{"3.6.28", "3.6.29", "", connected, "", ""},
		{"3.6.28", "3.6.28", "", content{rules.Offers: {"db"}}, "", ""},
		{"3.6.14", "4.0.15", "", connected, "juju4-offerer", "juju4-limits"},
		{"4.0.15", "4.1.0", "", connected, "", ""},
		{"2.9.46", "3.0.3", "", content{rules.Remotes: {"db"}}, "juju3-cross-model", ""},
		{"2.9.46", "3.1.9", "", content{rules.Remotes: {"db"}}, "", ""},
		{"3.6.14", "4.0.2", "", content{rules.RemotesTwice: {"a", "b"}}, "juju4-remotes-twice", "juju4-early juju4-limits"},
		{"3.6.14", "4.0.3", "", content{rules.RemotesTwice: {"a", "b"}}, "", "juju4-early juju4-limits"},
		{"3.6.14", "3.6.14", "", content{rules.ChangeBlock: {"disable-command all"}}, "changes-blocked", ""},
		{"3.6.14", "3.6.14", "", content{rules.TargetBlock: {"disable-command all"}}, "", ""},
		{"3.6.14", "4.0.14", "", content{rules.TargetBlock: {"disable-command all"}}, "target-changes-blocked", "juju4-limits"},
		{"4.0.14", "4.1.0", "", content{rules.TargetBlock: {"disable-command all"}}, "target-changes-blocked", ""},
		{"3.6.14", "4.0.14", "", content{rules.ChangeBlock: {"disable-command all"}}, "", "juju4-limits"},
		{"2.9.46", "3.1.9", "", content{rules.MachineBase.With("ubuntu@18.04"): {"machine 7"}}, "juju3-bases", ""},
		{"3.6.14", "3.6.14", "", content{rules.MachineBase.With("ubuntu@18.04"): {"7"}}, "source-bases", ""},
		{"3.5.4", "3.6.14", "", content{rules.MachineBase.With("ubuntu@23.10"): {"7"}}, "source-bases", ""},
		{"3.6.14", "3.6.14", "", content{rules.MachineBase.With("ubuntu@20.04"): {"7"}}, "", ""},
		{"3.5.4", "3.6.14", "", content{rules.MachineBase.With("windows@win2019"): {"7"}}, "source-windows", ""},
		{"2.9.46", "2.9.51", "", content{rules.MachineBase.With("ubuntu@18.04"): {"7"}}, "", ""},
		{"3.6.14", "4.0.14", "", content{rules.OtherOS: {"7"}}, "juju4-other-os", "juju4-limits"},
		{"3.6.14", "3.6.14", "", content{rules.OtherOS: {"7"}}, "", ""},
		{"3.6.14", "4.0.14", "", content{rules.KVMContainers: {"0/kvm/0"}}, "", "juju4-kvm juju4-limits"},
		{"3.6.14", "3.6.14", "", content{rules.KVMContainers: {"0/kvm/0"}}, "", ""},
		{"3.6.14", "4.0.14", "", content{rules.LXDProfiles: {"neutron"}}, "", "juju4-lxd-profiles juju4-limits"},
		{"3.6.14", "4.0.10", "", content{rules.ExternalUsers: {"alice@example.com"}}, "", "juju4-external-users juju4-early juju4-limits"},
		{"3.6.14", "4.0.11", "", content{rules.ExternalUsers: {"alice@example.com"}}, "", "juju4-early juju4-limits"},
		{"2.9.52", "3.6.14", "", content{rules.MachineBase.With("ubuntu@24.04"): {"7"}}, "juju29-bases-by-mistake", ""},
		{"2.9.52", "3.6.14", "", content{rules.MachineBase.With("ubuntu@20.04"): {"7"}}, "juju29-bases-by-mistake", ""},
		{"2.9.52", "3.6.14", "", content{rules.MachineBase.With("ubuntu@22.04"): {"7"}}, "", ""},
		{"2.9.53", "3.6.14", "", content{rules.MachineBase.With("ubuntu@24.04"): {"7"}}, "", ""},
		{"2.9.52", "2.9.57", "", content{rules.MachineBase.With("ubuntu@24.04"): {"7"}}, "", ""},
		{"3.4.3", "3.6.14", "", content{rules.MachineBase.With("ubuntu@24.04"): {"7"}}, "", "juju3-noble-by-mistake"},
		{"3.4.4", "3.6.14", "", content{rules.MachineBase.With("ubuntu@24.04"): {"7"}}, "", ""},
		{"3.5.1", "3.6.14", "", content{rules.MachineBase.With("ubuntu@24.04"): {"7"}}, "", "juju3-noble-by-mistake"},
		{"3.5.4", "3.6.14", "", content{rules.MachineBase.With("ubuntu@24.04"): {"7"}}, "", ""},
	} {
		f := holding(c.source, c.target, c.holds)
		if c.model != "" {
			f.Model = c.model
		}
		var fails, warns []string
		are, maybe := ids(rules.All().Hops, f)
		for _, r := range rules.All().Hops {
			switch {
			case !slices.Contains(are, r.ID):
			case r.Level == "fail":
				fails = append(fails, r.ID)
			default:
				warns = append(warns, r.ID)
			}
		}
		if strings.Join(fails, " ") != c.fails || strings.Join(warns, " ") != c.warns || len(maybe) > 0 {
			t.Errorf("%s to %s with %v: fail %v, warn %v, open %v", c.source, c.target, c.holds, fails, warns, maybe)
		}
	}
}

func TestWhatTheCloudAndTheTypeDecide(t *testing.T) {
	f := holding("3.6.14", "4.0.14", nil)
	f.Cloud = "manual"
	if are, _ := ids(rules.All().Hops, f); !slices.Contains(are, "juju4-manual-cloud") {
		t.Errorf("a manual cloud: %v", are)
	}
	for cloud, rule := range map[string]string{
		"ec2": "juju4-fan", "gce": "juju4-fan", "openstack": "juju4-fan", "equinix": "juju4-equinix", "maas": "juju4-maas-space",
	} {
		f.Cloud = cloud
		if are, _ := ids(rules.All().Hops, f); !slices.Contains(are, rule) {
			t.Errorf("cloud %s: %v", cloud, are)
		}
	}
	for _, cloud := range []string{"rackspace", "cloudsigma"} {
		old := holding("2.9.57", "3.6.14", nil)
		old.Cloud = cloud
		if are, _ := ids(rules.All().Hops, old); !slices.Contains(are, "juju3-"+cloud) {
			t.Errorf("cloud %s: %v", cloud, are)
		}
	}
	for _, cloud := range []string{"azure", "lxd", "maas", "oci", "vsphere"} {
		f.Cloud = cloud
		if are, _ := ids(rules.All().Hops, f); slices.Contains(are, "juju4-fan") {
			t.Errorf("cloud %s: %v", cloud, are)
		}
	}
	f.Cloud = ""
	if _, maybe := ids(rules.All().Hops, f); !slices.Contains(maybe, "juju4-manual-cloud") {
		t.Errorf("a cloud that is not known: %v", maybe)
	}
	podspec := holding("3.6.14", "4.0.14", content{rules.PodspecCharms: {"mariadb"}})
	podspec.Type = "caas"
	if are, _ := ids(rules.All().Hops, podspec); !slices.Contains(are, "juju4-podspec") {
		t.Errorf("a podspec charm: %v", are)
	}
}

// A bug is shown for the releases that have it, and for no others.
func TestAdvisories(t *testing.T) {
	storage := content{rules.Storage: {"pgdata/0"}, rules.Filesystems: {"pgdata/0"}}
	for _, c := range []struct {
		issue, source, target, kind string
		holds                       content
		shown                       bool
	}{
		{"22113", "3.6.12", "3.6.28", "iaas", nil, true},
		{"22113", "3.6.13", "3.6.28", "iaas", nil, false},
		{"21936", "3.6.28", "4.0.10", "caas", nil, true},
		{"21936", "3.6.28", "4.0.14", "caas", nil, false},
		{"21936", "3.6.28", "4.1.0", "caas", nil, false},
		{"23220", "3.6.28", "4.1.0", "caas", nil, false},
		{"23220", "4.0.14", "4.1.0", "caas", nil, true},
		{"23220", "4.0.14", "4.1.0", "iaas", nil, false},
		{"23220", "4.0.15", "4.1.0", "caas", nil, false},
		{"23220", "4.1-beta2", "4.1.0", "caas", nil, true},
		{"23220", "4.1.0", "4.1.0", "caas", nil, false},
		{"22817", "4.0.12", "4.1.0", "iaas", nil, true},
		{"22817", "4.0.13", "4.1-beta2", "caas", nil, true},
		{"22817", "4.0.14", "4.1.0", "iaas", nil, false},
		{"22817", "4.1-beta2", "4.1.0", "iaas", nil, true},
		{"22817", "3.6.28", "4.1.0", "iaas", nil, false},
		{"23219", "4.0.14", "4.1.0", "caas", nil, true},
		{"23219", "4.0.14", "4.1.0", "iaas", nil, false},
		{"23219", "4.0.15", "4.1.0", "caas", nil, false},
		{"23219", "3.6.28", "4.0.14", "caas", nil, false},
		{"22129", "3.6.21", "4.0.6", "caas", storage, true},
		{"21975", "3.6.21", "4.0.4", "caas", storage, true},
		{"22129", "3.6.21", "4.0.6", "caas", nil, false},
		{"22129", "3.6.21", "4.0.6", "iaas", storage, false},
		{"22129", "3.6.21", "4.0.12", "caas", storage, false},
		{"23259", "4.0.15", "4.1.0", "iaas", storage, true},
		{"23259", "4.0.15", "4.1-beta3", "iaas", storage, true},
		{"23259", "3.6.28", "4.1.0", "iaas", storage, false},
		{"23259", "4.0.15", "4.1.0", "iaas", content{rules.Storage: {"data/0"}, rules.Volumes: {"data/0"}}, true},
		{"23259", "4.0.15", "4.1.0", "caas", storage, true},
		{"23259", "4.0.16", "4.1.0", "iaas", storage, false},
		{"23259", "4.0.15", "4.1.0", "iaas", nil, false},
		{"21785", "3.6.14", "4.0.14", "iaas", content{rules.RemotesTwice: {"a", "b"}}, true},
		{"21785", "3.6.14", "4.0.14", "iaas", content{rules.Remotes: {"a", "b"}}, false},
		{"22972", "4.0.13", "4.1.0", "iaas", content{rules.ConnectedOffers: {"a"}}, true},
		{"22972", "4.0.13", "4.1.0", "iaas", content{rules.Remotes: {"a"}}, true},
		{"22972", "4.0.14", "4.1.0", "iaas", content{rules.ConnectedOffers: {"a"}}, false},
		{"22972", "3.6.28", "4.0.12", "iaas", content{rules.ConnectedOffers: {"a"}}, false},
		{"22972", "4.1-beta2", "4.1.0", "iaas", content{rules.ConnectedOffers: {"a"}}, true},
		{"23094", "3.6.28", "4.0.14", "iaas", content{rules.ConnectedOffers: {"a"}}, true},
		{"23094", "3.6.28", "4.0.14", "iaas", content{rules.Remotes: {"a"}}, false},
		{"23094", "3.6.28", "4.0.15", "iaas", content{rules.ConnectedOffers: {"a"}}, false},
		{"23094", "3.6.28", "4.0.12", "iaas", content{rules.ConnectedOffers: {"a"}}, false},
		{"23094", "4.0.14", "4.1.0", "iaas", content{rules.ConnectedOffers: {"a"}}, false},
		{"22085", "3.6.28", "4.0.3", "iaas", content{rules.Remotes: {"a", "b"}}, true},
		{"22085", "3.6.28", "4.0.11", "iaas", content{rules.Remotes: {"a", "b"}}, false},
		{"22085", "3.6.28", "3.6.28", "iaas", content{rules.Remotes: {"a", "b"}}, false},
		{"23340", "3.6.14", "4.0.15", "iaas", content{rules.RemotesUnrelated: {"a"}}, true},
		{"23340", "3.6.14", "3.6.28", "iaas", content{rules.RemotesUnrelated: {"a"}}, false},
		{"21816", "3.6.14", "4.0.10", "iaas", content{rules.LocalCharms: {"web"}}, true},
		{"21816", "3.6.14", "4.0.11", "iaas", content{rules.LocalCharms: {"web"}}, false},
		{"23343", "3.6.14", "4.0.15", "iaas", content{rules.SpaceConstraints: {"0"}}, true},
		{"22517", "3.6.14", "3.6.14", "iaas", content{rules.Remotes: {"a"}}, true},
		{"22517", "3.6.24", "3.6.14", "iaas", content{rules.Remotes: {"a"}}, true},
		{"22517", "3.6.24", "3.6.28", "iaas", content{rules.Remotes: {"a"}}, false},
		{"23311", "3.6.14", "3.6.27", "iaas", content{rules.ConnectedOffers: {"a"}}, true},
		{"23311", "3.6.14", "3.6.29", "iaas", content{rules.ConnectedOffers: {"a"}}, false},
		{"22224", "3.6.14", "4.0.11", "iaas", content{rules.Containers: {"0/lxd/0"}}, true},
		{"22224", "3.6.14", "4.0.12", "iaas", content{rules.Containers: {"0/lxd/0"}}, false},
		{"22224", "3.6.14", "4.0.11", "iaas", nil, false},
		{"22774", "3.6.14", "4.0.12", "iaas", content{rules.SeveralUnits: {"db"}}, true},
		{"22774", "3.6.14", "4.0.14", "iaas", content{rules.SeveralUnits: {"db"}}, false},
		{"22774", "3.6.14", "3.6.28", "iaas", content{rules.SeveralUnits: {"db"}}, false},
		{"23337", "3.6.14", "4.0.15", "iaas", content{rules.Suspended: {"a:db b:db"}}, true},
		{"23337", "3.6.14", "3.6.28", "iaas", content{rules.Suspended: {"a:db b:db"}}, false},
		{"22833", "3.6.25", "3.6.28", "caas", nil, true},
		{"22833", "3.6.25", "3.6.28", "iaas", nil, false},
		{"22833", "4.0.15", "4.1.0", "caas", nil, false},
		{"18898", "3.6.2", "4.0.15", "caas", nil, true},
		{"18898", "3.6.4", "4.0.15", "caas", nil, false},
		{"18898", "3.6.2", "3.6.28", "caas", nil, false},
		{"21842", "3.6.14", "4.0.1", "caas", nil, true},
		{"21842", "3.6.14", "4.0.3", "caas", nil, false},
		{"19561", "3.5.7", "3.6.5", "caas", content{rules.Charm.With("postgresql-k8s"): {"db"}}, true},
		{"19561", "3.5.7", "3.6.5", "caas", nil, false},
		{"20267", "3.5.7", "3.6.8", "caas", nil, true},
		{"20267", "3.5.7", "3.6.9", "caas", nil, false},
		{"2058860", "3.1.8", "3.4.1", "iaas", nil, true},
		{"2058860", "3.1.8", "3.3.4", "iaas", nil, false},
		{"2058860", "3.1.8", "3.6.28", "iaas", nil, false},
		{"2057695", "2.9.46", "3.4.0", "caas", nil, true},
		{"2057695", "2.9.46", "3.6.28", "caas", nil, false},
		{"2023756", "2.9.46", "3.1.4", "iaas", nil, true},
		{"2023756", "2.9.46", "3.1.5", "iaas", nil, false},
		{"2008744", "2.9.46", "3.1.1", "caas", nil, true},
		{"2008744", "2.9.42", "2.9.42", "caas", nil, true},
		{"2008744", "2.9.46", "3.1.2", "caas", nil, false},
		{"2040138", "2.9.43", "3.1.6", "iaas", content{rules.ExternalUsers: {"alice@example.com"}}, true},
		{"2040138", "2.9.43", "3.1.7", "iaas", content{rules.ExternalUsers: {"alice@example.com"}}, false},
		{"2040138", "2.9.43", "3.6.28", "iaas", content{rules.ExternalUsers: {"alice@example.com"}}, false},
		{"2068613", "3.4.3", "3.6.28", "iaas", nil, true},
		{"2068613", "3.5.2", "3.6.28", "iaas", nil, false},
		{"2078672", "3.5.4", "3.6.28", "iaas", content{rules.ConnectedOffers: {"a"}}, true},
		{"2078672", "3.5.5", "3.6.28", "iaas", content{rules.ConnectedOffers: {"a"}}, false},
		{"23066", "3.6.28", "4.1-beta2", "iaas", content{rules.Agents: {"0"}}, true},
		{"23066", "4.0.15", "4.1-beta2", "iaas", content{rules.Agents: {"0"}}, true},
		{"23066", "3.6.28", "4.1-beta2", "caas", content{rules.Agents: {"db/0"}}, false},
		{"23066", "4.1-beta2", "4.1-beta3", "iaas", content{rules.Agents: {"0"}}, false},
		{"23066", "3.6.28", "4.1.0", "iaas", content{rules.Agents: {"0"}}, false},
		{"23066", "3.6.28", "4.0.15", "iaas", content{rules.Agents: {"0"}}, false},
		{"23059", "4.0.15", "4.1-beta2", "caas", content{rules.Agents: {"db/0"}}, true},
		{"23059", "3.6.28", "4.1-beta2", "iaas", content{rules.Agents: {"0"}}, false},
		{"23059", "4.0.15", "4.1.0", "iaas", content{rules.Agents: {"0"}}, false},
		{"21925", "3.6.28", "4.0.15", "caas", storage, true},
		{"21925", "3.6.28", "4.0.15", "iaas", storage, false},
		{"21925", "4.0.15", "4.1.0", "caas", storage, false},
		{"21811", "3.6.14", "4.0.1", "iaas", content{rules.Remotes: {"a"}}, true},
		{"21811", "3.6.14", "4.0.3", "iaas", content{rules.Remotes: {"a"}}, false},
		{"23260", "3.6.28", "4.0.14", "caas", nil, true},
		{"23260", "3.6.28", "4.0.15", "caas", nil, false},
	} {
		f := holding(c.source, c.target, c.holds)
		f.Type = c.kind
		are, _ := ids(rules.All().Advisories, f)
		if shown := slices.ContainsFunc(are, func(id string) bool { return strings.HasSuffix(id, c.issue) }); shown != c.shown {
			t.Errorf("#%s, %s to %s, %s with %v: %v", c.issue, c.source, c.target, c.kind, c.holds, are)
		}
	}
}

// Two remedies make matters worse: consuming again without the fix of
// juju/juju#23078, and removing the consumed offer after the migration
// (juju/juju#20630).
func TestRemediesThatMakeMattersWorseAreNamed(t *testing.T) {
	book := rules.All()
	for _, r := range slices.Concat(book.Advisories, book.FollowUps) {
		if strings.Contains(r.Do, "consume") && strings.Contains(r.Do, "again") && !slices.Contains(r.Holds, rules.Remotes) &&
			!slices.Contains(r.Holds, rules.RemotesUnrelated) && !strings.Contains(r.Do, "#23078") {
			t.Errorf("%s promises that consuming again helps: %s", r.ID, r.Do)
		}
		if strings.Contains(r.Do, "remove-saas") && !strings.Contains(r.Do, "before the migration") && !strings.Contains(r.Do, "#20630") {
			t.Errorf("%s promises that remove-saas ends: %s", r.ID, r.Do)
		}
	}
}

// An advisory that is shown for every migration is not read by users.
func TestNoAdvisoryIsShownForEveryMigration(t *testing.T) {
	for _, pair := range [][2]string{{"3.6.28", "3.6.28"}, {"3.6.14", "3.6.14"}, {"3.6.28", "4.0.15"}, {"4.0.15", "4.1.0"}} {
		f := holding(pair[0], pair[1], nil)
		f.Type = "iaas"
		if are, _ := ids(rules.All().Advisories, f); len(are) > 0 {
			t.Errorf("an empty model from %s to %s: %v", pair[0], pair[1], are)
		}
	}
}

// A model that runs an older minor version than its controller should be
// upgraded.
func TestFollowUps(t *testing.T) {
	for _, c := range []struct {
		target string
		holds  content
		kind   string
		want   string
	}{
		{"3.6.20", content{rules.OldAgents: {"0"}, rules.Agents: {"0"}}, "iaas", "keep-source upgrade-model"},
		{"3.6.20", content{rules.Agents: {"0"}}, "iaas", "keep-source"},
		{"3.6.20", nil, "iaas", ""},
		{"4.0.15", content{rules.OldAgents: {"0"}, rules.Agents: {"0"}}, "iaas", "keep-source"},
		{"4.0.15", content{rules.OldModel: {"the model"}}, "iaas", "agents-left"},
		{"3.6.20", content{rules.OldModel: {"the model"}}, "iaas", ""},
		{"3.6.20", content{rules.Charm.With("vault"): {"vault"}, rules.Agents: {"vault/0"}}, "iaas", "unseal-vault keep-source"},
		{"3.6.20", content{rules.Agents: {"pg/0"}}, "caas", "keep-source kubernetes-secrets model-operator"},
	} {
		f := holding("3.5.7", c.target, c.holds)
		f.Type = c.kind
		if are, _ := ids(rules.All().FollowUps, f); strings.Join(are, " ") != c.want {
			t.Errorf("%s %v: %v", c.target, c.holds, are)
		}
	}
}

// Unknown contents do not count as absent.
func TestWhatIsNotKnownIsOpen(t *testing.T) {
	blind := rules.Facts{Source: "3.6.14", Target: "4.0.15", Model: "3.6.14"}
	if _, maybe := ids(rules.All().Hops, blind); !slices.Contains(maybe, "juju4-offerer") {
		t.Errorf("open: %v", maybe)
	}
	partly := holding("3.6.14", "4.0.15", nil)
	partly.Known = []rules.Kind{rules.Remotes}
	if _, maybe := ids(rules.All().Hops, partly); !slices.Contains(maybe, "juju4-offerer") {
		t.Errorf("open: %v", maybe)
	}
}

// After an upgrade that a remedy suggests, the rule no longer applies.
func TestUpgradesEndWhatARuleIsAbout(t *testing.T) {
	upgrade := regexp.MustCompile(`upgrade (?:controller )?\{(source|target)\} to ((?:(?:, )?(?:Juju )?\d+\.\d+(?:\.\d+)?)+)`)
	book, found := rules.All(), 0
	for _, r := range slices.Concat(book.Hops, book.Advisories) {
		for _, m := range upgrade.FindAllStringSubmatch(r.Do, -1) {
			for version := range strings.SplitSeq(m[2], ", ") {
				found++
				version = strings.TrimPrefix(version, "Juju ")
				if strings.Count(version, ".") == 1 {
					version += ".0"
				}
				f := rules.Facts{Target: version}
				if m[1] == "source" {
					f = rules.Facts{Source: version}
				}
				if r.Apt(f) != rules.FitsNot {
					t.Errorf("%s: %q, and it is there with %s all the same", r.ID, r.Do, version)
				}
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d remedies name a release", found)
	}
}
