package realjuju_test

import (
	"github.com/juju/juju/cloud"
	"github.com/juju/juju/core/status"
	"github.com/juju/juju/state"
	"github.com/juju/mgo/v3/bson"

	"jimm-migrator/tests/realjuju/controller"
)

// set changes members of a document in the database, for values that Juju itself never writes.
func (s *spoiled) set(of *controller.Controller, collection, id string, members bson.M) {
	s.Helper()
	s.ok(of.State.MongoSession().DB("juju").C(collection).UpdateId(id, bson.M{"$set": members}))
}

// identityProvider gives a controller external users from another provider; an empty URL removes it.
func (s *spoiled) identityProvider(of *controller.Controller, url string) {
	s.Helper()
	s.set(of, "controllers", "controllerSettings", bson.M{"settings.identity-url": url})
}

// life sets the life of an entity of a controller, and back: Juju itself never reverses it.
func life(name string, of func(*spoiled) *controller.Controller, collection string, id func(*controller.Controller) string) fault {
	to := func(life state.Life) func(*spoiled) {
		return func(s *spoiled) { s.set(of(s), collection, id(of(s)), bson.M{"life": life}) }
	}
	return fault{name: name, do: to(state.Dying), undo: to(state.Alive)}
}

// copyOnTarget makes a model with the same UUID on the target and changes it.
func copyOnTarget(change func(*spoiled, *state.Model)) func(*spoiled) {
	return func(s *spoiled) {
		s.ok(s.east.PutModel("other-"+s.model[:8], s.model, "admin"))
		s.ok(s.east.Do(s.model, func(st *state.State) error {
			m, err := st.Model()
			s.ok(err)
			change(s, m)
			return nil
		}))
	}
}

func copyInMode(mode state.MigrationMode) func(*spoiled) {
	return copyOnTarget(func(s *spoiled, m *state.Model) { s.ok(m.SetMigrationMode(mode)) })
}

// regions are the clouds of the models with other regions.
func regions(of func(*spoiled) *controller.Controller, names ...string) func(*spoiled) {
	return func(s *spoiled) {
		dummy, err := of(s).State.Cloud("dummy")
		s.ok(err)
		dummy.Regions = nil
		for _, name := range names {
			dummy.Regions = append(dummy.Regions, cloud.Region{Name: name})
		}
		s.ok(of(s).State.UpdateCloud(dummy))
	}
}

// controllerFaults are faults of the controllers, and of other models on the target.
func controllerFaults() []fault {
	source := func(s *spoiled) *controller.Controller { return s.west }
	target := func(s *spoiled) *controller.Controller { return s.east }
	otherIdentities := func(do func(*spoiled)) fault {
		return fault{
			do: func(s *spoiled) {
				s.identityProvider(s.east, "https://identity.example.com")
				do(s)
			},
			undo: func(s *spoiled) { s.identityProvider(s.east, "") },
		}
	}
	withoutExternal, withExternal := otherIdentities(healthy), otherIdentities(func(s *spoiled) { s.addUser("tom@external") })
	withoutExternal.name, withExternal.name = "target of another identity provider", "target of another identity provider, with an external user"
	out := []fault{
		withoutExternal, withExternal,
		{name: "model of the same UUID on the target", do: copyInMode(state.MigrationModeNone)},
		{name: "half-imported model of the same UUID on the target", do: copyInMode(state.MigrationModeImporting)},
		{name: "model of the same UUID that the target is said to export", do: copyInMode(state.MigrationModeExporting)},
		{name: "dying model of the same UUID on the target", do: copyOnTarget(func(s *spoiled, m *state.Model) {
			destroyStorage := true
			s.ok(m.Destroy(state.DestroyModelParams{DestroyStorage: &destroyStorage}))
		})},
		{name: "model of the same name and of another owner on the target", do: func(s *spoiled) {
			m, err := s.st.Model()
			s.ok(err)
			_, err = s.east.State.AddUser("victor", "victor", "password-of-victor", "admin")
			s.ok(err)
			s.ok(s.east.PutModel(m.Name(), "8d1f6a0e-37c1-4b29-8f6a-333333333333", "victor"))
		}},
		{name: "half-imported model of another name on the target", do: func(s *spoiled) {
			s.ok(s.east.PutModel("left-over", "8d1f6a0e-37c1-4b29-8f6a-444444444444", "admin"))
			s.ok(s.east.Do("8d1f6a0e-37c1-4b29-8f6a-444444444444", func(st *state.State) error {
				m, err := st.Model()
				s.ok(err)
				return m.SetMigrationMode(state.MigrationModeImporting)
			}))
		}},
		{name: "the target has just sent the model away", do: func(s *spoiled) {
			s.ok(s.east.State.MongoSession().DB("juju").C("migrations.active").Insert(bson.M{"_id": s.model, "id": s.model + ":0"}))
		}},
		{name: "source without the model's region", do: regions(source, "elsewhere"), undo: regions(source, "dummy-region")},
		{name: "target without the model's region", do: regions(target, "elsewhere"), undo: regions(target, "dummy-region")},
		{name: "target with a second region", do: regions(target, "dummy-region", "elsewhere"), undo: regions(target, "dummy-region")},
		{
			name: "changes of the target controller are blocked", do: func(s *spoiled) { s.ok(s.east.State.SwitchBlockOn(state.ChangeBlock, "do not")) },
			undo: func(s *spoiled) { s.ok(s.east.State.SwitchBlockOff(state.ChangeBlock)) },
		},
	}
	for name, of := range map[string]func(*spoiled) *controller.Controller{"source": source, "target": target} {
		started := func(m *state.Machine) error { return m.SetStatus(since(status.Started, "")) }
		running := func(m *state.Machine) error { return m.SetInstanceStatus(since(status.Running, "")) }
		out = append(
			out,
			onController(name+" controller's machine in error", of, func(m *state.Machine) error { return m.SetStatus(since(status.Error, "as the test wants it")) }, started),
			onController(name+" controller's machine stopped", of, func(m *state.Machine) error { return m.SetStatus(since(status.Stopped, "as the test wants it")) }, started),
			onController(name+" controller's instance in error", of, func(m *state.Machine) error { return m.SetInstanceStatus(since(status.Error, "as the test wants it")) }, running),
			life(name+" controller's machine dying", of, "machines", func(c *controller.Controller) string { return c.ModelUUID + ":0" }),
			life(name+" controller's model dying", of, "models", func(c *controller.Controller) string { return c.ModelUUID }),
		)
	}
	return out
}
