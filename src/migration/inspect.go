package migration

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Inspector looks into a model, and at what JIMM knows of it beyond its record.
// It changes nothing: neither does it complete a migration nor make JIMM forget
// a model.
type Inspector interface {
	// Inventory tells what the model holds, as its controller tells it to who
	// has logged in to the model through JIMM. It needs such a login, unless
	// one of before is alive that the given controller has answered. What
	// another controller answers is returned too: see [Inventory].Controller.
	Inventory(ctx context.Context, model, controller string) (Inventory, error)
	// Targets returns the UUIDs of the controllers that JIMM would let the model
	// move to: not its own, with its cloud and region, not older. The error
	// matches [ErrNotOffered] where JIMM has no such list.
	Targets(ctx context.Context, model string) ([]string, error)
	// Hosts returns the UUIDs of the controllers whose administrators JIMM lets
	// administer the model, because it takes them for the model's host.
	Hosts(ctx context.Context, model string) ([]string, error)
}

// ErrNotOffered says that this JIMM does not have what was asked for.
var ErrNotOffered = errors.New("this JIMM does not tell")

// Inventory is what a model holds, and how its agents are. Names are the keys.
type Inventory struct {
	// Controller is the UUID of the controller that has answered.
	Controller string
	// Type is "iaas" or "caas"; AgentVersion that of the model; Status and
	// StatusText that of the model.
	Type, AgentVersion string
	Status, StatusText string

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
	// Storage is by id: "pgdata/0". StorageTold is false if the controller does
	// not tell.
	Storage     map[string]Storage
	StorageTold bool
	// Unread names what was there and could not be read.
	Unread []string
}

// Application is an application of a model.
type Application struct {
	Charm string // The URL of the charm, "ch:amd64/jammy/postgresql-288".
	// Profile is the LXD profile that the charm brings, or "".
	Profile string
	Base    string // "ubuntu@22.04/stable".
	Life    string // "" or "alive", "dying", "dead".
	// Scale is the wanted number of units (caas); Units is how many there are.
	Scale, Units int
	Err          string // What was told instead, if anything.
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
	Application, Machine string
	Life                 string // "" or "alive", "dying", "dead".
	// Agent is "idle" or "executing" if all is well, Workload "active"; Message
	// is what the charm says of it.
	Agent, Workload, Message string
	Version                  string // Of the agent; "" where the model has no machines.
	// Charm is the URL of the unit's charm if it is not yet that of its
	// application.
	Charm string
}

// Relation is a relation between applications.
type Relation struct{ Interface, Status string }

// Offer is an endpoint that the model offers to others.
type Offer struct {
	Application   string
	Active, Total int // Connections.
}

// Remote is an offer of another model that this one consumes.
type Remote struct {
	URL, Life, Status string
	// Related tells that an application of the model is integrated with it.
	Related bool
}

// Storage is a storage instance.
type Storage struct{ Owner, Kind string }

// connections counts the connections to the model's offers.
func (i Inventory) connections() int {
	n := 0
	for _, o := range i.Offers {
		n += max(o.Total, o.Active)
	}
	return n
}

// insight is what is known of the inside of a model before it moves.
type insight struct {
	Inventory

	known bool
	why   string // Why it is not known.
	// targets are the UUIDs that JIMM would let the model move to.
	targets      []string
	targetsKnown bool
}

// unknown is the finding of a check that needs to look into a model that was not
// looked into.
func (i insight) unknown() Finding { return Finding{Level: Skip, Evidence: i.why} }

// lookInside looks into the model while the source holds it, and asks JIMM where
// it may go.
func (r *surveyor) lookInside(ctx context.Context, s *situation) {
	if why := r.mayNotLook(s); why != "" {
		s.inside.why = why
		return
	}
	if s.traits.Completes { // Older ones have no such list.
		targets, err := r.jaas.Inspector.Targets(ctx, s.model.UUID)
		s.inside.targets, s.inside.targetsKnown = targets, err == nil
	}
	if r.saveLogin(ctx, s) {
		s.inside.why = "not looked at: this JIMM writes the secret of each login into its audit log, so one action logs in to the model once, and migrate-model does so to see its agents on the target; check-migration looks at this"
		return
	}
	inventory, err := r.jaas.Inspector.Inventory(ctx, s.model.UUID, s.source.UUID)
	switch {
	case err != nil:
		s.inside.why = "the model could not be looked into: " + errText(err)
	case inventory.Controller != s.source.UUID:
		s.inside.why = "not " + strconv.Quote(s.source.String()) + " but controller " + inventory.Controller + " has answered for the model"
	default:
		s.inside.Inventory, s.inside.known = inventory, true
	}
}

// mayNotLook tells why there is nothing to look into, or "".
func (r *surveyor) mayNotLook(s *situation) string {
	switch {
	case !r.options.Inspect || r.jaas.Inspector == nil:
		return "the model was not looked into"
	case !s.targetKnown:
		return "the target is not known"
	case s.onTarget(), s.leftSource(), s.seen.Info.reapFailed():
		return "the model has left its source"
	case s.seen.Info.Importing():
		return "the model is being imported"
	case s.seen.Info.Kind != InfoLive:
		return "the source does not describe the model"
	default:
		return ""
	}
}

// saveLogin reports whether the one login to the model that a run may make is
// kept for its end. It need not be where an account on the source serves the
// beginning, or one on the target the end.
func (r *surveyor) saveLogin(ctx context.Context, s *situation) bool {
	one := r.jaas.Traits.OneLogin && r.options.SaveLogin
	if !one || !r.options.Probe || r.jaas.Administrator == nil {
		return one
	}
	works := func(c Controller) bool { return r.jaas.Administrator.Access(ctx, c).State == AdminWorks }
	return !works(s.source) && !works(s.target)
}

// sorted returns the keys that fulfil the condition, in order.
func sorted[T any](of map[string]T, is func(T) bool) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if is(of[name]) {
			out = append(out, name)
		}
	}
	return out
}

// someNames lists names, but not more than a reader can use.
func someNames(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + ", …"
}
