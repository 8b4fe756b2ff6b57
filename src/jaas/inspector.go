package jaas

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
	"jimm-migrator/src/rpc"
)

// inspector inspects a model for the engine.
type inspector struct {
	session     *session
	login       *modelLogin
	controllers reader
}

// Inventory reads what the model contains from Client.FullStatus: from its controller itself where
// there is an account, and otherwise over the model connection of the action through JIMM. Obstacles that
// cannot be read are not an error.
func (i *inspector) Inventory(ctx context.Context, q facts.InventoryRequest) (facts.Inventory, error) {
	if out, ok := i.direct(ctx, q); ok {
		return out, nil
	}
	conn, err := i.login.to(ctx, q.Model, q.Controller)
	if err != nil {
		return facts.Inventory{}, err
	}
	return inspect(ctx, q, modelReader{
		controller: facts.ControllerUUID(conn.ControllerUUID()), status: conn.FullStatusAndStorage,
		blocked: conn.ChangeBlock, joined: conn.JoinedUnits, locked: conn.SeriesLocks,
	})
}

// direct reads it as an administrator of the controller. JIMM may report what the
// controller does not.
func (i *inspector) direct(ctx context.Context, q facts.InventoryRequest) (facts.Inventory, bool) {
	c, ok := i.controllers.controller(q.Controller)
	if !ok {
		return facts.Inventory{}, false
	}
	conn, login, err := i.controllers.openModel(ctx, c, q.Model)
	if err != nil {
		return facts.Inventory{}, false
	}
	out, err := inspect(ctx, q, modelReader{
		controller: facts.ControllerUUID(login.ControllerUUID()),
		status: func(ctx context.Context) (jimm.Status, bool, error) {
			return jimm.ReadStatus(ctx, conn, login.Facades, q.Model)
		},
		blocked: func(ctx context.Context) (bool, error) { return i.controllers.changeBlocked(ctx, c, q.Model) },
		joined: func(ctx context.Context, units []string) ([]juju.Joined, error) {
			return juju.JoinedUnits(ctx, conn, login.Facades, units)
		},
		locked: func(ctx context.Context, machines []string) ([]string, error) {
			return juju.SeriesLocks(ctx, conn, login.Facades, machines)
		},
	})
	return out, err == nil
}

// modelReader reads a model over a connection to it.
type modelReader struct {
	controller facts.ControllerUUID
	status     func(context.Context) (jimm.Status, bool, error)
	blocked    func(context.Context) (bool, error)
	joined     func(ctx context.Context, units []string) ([]juju.Joined, error)
	locked     func(ctx context.Context, machines []string) ([]string, error)
}

// inspect reads what was requested. Obstacles that do not depend on the status are read at the
// same time.
func inspect(ctx context.Context, q facts.InventoryRequest, from modelReader) (facts.Inventory, error) {
	var (
		beside    sync.WaitGroup
		block     facts.Changes
		upgrading []string
	)
	if q.Obstacles {
		beside.Go(func() { block = changes(from.blocked(ctx)) })
	}
	status, storageReported, err := from.status(ctx)
	beside.Wait()
	if err != nil {
		return facts.Inventory{}, err
	}
	out := inventoryOf(status)
	out.Controller, out.StorageReported = from.controller, storageReported
	out.Changes = block
	if !q.Obstacles {
		return out, nil
	}
	addElsewhere(out, status)
	if machines := facts.SortedNames(out.Machines, func(facts.Machine) bool { return true }); len(machines) > 0 {
		beside.Go(func() { upgrading, _ = from.locked(ctx, machines) })
	}
	if units := unitsToAsk(status, out.Units); len(units) > 0 {
		if seen, err := from.joined(ctx, units); err == nil {
			addJoined(out, status, seen)
		}
	}
	addAlone(out, status)
	beside.Wait()
	out.Upgrading = upgrading
	return out, nil
}

// changes returns the meaning of the answer about blocked changes.
func changes(blocked bool, err error) facts.Changes {
	switch {
	case err != nil:
		return facts.ChangesUnread
	case blocked:
		return facts.ChangesBlocked
	default:
		return facts.ChangesAllowed
	}
}

// Targets returns the controllers that JIMM would let the model move to.
func (i *inspector) Targets(ctx context.Context, model string) ([]facts.ControllerUUID, error) {
	client, err := i.session.get(ctx)
	if err != nil {
		return nil, err
	}
	list, err := client.ListMigrationTargets(ctx, model)
	if errors.Is(err, rpc.CodeNotImplemented) {
		err = fmt.Errorf("%w: %w", survey.ErrNotOffered, err)
	}
	if err != nil {
		return nil, err
	}
	out := make([]facts.ControllerUUID, len(list))
	for n, c := range list {
		out[n] = facts.ControllerUUID(c.UUID)
	}
	return out, nil
}

