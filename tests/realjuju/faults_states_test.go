package realjuju_test

import (
	"errors"

	"github.com/juju/juju/core/instance"
	"github.com/juju/juju/core/permission"
	"github.com/juju/juju/core/status"
	"github.com/juju/juju/state"
	"github.com/juju/names/v5"
	"github.com/juju/version/v2"

	"jimm-migrator/tests/realjuju/controller"
)

// addUnit adds a healthy unit of pg on a machine of its own.
func (s *spoiled) addUnit() *state.Unit {
	s.Helper()
	return s.addUnitOf(s.app(), s.addMachine(ubuntu("22.04")))
}

// addUnitOf adds a healthy unit of an application on a machine.
func (s *spoiled) addUnitOf(a *state.Application, m *state.Machine) *state.Unit {
	s.Helper()
	u, err := a.AddUnit(state.AddUnitParams{})
	s.ok(err)
	s.ok(u.AssignToMachine(m))
	s.settle(u)
	return u
}

// settle gives a unit the state of one that has been running for a while.
func (s *spoiled) settle(u *state.Unit) {
	s.Helper()
	a, err := u.Application()
	s.ok(err)
	url, _ := a.CharmURL()
	s.ok(errors.Join(
		u.SetPassword("password-of-"+u.Tag().String()+"-1234567890"), u.SetAgentVersion(controller.AgentBinary()), u.SetCharmURL(*url),
		u.Agent().SetStatus(since(status.Idle, "")), u.SetStatus(since(status.Active, "")),
	))
}

// pendingContainer adds a container that has not been made.
func pendingContainer(kind instance.ContainerType) func(*spoiled) {
	return func(s *spoiled) {
		_, err := s.st.AddMachineInsideMachine(state.MachineTemplate{Base: ubuntu("22.04"), Jobs: []state.MachineJob{state.JobHostUnits}}, "0", kind)
		s.ok(err)
	}
}

// onTarget adds a model with the same name to the target and changes it.
func onTarget(change func(*spoiled, *state.State)) func(*spoiled) {
	return func(s *spoiled) {
		m, err := s.st.Model()
		s.ok(err)
		id, err := s.east.AddModel(m.Name())
		s.ok(err)
		s.ok(s.east.Do(id, func(st *state.State) error { change(s, st); return nil }))
	}
}

