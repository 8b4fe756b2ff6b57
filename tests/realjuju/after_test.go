package realjuju_test

import (
	"fmt"
	"testing"

	"github.com/juju/juju/core/permission"
	"github.com/juju/juju/state"
	"github.com/juju/names/v5"

	"jimm-migrator/tests/realjuju/controller"
	"jimm-migrator/tests/sim"
	simctl "jimm-migrator/tests/sim/controller"
)

// moved is a model that was migrated from the real west to the real east, and its twin between the simulated ones.
type moved struct {
	model          string
	west, east     *controller.Controller
	source, target pair
	neutral        neutral
}

// move migrates a model of the user admin, which carol may read and bob may not, on real and on simulated controllers.
func move(t *testing.T, config map[string]any, options sim.Options) moved {
	t.Helper()
	m := moved{west: startController(t, "west", config), east: startController(t, "east", nil)}
	for _, c := range []*controller.Controller{m.west, m.east} {
		for _, user := range []string{"bob", "carol"} {
			if _, err := c.State.AddUser(user, user, user+"-pw", "admin"); err != nil {
				t.Fatal(err)
			}
		}
	}
	var err error
	if m.model, err = m.west.AddModel("gone"); err != nil {
		t.Fatal(err)
	}
	if err := m.west.Do(m.model, func(st *state.State) error {
		model, err := st.Model()
		if err != nil {
			return err
		}
		_, err = model.AddUser(state.UserAccessSpec{User: names.NewUserTag("carol"), CreatedBy: names.NewUserTag("admin"), Access: permission.ReadAccess})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	m.west.RunMaster(m.model)
	if _, err := m.west.Initiate(m.model, m.east); err != nil {
		t.Fatal(err)
	}
	if err := m.west.Await(within(t), func() bool { return !m.west.HasModel(m.model) }); err != nil {
		t.Fatalf("the model has not left: %v", err)
	}

	users := []simctl.User{{Name: "admin", Password: controller.AdminPassword, Access: "superuser"}, {Name: "bob", Password: "bob-pw"}, {Name: "carol", Password: "carol-pw"}}
	world := sim.World{Speed: 300, Controllers: []sim.Controller{twin(m.west), twin(m.east)}, Models: []sim.Model{{Controller: "west", Model: simctl.Model{
		Name: "gone", UUID: m.model, Owner: "admin", Users: []simctl.ModelUser{{Name: "carol", DisplayName: "carol", Access: "read"}},
	}}}}
	for i := range world.Controllers {
		world.Controllers[i].Users = users
	}
	j := simulate(t, world, options)
	if refusal, err := initiate(t.Context(), j.Registration("west"), j.Registration("east"), m.model); err != nil || refusal != "" {
		t.Fatal(refusal, err)
	}
	if err := j.Controller("west").AwaitPhase(within(t), m.model, simctl.Done); err != nil {
		t.Fatal(err)
	}
	m.source = pair{realSide(m.west), simSide(j.Registration("west"))}
	m.target = pair{realSide(m.east), simSide(j.Registration("east"))}
	m.neutral = newNeutral(m.model, "MODEL", m.west.UUID, "WEST", m.east.UUID, "EAST", m.west.ModelUUID, "WESTMODEL", m.east.ModelUUID, "EASTMODEL")
	return m
}

// TestAfter compares what each user is told on the source after a model has migrated away, and on the target.
func TestAfter(t *testing.T) {
	t.Parallel()
	m := move(t, nil, sim.Options{})
	path, prod := "/model/"+m.model+"/api", `{"entities":[{"tag":"model-`+m.model+`"}]}`
	login := func(user, password string) request {
		return request{path, "", "Admin", 3, "Login", `{"auth-tag":"user-` + user + `","credentials":"` + password + `"}`}
	}
	admin := func(facade string, version int, method, params string) request {
		return request{"/api", "admin", facade, version, method, params}
	}
	tag := `{"model-tag":"model-` + m.model + `"}`
	again := fmt.Sprintf(`{"specs":[{"model-tag":"model-%s","target-info":{"controller-tag":"controller-%s","addrs":["127.0.0.1:1"],"ca-cert":"","auth-tag":"user-admin","password":"x"}}]}`, m.model, m.east.UUID)
	var differences []string
	for _, r := range []request{
		login("admin", "PASSWORD"), login("admin", "wrong"), login("carol", "carol-pw"), login("carol", "wrong"), login("bob", "bob-pw"), login("bob", "wrong"),
		login("nobody", "x"), login("alice@external", "x"), login("jujuanonymous", ""),
		{path, "", "Admin", 3, "Login", `{"auth-tag":"","token":"x"}`},
		{path, "", "Admin", 3, "Login", `{"auth-tag":"unit-pg-0","credentials":"x"}`},
		{path, "", "Admin", 3, "RedirectInfo", ``},
		admin("Controller", 11, "AllModels", ``), admin("ModelManager", 9, "ModelInfo", prod), admin("ModelManager", 9, "ModelStatus", prod),
		admin("Controller", 11, "ModelStatus", prod), admin("ModelManager", 9, "DumpModels", `{"entities":[{"tag":"model-`+m.model+`"}],"simplified":true}`),
		admin("ModelManager", 9, "ListModelSummaries", `{"user-tag":"user-admin","all":true}`), admin("Controller", 11, "InitiateMigration", again),
	} {
		for _, d := range m.source.differ(t.Context(), m.neutral, r) {
			differences = append(differences, "source "+d)
		}
	}
	for _, r := range []request{
		login("admin", "PASSWORD"), login("carol", "carol-pw"), login("bob", "bob-pw"), login("jujuanonymous", ""), admin("ModelManager", 9, "ModelStatus", prod),
		admin("MigrationTarget", 1, "Prechecks", `{"uuid":"`+m.model+`","name":"gone","owner-tag":"user-admin","agent-version":"3.5.4","controller-agent-version":"3.5.4"}`),
		admin("MigrationTarget", 1, "Abort", tag), admin("MigrationTarget", 1, "Activate", tag), admin("MigrationTarget", 1, "LatestLogTime", tag), admin("MigrationTarget", 1, "CheckMachines", tag),
	} {
		for _, d := range m.target.differ(t.Context(), m.neutral, r) {
			differences = append(differences, "target "+d)
		}
	}
	expected(t, "after", differences)
}
