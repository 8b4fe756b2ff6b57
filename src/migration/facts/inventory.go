package facts

import (
	"maps"
	"slices"
	"strings"

	"jimm-migrator/src/redact"
)

// The checks below inspect the model for what Juju's own prechecks would
// refuse (Juju 2.9 to 4.1), all at once. Juju sees more: minimum numbers of
// units, pending reboots and cleanups are not in what it reports.

// Alive reports whether a life means that the entity is not being removed.
func Alive(life string) bool { return life == "" || life == "alive" }

// Present reports whether the agent of the unit is with its controller.
func (u Unit) Present() bool { return u.Agent == "idle" || u.Agent == "executing" }

// State is the unit's workload with what the charm says of it, in one line: "blocked (no relation)".
func (u Unit) State() string {
	says := strings.Join(strings.Fields(u.Message.String()), " ")
	if says == "" {
		return u.Workload
	}
	return u.Workload + " (" + says + ")"
}

// InventoryRequest says what is read about a model.
type InventoryRequest struct {
	Model      string         // The UUID.
	Controller ControllerUUID // That is to answer.
	// Obstacles also requests what matters only before a migration: whether changes are disabled, which
	// units have joined their relations, and which machines are being upgraded.
	Obstacles bool
}

// Inventory is what a model contains, and how its agents are. Names are the keys.
type Inventory struct {
	// Controller is the UUID of the controller that has answered.
	Controller ControllerUUID
	// Type is "iaas" or "caas"; the others are those of the model.
	Type, AgentVersion, Status string
	StatusText                 redact.Raw

	Applications map[string]Application
	// Machines are by id; containers are among them.
	Machines map[string]Machine
	// Units are by name; those of subordinates are among them.
	Units map[string]Unit
	// Relations are by their keys: "app:db pg:db".
	Relations map[string]Relation
	Offers    map[string]Offer
	// Remotes are the offers of other models that this one consumes (SAAS).
	Remotes map[string]Remote
	// Storage is by id: "pgdata/0". StorageReported is false if the controller does
	// not report it.
	Storage         map[string]Storage
	StorageReported bool
	// Changes reports whether changes to the model are disabled.
	Changes Changes
	// Upgrading are the ids of the machines that are being upgraded to another Ubuntu release ("juju upgrade-machine").
	Upgrading []string
	// Unread names what was there and could not be read.
	Unread []string
}

// Changes reports whether changes to a model are disabled ("juju disable-command all").
type Changes int

// Whether changes to a model are disabled.
const (
	// ChangesUnread: this was not read.
	ChangesUnread Changes = iota
	// ChangesAllowed: they are not.
	ChangesAllowed
	// ChangesBlocked: they are.
	ChangesBlocked
)

// Application is an application of a model.
type Application struct {
	Charm string // The URL of the charm, "ch:amd64/jammy/postgresql-288".
	// Profile is the charm's LXD profile, or "".
	Profile string
	Base    string // "ubuntu@22.04/stable".
	Life    string // "" or "alive", "dying", "dead".
	// Scale is the wanted number of units (caas); Units is how many there are.
	Scale, Units int
	Err          string // What was answered instead, if anything.
}

// CharmName returns the name of the charm, "postgresql", without its source,
// place and revision.
func (a Application) CharmName() string {
	name := a.Charm[strings.LastIndexAny(a.Charm, ":/")+1:]
	if i := strings.LastIndexByte(name, '-'); i > 0 && strings.Trim(name[i+1:], "0123456789") == "" {
		name = name[:i]
	}
	return name
}

// Machine is a machine or a container on one.
type Machine struct {
	Life string // "" or "alive", "dying", "dead".
	// Agent is "started" if all is well, Instance "running".
	Agent, Instance string
	Version         string // Of the agent.
	Base            string // "ubuntu@22.04/stable".
	InstanceID      string
	// Constraints are "mem=2048M spaces=dmz"; Profiles those of LXD that charms
	// have put on it.
	Constraints string
	Profiles    []string
}

