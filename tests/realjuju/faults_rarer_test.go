package realjuju_test

import (
	"errors"

	"github.com/juju/juju/core/migration"
	"github.com/juju/juju/core/network"
	"github.com/juju/juju/core/status"
	"github.com/juju/juju/state"
	"github.com/juju/names/v5"
	"github.com/juju/version/v2"

	"jimm-migrator/tests/realjuju/controller"
)

// charmFiles are the files of a small charm with additional metadata.
func charmFiles(name, metadata string) map[string]string {
	return map[string]string{
		"metadata.yaml": "name: " + name + "\nsummary: a charm\ndescription: a charm\n" + metadata,
		"manifest.yaml": "bases:\n- name: ubuntu\n  channel: '22.04'\n  architectures: [amd64]\n",
		"actions.yaml":  "backup:\n  description: make a copy\n",
		"revision":      "7\n",
	}
}

func (s *spoiled) enterScope(relation *state.Relation, unit string) {
	s.Helper()
	member, err := relation.Unit(s.unit(unit))
	s.ok(err)
	s.ok(member.EnterScope(nil))
}

func (s *spoiled) addRelation(endpoints ...string) *state.Relation {
	s.Helper()
	found, err := s.st.InferEndpoints(endpoints...)
	s.ok(err)
	relation, err := s.st.AddRelation(found...)
	s.ok(err)
	return relation
}

// peers deploys a charm with a peer relation; the caller decides whether its unit joins.
func peers(join bool) func(*spoiled) {
	return func(s *spoiled) {
		_, err := s.west.Deploy(s.model, "db", charmFiles("db", "peers: {cluster: {interface: raft}}\n"))
		s.ok(err)
		relation, err := s.st.KeyRelation("db:cluster")
		s.ok(err)
		if join {
			s.enterScope(relation, "db/0")
			s.ok(relation.SetStatus(since(status.Joined, "")))
		}
	}
}

// subordinate adds a healthy subordinate unit of pg/0.
func (s *spoiled) subordinate() *state.Unit {
	s.Helper()
	ch, err := controller.PutCharmFiles(s.st, "ch:amd64/sub-7", charmFiles("sub", "subordinate: true\nrequires: {host: {interface: juju-info, scope: container}}\n"))
	s.ok(err)
	_, err = s.st.AddApplication(state.AddApplicationArgs{Name: "sub", Charm: ch, CharmOrigin: controller.Origin("sub", 7)})
	s.ok(err)
	relation := s.addRelation("pg:juju-info", "sub:host")
	s.enterScope(relation, "pg/0")
	unit := s.unit("sub/0")
	s.settle(unit)
	s.enterScope(relation, "sub/0")
	s.ok(relation.SetStatus(since(status.Joined, "")))
	return unit
}

// remoteRelation relates pg to an offer of another model; pg/0 joins or does not.
func (s *spoiled) remoteRelation(join bool) *state.Relation {
	s.Helper()
	consumeOffer(s)
	relation := s.addRelation("pg:db", "loki:server")
	if join {
		s.enterScope(relation, "pg/0")
		s.ok(relation.SetStatus(since(status.Joined, "")))
	}
	return relation
}

// setModelVersion changes the version of a model, and of its agents if requested.
func setModelVersion(to version.Binary, agents bool) func(*spoiled) {
	return func(s *spoiled) {
		s.ok(s.st.SetModelAgentVersion(to.Number, nil, true))
		if agents {
			s.ok(errors.Join(s.machine().SetAgentVersion(to), s.unit("pg/0").SetAgentVersion(to)))
		}
	}
}

// onController changes the machine of a controller, and changes it back.
func onController(name string, of func(*spoiled) *controller.Controller, change, back func(*state.Machine) error) fault {
	on := func(change func(*state.Machine) error) func(*spoiled) {
		return func(s *spoiled) {
			m, err := of(s).State.Machine("0")
			s.ok(err)
			s.ok(change(m))
		}
	}
	return fault{name: name, do: on(change), undo: on(back)}
}