// Hosts returns the controllers that JIMM's access rules name as the model's
// host.
func (i *inspector) Hosts(ctx context.Context, model string) ([]facts.ControllerUUID, error) {
	client, err := i.session.get(ctx)
	if err != nil {
		return nil, err
	}
	hosts, err := client.ModelHosts(ctx, model)
	out := make([]facts.ControllerUUID, len(hosts))
	for n, uuid := range hosts {
		out[n] = facts.ControllerUUID(uuid)
	}
	return out, err
}

// Grants returns who has been given access to the model itself.
func (i *inspector) Grants(ctx context.Context, model string) ([]string, error) {
	client, err := i.session.get(ctx)
	if err != nil {
		return nil, err
	}
	return client.ModelGrants(ctx, model)
}

// Consumers asks JIMM for the connections to the model's offers.
func (i *inspector) Consumers(ctx context.Context, m facts.Model) (map[string][]string, error) {
	client, err := i.session.get(ctx)
	if err != nil {
		return nil, err
	}
	list, err := client.ListOffers(ctx, []jimm.OfferFilter{{Owner: m.Owner, Model: m.Name}})
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, offer := range list {
		name := offer.URL[strings.LastIndexByte(offer.URL, '.')+1:]
		for _, c := range offer.Connections {
			if c.Consumer != "" && !slices.Contains(out[name], c.Consumer) {
				out[name] = append(out[name], c.Consumer)
			}
		}
	}
	return out, nil
}

// inventoryOf reads a status.
func inventoryOf(s jimm.Status) facts.Inventory {
	out := facts.Inventory{
		Type: s.Model.Type, AgentVersion: s.Model.Version,
		Status: s.Model.Status.Status, StatusText: redact.Raw(s.Model.Status.Info),
		Applications: map[string]facts.Application{},
		Machines:     machinesOf(s.Machines),
		Units:        map[string]facts.Unit{},
		Relations:    map[string]facts.Relation{},
		Offers:       map[string]facts.Offer{},
		Remotes:      map[string]facts.Remote{},
		Storage:      map[string]facts.Storage{},
		Unread:       s.Unread,
	}
	for name, a := range s.Applications {
		out.Applications[name] = facts.Application{
			Charm: a.Charm, Profile: a.CharmProfile, Base: a.Base.String(), Life: a.Life, Scale: a.Scale, Units: len(a.Units), Err: saying(a.ErrorText()),
		}
		addUnits(out.Units, a.Units, "")
	}
	for _, r := range s.Relations {
		out.Relations[r.Key] = facts.Relation{Status: r.Status.Status}
	}
	for name, o := range s.Offers {
		out.Offers[name] = facts.Offer{Application: o.Application, Active: o.ActiveConnected, Total: o.TotalConnected}
	}
	for name, r := range s.RemoteApplications {
		out.Remotes[name] = facts.Remote{URL: r.OfferURL, Status: r.Status.Status, Related: related(name, r, s.Relations)}
	}
	for _, st := range s.Storage {
		out.Storage[st.ID()] = facts.Storage{Kind: st.Kind.String()}
	}
	return out
}

// related reports whether an application is integrated with a consumed offer. Juju
// reports it with the offer, Juju 4 only in the list of relations.
func related(name string, r jimm.RemoteApplication, relations []jimm.Relation) bool {
	return len(r.Relations) > 0 || slices.ContainsFunc(relations, func(relation jimm.Relation) bool {
		return slices.ContainsFunc(relation.Endpoints, func(e jimm.RelationEndpoint) bool { return e.Application == name })
	})
}

// machinesOf reads machines and the containers on them.
func machinesOf(from map[string]jimm.Machine) map[string]facts.Machine {
	out := map[string]facts.Machine{}
	for id, m := range from {
		out[id] = facts.Machine{
			Life: m.Agent.Life, Agent: m.Agent.Status, Instance: m.Instance.Status,
			Version: m.Agent.Version, Base: m.Base.String(), InstanceID: m.InstanceID,
			Constraints: m.Constraints, Profiles: slices.Sorted(maps.Keys(m.LXDProfiles)),
		}
		maps.Copy(out, machinesOf(m.Containers))
	}
	return out
}

// saying is what a server reports in place of a status, as a part of a sentence: in one line, without secrets.
func saying(text string) string { return redact.String(strings.Join(strings.Fields(text), " ")) }

// addUnits adds units, and the subordinates beside them on the same machine.
func addUnits(into map[string]facts.Unit, units map[string]jimm.Unit, machine string) {
	for name, u := range units {
		at := cmp.Or(u.Machine, machine)
		into[name] = facts.Unit{
			Machine: at, Life: u.Agent.Life,
			Agent: u.Agent.Status, Workload: u.Workload.Status, Message: redact.Raw(u.Workload.Info), Version: u.Agent.Version, Charm: u.Charm,
		}
		addUnits(into, u.Subordinates, at)
	}
}