// stateFaults are temporary states of entities, and states of additional entities.
func stateFaults() []fault {
	newer := controller.AgentBinary()
	newer.Patch++
	old := version.MustParseBinary("2.9.42-ubuntu-amd64")
	return []fault{
		{name: "instance running with a message", do: instanceStatus(status.Running)},
		{name: "machine of a newer agent version", do: onMachine(func(m *state.Machine) error { return m.SetAgentVersion(newer) })},
		{name: "model far older", do: setModelVersion(old, true)},
		{name: "container that is not made yet", do: pendingContainer(instance.LXD)},
		{name: "virtual machine that is not made yet", do: pendingContainer(instance.KVM)},
		{name: "container in error", do: func(s *spoiled) { s.ok(s.addContainer(ubuntu("22.04")).SetStatus(since(status.Error, "failed"))) }},
		{name: "container whose instance has no status", do: func(s *spoiled) {
			s.ok(s.addContainer(ubuntu("22.04")).SetInstanceStatus(since(status.Empty, "")))
		}},
		{name: "machine without units down", do: func(s *spoiled) {
			m := s.addMachine(ubuntu("22.04"))
			s.west.Presence.SetDown(s.model, m.Tag().String(), true)
		}},
		{name: "second unit", do: func(s *spoiled) { s.addUnit() }},
		{name: "second unit lost", do: func(s *spoiled) { s.west.Presence.SetDown(s.model, s.addUnit().Tag().String(), true) }},
		{name: "second unit dying", do: func(s *spoiled) { s.ok(s.addUnit().Destroy()) }},
		{name: "second unit dead", do: func(s *spoiled) {
			u := s.addUnit()
			s.ok(errors.Join(u.Destroy(), u.EnsureDead()))
		}},
		{name: "unit agent allocating", do: func(s *spoiled) {
			u, err := s.app().AddUnit(state.AddUnitParams{})
			s.ok(err)
			s.ok(u.AssignToMachine(s.addMachine(ubuntu("22.04"))))
		}},
		{name: "unit agent lost by its own status", do: func(s *spoiled) {
			s.ok(s.unit("pg/0").Agent().SetStatus(since(status.Executing, "running config-changed hook")))
			s.west.Presence.SetDown(s.model, "unit-pg-0", true)
		}},
		{name: "hook failed", do: onUnit(func(u *state.Unit) error {
			return u.Agent().SetStatus(status.StatusInfo{Status: status.Error, Message: "hook failed: \"install\"", Data: map[string]any{"hook": "install"}})
		})},
		{name: "relation joined by all, said to be joining", do: func(s *spoiled) { s.ok(s.relate("pg/0", "app/0").SetStatus(since(status.Joining, ""))) }},
		{name: "relation in error", do: func(s *spoiled) { s.ok(s.relate("pg/0", "app/0").SetStatus(since(status.Error, "broken"))) }},
		{name: "subordinate without a unit", do: func(s *spoiled) {
			ch, err := controller.PutCharmFiles(s.st, "ch:amd64/sub-7", charmFiles("sub", "subordinate: true\nrequires: {host: {interface: juju-info, scope: container}}\n"))
			s.ok(err)
			_, err = s.st.AddApplication(state.AddApplicationArgs{Name: "sub", Charm: ch, CharmOrigin: controller.Origin("sub", 7)})
			s.ok(err)
			s.addRelation("pg:juju-info", "sub:host")
		}},
		{name: "subordinate dying", do: func(s *spoiled) { s.ok(s.subordinate().Destroy()) }},
		{name: "subordinate in error", do: func(s *spoiled) { s.ok(s.subordinate().Agent().SetStatus(since(status.Error, "hook failed"))) }},
		{name: "user who may write", do: func(s *spoiled) {
			s.addUser("ivan", s.west, s.east)
			m, err := s.st.Model()
			s.ok(err)
			_, err = s.st.SetUserAccess(names.NewUserTag("ivan"), m.ModelTag(), permission.WriteAccess)
			s.ok(err)
		}},
		{name: "user who is disabled on the source", do: func(s *spoiled) {
			s.addUser("judy", s.west, s.east)
			u, err := s.west.State.User(names.NewUserTag("judy"))
			s.ok(err)
			s.ok(u.Disable())
		}},
		{name: "external user whose name the target has locally", do: func(s *spoiled) {
			s.addUser("mallory@external")
			_, err := s.east.State.AddUser("mallory", "mallory", "password-of-mallory", "admin")
			s.ok(err)
		}},
		{name: "dying model of the same name on the target", do: onTarget(func(s *spoiled, st *state.State) {
			m, err := st.Model()
			s.ok(err)
			destroyStorage := true
			s.ok(m.Destroy(state.DestroyModelParams{DestroyStorage: &destroyStorage}))
		})},
		{name: "half-imported model of the same name on the target", do: onTarget(func(s *spoiled, st *state.State) {
			m, err := st.Model()
			s.ok(err)
			s.ok(m.SetMigrationMode(state.MigrationModeImporting))
		})},
		{name: "model of the same name on the target, of another owner", do: func(s *spoiled) {
			m, err := s.st.Model()
			s.ok(err)
			_, err = s.east.State.AddUser("peggy-"+m.Name(), "peggy", "password-of-peggy", "admin")
			s.ok(err)
		}},
		{name: "two applications dying", do: func(s *spoiled) {
			_, err := s.west.Deploy(s.model, "app", nil)
			s.ok(err)
			a, err := s.st.Application("app")
			s.ok(err)
			s.ok(errors.Join(s.app().Destroy(), a.Destroy()))
		}},
		{name: "everything wrong at once", do: func(s *spoiled) {
			s.west.Presence.SetDown(s.model, "machine-0", true)
			s.west.Presence.SetDown(s.model, "unit-pg-0", true)
			s.ok(s.app().Destroy())
		}},
	}
}