// pendingMachine adds a machine that has not started yet to a controller, as "juju enable-ha" does, and removes it.
func pendingMachine(name string, of func(*spoiled) *controller.Controller) fault {
	var added *state.Machine
	return fault{
		name: name,
		do: func(s *spoiled) {
			var err error
			added, err = of(s).State.AddOneMachine(state.MachineTemplate{Base: ubuntu("22.04"), Jobs: []state.MachineJob{state.JobHostUnits}})
			s.ok(err)
		},
		undo: func(s *spoiled) { s.ok(errors.Join(added.EnsureDead(), added.Remove())) },
	}
}

// rarerFaults are faults that occur less often.
func rarerFaults() []fault {
	older := controller.AgentBinary()
	older.Patch--
	setVersion := func(v version.Binary) func(*state.Machine) error {
		return func(m *state.Machine) error { return m.SetAgentVersion(v) }
	}
	setInstance := func(now status.Status) func(*state.Machine) error {
		return func(m *state.Machine) error { return m.SetInstanceStatus(since(now, "as the test wants it")) }
	}
	setReboot := func(on bool) func(*state.Machine) error {
		return func(m *state.Machine) error { return m.SetRebootFlag(on) }
	}
	out := []fault{
		{name: "machine of base 14.04", do: extraMachine(ubuntu("14.04"))},
		{name: "machine of Windows", do: extraMachine(state.Base{OS: "windows", Channel: "win2019"})},
		{name: "instance pending", do: instanceStatus(status.Pending)},
		{name: "instance in error", do: instanceStatus(status.Error)},
		{name: "unit that has not started", do: func(s *spoiled) {
			u, err := s.app().AddUnit(state.AddUnitParams{})
			s.ok(err)
			s.ok(u.AssignToMachine(s.machine()))
		}},
		{name: "no unit where some must be", do: func(s *spoiled) {
			a, err := s.st.AddApplication(state.AddApplicationArgs{Name: "none", Charm: s.charm("ch:amd64/none-7", "none"), CharmOrigin: controller.Origin("none", 7)})
			s.ok(err)
			s.ok(a.SetMinUnits(1))
		}},
		{name: "meter status red", do: onUnit(func(u *state.Unit) error { return u.SetMeterStatus("RED", "unpaid") })},
		{name: "peer relation not joined", do: peers(false)},
		{name: "peer relation joined", do: peers(true)},
		{name: "subordinate", do: func(s *spoiled) { s.subordinate() }},
		{name: "subordinate lost", do: func(s *spoiled) {
			s.subordinate()
			s.west.Presence.SetDown(s.model, "unit-sub-0", true)
		}},
		{name: "subordinate of another agent version", do: func(s *spoiled) { s.ok(s.subordinate().SetAgentVersion(older)) }},
		{name: "relation dying", do: func(s *spoiled) {
			relation := s.relate("pg/0", "app/0")
			s.ok(relation.SetStatus(since(status.Joined, "")))
			s.ok(relation.Refresh())
			s.ok(relation.Destroy())
		}},
		{name: "relation to a consumed offer, not joined", do: func(s *spoiled) { s.remoteRelation(false) }},
		{name: "relation to a consumed offer, joined", do: func(s *spoiled) { s.remoteRelation(true) }},
		{name: "relation to a consumed offer, suspended", do: func(s *spoiled) { s.ok(s.remoteRelation(true).SetSuspended(true, "maintenance")) }},
		{name: "offer with a connection", do: func(s *spoiled) {
			addOffer(s)
			offer, err := state.NewApplicationOffers(s.st).ApplicationOffer("pg")
			s.ok(err)
			_, err = s.st.AddOfferConnection(state.AddOfferConnectionParams{
				SourceModelUUID: s.west.ModelUUID, OfferUUID: offer.OfferUUID, Username: "admin", RelationKey: "pg:server loki:db", RelationId: 7,
			})
			s.ok(err)
		}},
		{name: "action that waits", do: func(s *spoiled) {
			_, err := s.west.Deploy(s.model, "act", charmFiles("act", ""))
			s.ok(err)
			m, err := s.st.Model()
			s.ok(err)
			operation, err := m.EnqueueOperation("backup", 1)
			s.ok(err)
			_, err = m.AddAction(s.unit("act/0"), operation, "backup", nil, nil, nil)
			s.ok(err)
		}},
		{name: "branch", do: func(s *spoiled) { s.ok(s.st.AddBranch("trial", "admin")) }},
		{name: "space with a subnet", do: func(s *spoiled) {
			subnet, err := s.st.AddSubnet(network.SubnetInfo{CIDR: "10.99.0.0/24"})
			s.ok(err)
			_, err = s.st.AddSpace("inner", "", []string{subnet.ID()}, false)
			s.ok(err)
		}},
		{name: "application that is exposed", do: func(s *spoiled) { s.ok(s.app().MergeExposeSettings(nil)) }},
		{name: "model of an older version", do: setModelVersion(older, true)},
		{name: "model upgrade that its agents have not followed", do: func(s *spoiled) {
			setModelVersion(older, true)(s)
			setModelVersion(controller.AgentBinary(), false)(s)
		}},
		{name: "model is being imported", do: func(s *spoiled) {
			m, err := s.st.Model()
			s.ok(err)
			s.ok(m.SetMigrationMode(state.MigrationModeImporting))
		}},
		{name: "an earlier migration was aborted", do: func(s *spoiled) {
			_, err := s.west.Initiate(s.model, s.east)
			s.ok(err)
			latest, err := s.st.LatestMigration()
			s.ok(err)
			s.ok(errors.Join(latest.SetPhase(migration.ABORT), latest.SetPhase(migration.ABORTDONE)))
		}},
		{name: "credential removed", do: func(s *spoiled) {
			s.ok(s.west.State.RemoveCloudCredential(controller.Credential()))
		}, undo: restoreCredential},
		{name: "user that the target has disabled", do: func(s *spoiled) {
			s.addUser("erin", s.west, s.east)
			u, err := s.east.State.User(names.NewUserTag("erin"))
			s.ok(err)
			s.ok(u.Disable())
		}},
		{name: "user that the target has removed", do: func(s *spoiled) {
			s.addUser("frank", s.west, s.east)
			s.ok(s.east.State.RemoveUser(names.NewUserTag("frank")))
		}},
		{name: "user that the source has removed", do: func(s *spoiled) {
			s.addUser("grace", s.west, s.east)
			s.ok(s.west.State.RemoveUser(names.NewUserTag("grace")))
		}},
		{name: "user that both have removed", do: func(s *spoiled) {
			s.addUser("heidi", s.west, s.east)
			s.ok(errors.Join(s.west.State.RemoveUser(names.NewUserTag("heidi")), s.east.State.RemoveUser(names.NewUserTag("heidi"))))
		}},
		{name: "charm with storage", do: func(s *spoiled) {
			_, err := s.west.Deploy(s.model, "disk", charmFiles("disk", "storage: {data: {type: filesystem, location: /srv}}\n"))
			s.ok(err)
		}},
		{name: "charm with a resource", do: func(s *spoiled) {
			_, err := s.west.Deploy(s.model, "res", charmFiles("res", "resources: {image: {type: file, filename: image.bin}}\n"))
			s.ok(err)
		}},
	}
	for name, of := range map[string]func(*spoiled) *controller.Controller{
		"source": func(s *spoiled) *controller.Controller { return s.west },
		"target": func(s *spoiled) *controller.Controller { return s.east },
	} {
		out = append(
			out,
			onController(name+" controller's machine reboots", of, setReboot(true), setReboot(false)),
			onController(name+" controller's instance has no status", of, setInstance(status.Empty), setInstance(status.Running)),
			onController(name+" controller's machine of another agent version", of, setVersion(older), setVersion(controller.AgentBinary())),
			pendingMachine(name+" controller has a machine that has not started", of),
		)
	}
	return out
}