// Unit is a unit of an application.
type Unit struct {
	Machine string
	Life    string // "" or "alive", "dying", "dead".
	// Agent is "idle" or "executing" if all is well, Workload "active"; Message
	// is what the charm says of it.
	Agent, Workload string
	Message         redact.Raw
	Version         string // Of the agent; "" where the model has no machines.
	// Charm is the URL of the unit's charm if it is not yet that of its
	// application.
	Charm string
}

// Relation is a relation between applications.
type Relation struct {
	Status string
	// JoinedRead reports that it was read which units have joined: NotJoined names those that have not, and those of
	// which it is certain where it was not read.
	JoinedRead bool
	NotJoined  []string
	// Elsewhere are units of a subordinate that are beside an application which is not in the
	// relation: they never join it.
	Elsewhere []string
}

// Offer is an endpoint that the model offers to others.
type Offer struct {
	Application   string
	Active, Total int // Connections.
}

// Remote is an offer of another model that this one consumes.
type Remote struct {
	URL, Status string
	// Related reports that an application of the model is integrated with it.
	Related bool
}

// Storage is a storage instance.
type Storage struct{ Kind string }

// Connected reports whether other models use the offer.
func (o Offer) Connected() bool { return o.Total > 0 || o.Active > 0 }

// SortedNames returns the keys that fulfil the condition, in order.
func SortedNames[T any](of map[string]T, is func(T) bool) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if is(of[name]) {
			out = append(out, name)
		}
	}
	return out
}

// WithNamesOf returns the inventory with the names that the units of podspec charms have
// in a later one: such a unit is a pod, and a new pod has a new name. All other units keep
// theirs.
func (i Inventory) WithNamesOf(later Inventory) Inventory {
	i.Units = maps.Clone(i.Units)
	for _, app := range SortedNames(i.Applications, Application.Podspec) {
		gone := SortedNames(i.Units, func(Unit) bool { return true })
		gone = slices.DeleteFunc(gone, func(name string) bool { _, there := later.Units[name]; return there || ApplicationOf(name) != app })
		fresh := SortedNames(later.Units, func(Unit) bool { return true })
		fresh = slices.DeleteFunc(fresh, func(name string) bool { _, was := i.Units[name]; return was || ApplicationOf(name) != app })
		for n := range min(len(gone), len(fresh)) {
			i.Units[fresh[n]] = i.Units[gone[n]]
			delete(i.Units, gone[n])
		}
	}
	return i
}

// ApplicationOf returns the application of a unit: "db" of "db/0".
func ApplicationOf(unit string) string {
	app, _, _ := strings.Cut(unit, "/")
	return app
}

// Podspec reports whether the charm is of the older kind for Kubernetes, which has
// no Ubuntu base: its base is called "kubernetes" (Juju 2.9 to 3.6).
func (a Application) Podspec() bool {
	return strings.HasPrefix(a.Base, "kubernetes") || strings.Contains(a.Charm, "/kubernetes/")
}

// WithCharm returns the applications whose charm has one of the names.
func (i Inventory) WithCharm(names []string) []string {
	return SortedNames(i.Applications, func(a Application) bool { return slices.Contains(names, a.CharmName()) })
}

// Missing names the machines and units whose agents are not connected to the
// controller that has reported the inventory. Only agents that were connected in
// the earlier inventory are expected; without an earlier inventory, all are.
func (i Inventory) Missing(before *Inventory) []string {
	var out []string
	if before != nil {
		renamed := before.WithNamesOf(i)
		before = &renamed
	}
	for _, id := range SortedNames(i.Machines, func(m Machine) bool { return Alive(m.Life) && m.Agent != "started" }) {
		if before == nil || before.Machines[id].Agent == "started" {
			out = append(out, "machine "+id)
		}
	}
	for _, name := range SortedNames(i.Units, func(u Unit) bool { return Alive(u.Life) && !u.Present() }) {
		if before == nil || before.Units[name].Present() {
			out = append(out, "unit "+name)
		}
	}
	return out
}

// Present counts the machines and units whose agents are connected to the
// controller that has reported the inventory.
func (i Inventory) Present() int {
	return len(SortedNames(i.Machines, func(m Machine) bool { return m.Agent == "started" })) + len(SortedNames(i.Units, Unit.Present))
}

// Agents counts the machines and units.
func (i Inventory) Agents() int { return len(i.Machines) + len(i.Units) }
