package realjuju_test

import (
	"github.com/juju/charm/v12"
	"github.com/juju/juju/core/crossmodel"
	"github.com/juju/juju/core/permission"
	"github.com/juju/juju/core/status"
	"github.com/juju/juju/state"
	"github.com/juju/names/v5"

	"jimm-migrator/tests/realjuju/controller"
)

// leaveScope lets a unit leave a relation.
func (s *spoiled) leaveScope(relation *state.Relation, unit string) {
	s.Helper()
	member, err := relation.Unit(s.unit(unit))
	s.ok(err)
	s.ok(member.LeaveScope())
}

// suspend suspends a relation as a client does; its units have not reacted yet.
func (s *spoiled) suspend(relation *state.Relation) {
	s.Helper()
	s.ok(relation.SetSuspended(true, "maintenance"))
	s.ok(relation.SetStatus(since(status.Suspending, "")))
}

// leave makes each unit leave the relation as its agent does, and the leader report it.
func (s *spoiled) leave(relation *state.Relation, units ...string) {
	s.Helper()
	for _, name := range units {
		s.leaveScope(relation, name)
	}
	s.ok(relation.SetStatus(since(status.Suspended, "")))
}

// logger deploys a second subordinate of pg/0, with more metadata: further requirers first.
func (s *spoiled) logger(metadata string) *state.Unit {
	s.Helper()
	s.application("log", charmFiles("log", "subordinate: true\nrequires:\n  host: {interface: juju-info, scope: container}\n"+metadata), nil)
	relation := s.addRelation("pg:juju-info", "log:host")
	s.enterScope(relation, "pg/0")
	unit := s.unit("log/0")
	s.settle(unit)
	s.enterScope(relation, "log/0")
	s.ok(relation.SetStatus(since(status.Joined, "")))
	return unit
}

// beside relates two subordinates of pg/0 inside its container; the caller decides which join.
func beside(joining ...string) func(*spoiled) {
	return func(s *spoiled) {
		s.subordinate()
		s.logger("")
		relation := s.addRelation("log:juju-info", "sub:host")
		for _, name := range joining {
			s.enterScope(relation, name)
		}
		s.ok(relation.SetStatus(since(status.Joined, "")))
	}
}

// offerTo offers pg with some description and lets a user consume the offer.
func (s *spoiled) offerTo(user, description string) {
	s.Helper()
	offers := state.NewApplicationOffers(s.st)
	offer, err := offers.AddOffer(crossmodel.AddApplicationOfferArgs{
		OfferName: "pg", Owner: "admin", ApplicationName: "pg", ApplicationDescription: description, Endpoints: map[string]string{"server": "server"},
	})
	s.ok(err)
	if user != "" {
		s.ok(s.st.CreateOfferAccess(names.NewApplicationOfferTag(offer.OfferUUID), names.NewUserTag(user), permission.ConsumeAccess))
	}
}

// consumeFrom consumes an offer of a model.
func (s *spoiled) consumeFrom(model, external string) {
	s.Helper()
	_, err := s.st.AddRemoteApplication(state.AddRemoteApplicationParams{
		Name: "loki", OfferUUID: "offer-uuid-4", URL: "admin/infra.loki", SourceModel: names.NewModelTag(model), ExternalControllerUUID: external, Token: "t4",
		Endpoints: []charm.Relation{{Name: "server", Role: charm.RoleProvider, Interface: "x", Scope: charm.ScopeGlobal}},
	})
	s.ok(err)
}

