package rules

import (
	"slices"
	"strings"
)

// Facts are what is known about a migration. In the zero value, nothing is
// known.
type Facts struct {
	// Source, Target and Model are the versions of the two controllers and of
	// the model's agents; "" if not known.
	Source, Target, Model string
	// Type is "iaas" or "caas", Cloud the type of the model's cloud, such as
	// "manual" or "lxd"; "" if not known.
	Type, Cloud string
	// Holds are the names of what the model contains, by kind.
	Holds map[Kind][]string
	// Known are the kinds that are known completely: if one of them is not in
	// Holds, the model does not contain it.
	Known []Kind
}

// Kind is a kind of content of a model. Some are made precise by a value:
// "charm=vault", "machine-base=ubuntu@18.04".
type Kind string

// The kinds, and what their names are.
const (
	Charm            Kind = "charm"               // Applications with a charm of that name.
	Agents           Kind = "agents"              // Machines and units.
	MachineBase      Kind = "machine-base"        // Machines on that base.
	OtherOS          Kind = "other-os"            // Machines that do not run Ubuntu.
	LocalCharms      Kind = "local-charms"        // Applications whose charm was uploaded.
	StoreCharms      Kind = "store-charms"        // Applications from the charm store.
	SeveralUnits     Kind = "several-units"       // Applications with more than one unit, which have a leader to lose.
	PodspecCharms    Kind = "podspec-charms"      // Applications whose charm is not a sidecar.
	LXDProfiles      Kind = "lxd-profiles"        // Applications and machines with a profile of a charm.
	Containers       Kind = "containers"          // Machines in machines.
	KVMContainers    Kind = "kvm-containers"      // Those that are virtual machines.
	SpaceConstraints Kind = "space-constraints"   // Machines whose constraints name spaces.
	OldAgents        Kind = "old-agents"          // Agents that run an older minor version than the target.
	OldModel         Kind = "old-model"           // The model, at an older minor version than the target.
	Offers           Kind = "offers"              // Offers.
	ConnectedOffers  Kind = "connected-offers"    // Offers that other models use.
	Suspended        Kind = "suspended-relations" // Relations that are suspended.
	Remotes          Kind = "remotes"             // Consumed offers.
	RemotesTwice     Kind = "remotes-twice"       // Consumed offers that have the URL of another one.
	RemotesUnrelated Kind = "remotes-unrelated"   // Consumed offers without a relation.
	Storage          Kind = "storage"             // Storage instances.
	Filesystems      Kind = "filesystems"         // Those that are filesystems.
	Volumes          Kind = "volumes"             // Those that are block devices.
	ChangeBlock      Kind = "change-block"        // The block of all changes, in a model with machines.
	TargetBlock      Kind = "target-change-block" // The same block on the controller model of the target, for a model with machines.
	ExternalUsers    Kind = "external-users"      // Users with access, or the owner, of an identity provider.
)

// Kinds returns all kinds without a value.
func Kinds() []Kind {
	return []Kind{
		Charm, Agents, MachineBase, OtherOS, LocalCharms, StoreCharms, SeveralUnits, PodspecCharms, LXDProfiles, Containers, KVMContainers,
		SpaceConstraints, OldAgents, OldModel, Offers, ConnectedOffers, Suspended, Remotes, RemotesTwice, RemotesUnrelated,
		Storage, Filesystems, Volumes, ChangeBlock, TargetBlock, ExternalUsers,
	}
}

// With makes the kind precise.
func (k Kind) With(value string) Kind { return k + "=" + Kind(value) }

// bare returns the kind without its value.
func (k Kind) bare() Kind {
	bare, _, _ := strings.Cut(string(k), "=")
	return Kind(bare)
}

// named returns the names of what is of one of the kinds.
func (f Facts) named(kinds []Kind) []string {
	var out []string
	for _, k := range kinds {
		for _, name := range f.Holds[k] {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// holds reports whether the model contains something of one of the kinds.
func (f Facts) holds(kinds []Kind) Fit {
	out := FitsNot
	for _, k := range kinds {
		switch {
		case len(f.Holds[k]) > 0:
			return Fits
		case !slices.Contains(f.Known, k.bare()):
			out = out.or(FitUnknown)
		}
	}
	return out
}
