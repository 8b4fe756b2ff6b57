package charmtest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	jujucharm "github.com/juju/charm/v12"
)

// relation is a relation as the controller keeps it.
type relation struct {
	id             int
	endpoint       jujucharm.Relation
	remoteApp      string
	remoteEndpoint string
	units          map[string]map[string]string
	remoteData     map[string]string
	local          map[bool]map[string]string // by whether it is the application's
	breaking       bool                       // while its broken hook runs
}

// key is Juju's name of a relation: requirer, then provider; one side for peers.
func (r *relation) key(app string) string {
	own := app + ":" + r.endpoint.Name
	if r.endpoint.Role == jujucharm.RolePeer {
		return own
	}
	remote := r.remoteApp + ":" + r.remoteEndpoint
	if r.endpoint.Role == jujucharm.RoleRequirer {
		return own + " " + remote
	}
	return remote + " " + own
}

// fakeID is how hook tools name a relation, such as "jimm:7".
func (r *relation) fakeID() string { return r.endpoint.Name + ":" + strconv.Itoa(r.id) }

// AddRelation adds a relation and returns its number. It runs no hook.
func (a *Agent) AddRelation(r Relation) (id int, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.addRelation(r)
}

func (a *Agent) addRelation(r Relation) (int, error) {
	spec, ok := a.charm.Meta().CombinedRelations()[r.Endpoint]
	if !ok {
		return 0, fmt.Errorf("relation on endpoint %q, which the charm does not have", r.Endpoint)
	}
	peer := spec.Role == jujucharm.RolePeer
	remoteApp := r.RemoteApp
	switch {
	case peer && (remoteApp != "" || r.RemoteData != nil):
		return 0, fmt.Errorf("peer relation on endpoint %q with a remote application", r.Endpoint)
	case peer:
		remoteApp = a.app
	case remoteApp == "":
		return 0, fmt.Errorf("relation on endpoint %q without a remote application", r.Endpoint)
	}
	for unit := range r.Units {
		app, number, ok := strings.Cut(unit, "/")
		if _, err := strconv.ParseUint(number, 10, 31); !ok || err != nil || app != remoteApp || unit == a.unit {
			return 0, fmt.Errorf("relation on endpoint %q with unit %q, which is not one of %q", r.Endpoint, unit, remoteApp)
		}
	}
	id := r.ID
	for ; r.ID == 0; id++ {
		if _, taken := a.relations[id]; !taken {
			break
		}
	}
	if _, taken := a.relations[id]; taken {
		return 0, fmt.Errorf("relation %d is there twice", id)
	}
	rel := &relation{
		id: id, endpoint: spec, remoteApp: remoteApp, remoteEndpoint: r.RemoteEndpoint,
		units: make(map[string]map[string]string), remoteData: maps.Clone(r.RemoteData),
		local: map[bool]map[string]string{false: orEmpty(r.LocalUnitData), true: orEmpty(r.LocalAppData)},
	}
	if rel.remoteEndpoint == "" {
		rel.remoteEndpoint = r.Endpoint
	}
	for unit, data := range r.Units {
		rel.units[unit] = orEmpty(data)
	}
	a.relations[id] = rel
	return id, nil
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return maps.Clone(m)
}

// SetRemoteData changes what the other side has written: data of a unit, which
// joins the relation if it is new, or of the application; nil data removes the
// unit. A dispatch that has read the data does not see the change.
// SetRemoteData runs no hook.
func (a *Agent) SetRemoteData(relation int, unitOrApp string, data map[string]string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	rel, ok := a.relations[relation]
	if !ok {
		return fmt.Errorf("relation %d not found", relation)
	}
	app, _, isUnit := strings.Cut(unitOrApp, "/")
	switch {
	case app != rel.remoteApp || unitOrApp == a.unit:
		return fmt.Errorf("relation %d is not with %q", relation, unitOrApp)
	case !isUnit:
		rel.remoteData = maps.Clone(data)
	case data == nil:
		delete(rel.units, unitOrApp)
	default:
		rel.units[unitOrApp] = maps.Clone(data)
	}
	return nil
}

// LocalData returns what the charm has written into a relation, as committed:
// the unit's data, or the application's.
func (a *Agent) LocalData(relation int, app bool) map[string]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if rel, ok := a.relations[relation]; ok {
		return maps.Clone(rel.local[app])
	}
	return nil
}

// sortedRelations returns the relations by number.
func (a *Agent) sortedRelations() []*relation {
	return slices.SortedFunc(maps.Values(a.relations), func(x, y *relation) int { return x.id - y.id })
}