// relationFaults are faults of relations: between applications, with subordinates, and with other models.
func relationFaults() []fault {
	return []fault{
		{name: "relation to a consumed offer, being suspended", do: func(s *spoiled) { s.suspend(s.remoteRelation(true)) }},
		{name: "relation to a consumed offer, suspended and left", do: func(s *spoiled) {
			relation := s.remoteRelation(true)
			s.suspend(relation)
			s.leave(relation, "pg/0")
		}},
		{name: "relation to a consumed offer, suspended and left by its leader", do: func(s *spoiled) {
			relation := s.remoteRelation(true)
			s.addUnit()
			s.enterScope(relation, "pg/1")
			s.suspend(relation)
			s.leave(relation, "pg/0")
		}},
		{name: "relation to a consumed offer, suspended and resumed", do: func(s *spoiled) {
			relation := s.remoteRelation(true)
			s.suspend(relation)
			s.leave(relation, "pg/0")
			s.ok(relation.SetSuspended(false, ""))
			s.enterScope(relation, "pg/0")
			s.ok(relation.SetStatus(since(status.Joined, "")))
		}},
		{name: "relation to a consumed offer, suspended, of an application without units", do: func(s *spoiled) {
			consumeOffer(s)
			s.application("none", charmFiles("none", "requires: {db: {interface: x}}\n"), nil)
			relation := s.addRelation("none:db", "loki:server")
			s.suspend(relation)
			s.leave(relation)
		}},
		{name: "relation of an offer, suspended and left", do: func(s *spoiled) {
			relation := s.consumed()
			s.remoteUnit(relation)
			s.suspend(relation)
			s.leave(relation, "pg/0")
		}},
		{name: "relation to a consumed offer that the second unit has not joined", do: func(s *spoiled) {
			s.remoteRelation(true)
			s.addUnit()
		}},
		{name: "relation to a consumed offer that only the other side has joined", do: func(s *spoiled) {
			s.remoteUnit(s.remoteRelationOf("remote-loki"))
		}},
		{name: "relation to a consumed offer that a unit has left", do: func(s *spoiled) { s.leaveScope(s.remoteRelation(true), "pg/0") }},
		{name: "two relations between two applications, one not joined", do: func(s *spoiled) {
			s.ok(s.relate("pg/0", "app/0").SetStatus(since(status.Joined, "")))
			s.enterScope(s.addRelation("pg:db", "app:server"), "pg/0")
		}},
		{name: "relation with a unit in a container", do: func(s *spoiled) {
			relation := s.relate("pg/0", "app/0")
			a, err := s.st.Application("app")
			s.ok(err)
			s.enterScope(relation, s.addUnitOf(a, s.addContainer(ubuntu("22.04"))).Name())
			s.ok(relation.SetStatus(since(status.Joined, "")))
		}},
		{name: "relation with a unit in a container that has not joined", do: func(s *spoiled) {
			relation := s.relate("pg/0", "app/0")
			a, err := s.st.Application("app")
			s.ok(err)
			s.addUnitOf(a, s.addContainer(ubuntu("22.04")))
			s.ok(relation.SetStatus(since(status.Joined, "")))
		}},
		{name: "subordinate of the first of two units", do: func(s *spoiled) {
			s.subordinate()
			s.addUnit()
		}},
		{name: "subordinate without a unit, said to have joined", do: func(s *spoiled) {
			s.application("sub", charmFiles("sub", "subordinate: true\nrequires: {host: {interface: juju-info, scope: container}}\n"), nil)
			s.ok(s.addRelation("pg:juju-info", "sub:host").SetStatus(since(status.Joined, "")))
		}},
		{name: "subordinate of an application without units", do: func(s *spoiled) {
			s.application("none", charmFiles("none", ""), nil)
			s.application("sub", charmFiles("sub", "subordinate: true\nrequires: {host: {interface: juju-info, scope: container}}\n"), nil)
			s.addRelation("none:juju-info", "sub:host")
		}},
		{name: "two subordinates of a unit", do: func(s *spoiled) {
			s.subordinate()
			s.logger("")
		}},
		{name: "two subordinates of a unit, related, joined", do: beside("log/0", "sub/0")},
		{name: "two subordinates of a unit, related, one not joined", do: beside("log/0")},
		{name: "subordinate with a peer relation", do: func(s *spoiled) {
			s.logger("peers: {ring: {interface: ring}}\n")
			relation, err := s.st.KeyRelation("log:ring")
			s.ok(err)
			s.enterScope(relation, "log/0")
			s.ok(relation.SetStatus(since(status.Joined, "")))
		}},
		{name: "subordinate with a peer relation not joined", do: func(s *spoiled) { s.logger("peers: {ring: {interface: ring}}\n") }},
		{name: "subordinate related to an application of another machine, not joined", do: func(s *spoiled) {
			s.logger("  store: {interface: x}\n")
			_, err := s.west.Deploy(s.model, "app", nil)
			s.ok(err)
			s.enterScope(s.addRelation("log:store", "app:server"), "app/0")
		}},
		{name: "subordinate that upgrades its charm", do: func(s *spoiled) {
			s.subordinate()
			a, err := s.st.Application("sub")
			s.ok(err)
			ch, err := controller.PutCharmFiles(s.st, "ch:amd64/sub-8", charmFiles("sub", "subordinate: true\nrequires: {host: {interface: juju-info, scope: container}}\n"))
			s.ok(err)
			s.ok(a.SetCharm(state.SetCharmConfig{Charm: ch, ForceUnits: true, CharmOrigin: controller.Origin("sub", 8)}))
		}},
		{name: "offer without a description", do: func(s *spoiled) { s.offerTo("", "") }},
		{name: "offer that a user whom the target lacks may consume", do: func(s *spoiled) {
			_, err := s.west.State.AddUser("norbert", "norbert", "password-of-norbert", "admin")
			s.ok(err)
			s.offerTo("norbert", "a charm")
		}},
		{name: "offer of an application that is related in the model too", do: func(s *spoiled) {
			addOffer(s)
			s.ok(s.relate("pg/0", "app/0").SetStatus(since(status.Joined, "")))
		}},
		{name: "consumed offer of a model on the target", do: func(s *spoiled) {
			other, err := s.east.AddModel("infra-of-" + s.model[:8])
			s.ok(err)
			_, err = state.NewExternalControllers(s.st).Save(crossmodel.ControllerInfo{
				ControllerTag: names.NewControllerTag(s.east.UUID), Alias: "east", Addrs: []string{"192.0.2.8:17070"}, CACert: s.east.CACert,
			}, other)
			s.ok(err)
			s.consumeFrom(other, s.east.UUID)
		}},
		{name: "consumed offer of the model itself", do: func(s *spoiled) { s.consumeFrom(s.model, "") }},
		{name: "consumed offer of a controller that is not recorded", do: func(s *spoiled) {
			s.consumeFrom("5f1a6d1e-37c1-4b29-8f6a-555555555555", "5f1a6d1e-37c1-4b29-8f6a-666666666666")
		}},
	}
}

// remoteRelationOf relates pg to an offer as seen from the offer, without its own unit.
func (s *spoiled) remoteRelationOf(name string) *state.Relation {
	s.Helper()
	_, err := s.st.AddRemoteApplication(state.AddRemoteApplicationParams{
		Name: name, OfferUUID: "offer-uuid-3", SourceModel: names.NewModelTag(s.west.ModelUUID), Token: "t3", IsConsumerProxy: true,
		Endpoints: []charm.Relation{{Name: "db", Role: charm.RoleRequirer, Interface: "x", Scope: charm.ScopeGlobal}},
	})
	s.ok(err)
	return s.addRelation("pg:server", name+":db")
}
