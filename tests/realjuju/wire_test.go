package realjuju_test

import (
	"errors"
	"testing"

	jujucontroller "github.com/juju/juju/controller"
	"github.com/juju/juju/core/model"
	"github.com/juju/juju/state"

	"jimm-migrator/tests/realjuju/controller"
	"jimm-migrator/tests/sim"
	simctl "jimm-migrator/tests/sim/controller"
)

const (
	unknownUUID = "00000000-1111-4222-8333-444444444444"
	modelPath   = "/model/MODEL/api"
)

// prodTwin is the simulated model that corresponds to one with the application pg, on the real west.
func prodTwin(uuid string) sim.Model {
	return sim.Model{Controller: "west", Model: simctl.Model{
		Name: "prod", UUID: uuid, Owner: "admin", Cloud: "dummy", Region: "dummy-region",
		Machines:     []simctl.Machine{{ID: "0", InstanceID: "prod-0", Hardware: "arch=amd64 cores=1 mem=1024M root-disk=8192M"}},
		Applications: []simctl.Application{{Name: "pg", Charm: "ch:amd64/pg-7", Revision: 7, Endpoints: []string{"db", "server"}, Message: "ready", Units: []simctl.Unit{{Name: "pg/0", Machine: "0", Message: "ready"}}}},
	}}
}

// TestWire sends the same bytes to a real and to a simulated controller and compares the answers.
func TestWire(t *testing.T) {
	t.Parallel()
	configured := map[string]any{jujucontroller.AgentRateLimitMax: nil} // only the controllers of these tests set it
	west, east := startController(t, "west", configured), startController(t, "east", nil)
	model, err := west.AddModel("prod")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := west.Deploy(model, "pg", nil); err != nil {
		t.Fatal(err)
	}
	j := simulate(t, sim.World{Controllers: []sim.Controller{twin(west), twin(east)}, Models: []sim.Model{prodTwin(model)}}, sim.Options{})
	source := pair{realSide(west), simSide(j.Registration("west"))}
	target := pair{realSide(east), simSide(j.Registration("east"))}
	n := newNeutral(model, "MODEL", west.UUID, "WEST", east.UUID, "EAST", west.ModelUUID, "WESTMODEL", east.ModelUUID, "EASTMODEL")
	fill := newNeutral("MODEL", model, "WESTMODEL", west.ModelUUID, "EASTMODEL", east.ModelUUID, "WEST", west.UUID, "EAST", east.UUID)
	var differences []string
	ask := func(p pair, requests []request) {
		for _, r := range requests {
			r.Path, r.Params = fill.Replace(r.Path), fill.Replace(r.Params)
			differences = append(differences, p.differ(t.Context(), n, r)...)
		}
	}
	ask(source, sourceRequests())
	ask(target, targetRequests())
	expected(t, "wire", differences)
}

// TestInvalidCredential compares what controllers report about a model after they have marked its cloud credential as
// invalid, which keeps a migration in VALIDATION.
func TestInvalidCredential(t *testing.T) {
	t.Parallel()
	west := startController(t, "west", nil)
	model, err := west.AddModel("prod")
	if err != nil {
		t.Fatal(err)
	}
	if err := west.State.InvalidateCloudCredential(controller.Credential(), ""); err != nil {
		t.Fatal(err)
	}
	credential := controller.Credential()
	marked := twin(west)
	marked.Credentials = []simctl.Credential{{Cloud: credential.Cloud().Id(), Owner: credential.Owner().Id(), Name: credential.Name(), Invalid: true}}
	j := simulate(t, sim.World{Controllers: []sim.Controller{marked}, Models: []sim.Model{{Controller: "west", Model: simctl.Model{
		Name: "prod", UUID: model, Owner: "admin", Cloud: "dummy", Region: "dummy-region",
	}}}}, sim.Options{})
	p, n := pair{realSide(west), simSide(j.Registration("west"))}, newNeutral(model, "MODEL", west.UUID, "WEST", west.ModelUUID, "WESTMODEL")
	for _, r := range []request{
		{"/api", "admin", "MigrationTarget", 1, "CheckMachines", `{"model-tag":"model-` + model + `"}`},
		{"/api", "admin", "MigrationTarget", 3, "CheckMachines", `{"model-tag":"model-` + model + `"}`},
		{"/api", "admin", "ModelManager", 9, "ModelInfo", `{"entities":[{"tag":"model-` + model + `"}]}`},
		{"/api", "admin", "ModelManager", 9, "ListModelSummaries", `{"user-tag":"user-admin","all":true}`},
		{"/model/" + model + "/api", "admin", "Client", 6, "FullStatus", `{"patterns":[]}`},
	} {
		for _, difference := range p.differ(t.Context(), n, r) {
			t.Error(difference)
		}
	}
}

// TestSeriesLock compares what controllers report about machines that are being upgraded to another Ubuntu release.
func TestSeriesLock(t *testing.T) {
	t.Parallel()
	west := startController(t, "west", nil)
	uuid, err := west.AddModel("prod")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := west.Deploy(uuid, "pg", nil); err != nil {
		t.Fatal(err)
	}
	if err := west.Do(uuid, func(st *state.State) error {
		machine, err := st.Machine("0")
		if err != nil {
			return err
		}
		return errors.Join(machine.CreateUpgradeSeriesLock([]string{"pg/0"}, state.UbuntuBase("24.04")), machine.SetUpgradeSeriesStatus(model.UpgradeSeriesPrepareCompleted, ""))
	}); err != nil {
		t.Fatal(err)
	}
	twinModel := prodTwin(uuid)
	twinModel.Machines[0].SeriesLock = "prepare completed"
	j := simulate(t, sim.World{Controllers: []sim.Controller{twin(west)}, Models: []sim.Model{twinModel}}, sim.Options{})
	p, n := pair{realSide(west), simSide(j.Registration("west"))}, newNeutral(uuid, "MODEL", west.UUID, "WEST", west.ModelUUID, "WESTMODEL")
	for _, version := range []int{9, 10} {
		r := request{"/model/" + uuid + "/api", "admin", "MachineManager", version, "UpgradeSeriesValidate", `{"args":[{"tag":{"tag":"machine-0"},"channel":""}]}`}
		for _, difference := range p.differ(t.Context(), n, r) {
			t.Error(difference)
		}
	}
}

// sourceRequests are requests to a controller with models.
func sourceRequests() []request {
	const prod = `{"entities":[{"tag":"model-MODEL"}]}`
	login := func(path, params string) request { return request{path, "", "Admin", 3, "Login", params} }
	admin := func(facade string, version int, method, params string) request {
		return request{"/api", "admin", facade, version, method, params}
	}
	target := func(model, controllerTag, addr, user string) string {
		return `{"specs":[{"model-tag":"` + model + `","target-info":{"controller-tag":"` + controllerTag + `","addrs":["` + addr + `"],"ca-cert":"","auth-tag":"` + user + `","password":"x"}}]}`
	}
	return []request{
		login("/api", `{"auth-tag":"user-admin","credentials":"PASSWORD","nonce":"","macaroons":null,"user-data":"","client-version":"3.5.4"}`),
		login(modelPath, `{"auth-tag":"user-admin","credentials":"PASSWORD","nonce":"","macaroons":null,"user-data":"","client-version":"3.5.4"}`),
		login("/api", `{"auth-tag":"user-admin","credentials":"wrong"}`),
		login("/api", `{"auth-tag":"user-nobody","credentials":"wrong"}`),
		login("/api", `{"auth-tag":"user-alice@external","credentials":"wrong"}`),
		login("/api", `{"auth-tag":"user-admin","credentials":""}`),
		login("/api", `{"auth-tag":"","credentials":""}`),
		login("/api", `{"auth-tag":"nonsense","credentials":"x"}`),
		login("/api", `{"auth-tag":"machine-0","credentials":"x","nonce":"y"}`),
		login("/api", `{"auth-tag":"user-admin","credentials":7}`),
		login("/api", `{"auth-tag":"user-jujuanonymous"}`),
		login(modelPath, `{"auth-tag":"user-jujuanonymous"}`),
		login("/model/"+unknownUUID+"/api", `{"auth-tag":"user-jujuanonymous"}`),
		login("/model/"+unknownUUID+"/api", `{"auth-tag":"user-admin","credentials":"PASSWORD"}`),
		login("/model/"+unknownUUID+"/api", `{"auth-tag":"user-admin","credentials":"wrong"}`),
		login("/model/nonsense/api", `{"auth-tag":"user-admin","credentials":"PASSWORD"}`),
		login("/model/WESTMODEL/api", `{"auth-tag":"user-jujuanonymous"}`),
		login("/api", `{"auth-tag":"","token":"nonsense"}`),
		{"/api", "", "Admin", 2, "Login", `{}`},
		{"/api", "", "Admin", 3, "RedirectInfo", `{}`},
		{"/api", "", "Admin", 3, "Nonsense", `{}`},
		{"/api", "", "Controller", 11, "AllModels", `{}`},
		{"/api", "", "Pinger", 1, "Ping", `{}`},
		admin("Controller", 11, "AllModels", ``),
		admin("Controller", 11, "ControllerVersion", ``),
		admin("Controller", 11, "IdentityProviderURL", ``),
		admin("Controller", 11, "ControllerConfig", ``),
		admin("Controller", 12, "AllModels", ``),
		admin("Controller", 99, "AllModels", ``),
		admin("Controller", 11, "Nonsense", ``),
		admin("Nonsense", 1, "Nonsense", ``),
		admin("Client", 7, "FullStatus", ``),
		admin("ModelManager", 9, "ModelInfo", prod),
		admin("ModelManager", 10, "ModelInfo", prod),
		admin("ModelManager", 9, "ModelInfo", `{"entities":[{"tag":"model-`+unknownUUID+`"},{"tag":"nonsense"},{"tag":"user-admin"},{"tag":"model-WESTMODEL"}]}`),
		admin("ModelManager", 9, "ModelInfo", `{"entities":7}`),
		admin("ModelManager", 9, "ModelInfo", `{"nonsense":7}`),
		admin("ModelManager", 9, "ListModelSummaries", `{"user-tag":"user-admin","all":true}`),
		admin("ModelManager", 9, "ListModelSummaries", `{"user-tag":"user-admin"}`),
		admin("ModelManager", 9, "ListModelSummaries", `{"user-tag":"nonsense"}`),
		admin("ModelManager", 9, "ListModelSummaries", `{"user-tag":"user-bob"}`),
		admin("ModelManager", 9, "ListModels", `{"tag":"user-admin"}`),
		admin("ModelManager", 4, "ModelStatus", prod),
		admin("ModelManager", 9, "ModelStatus", prod),
		admin("ModelManager", 9, "ModelStatus", `{"entities":[{"tag":"model-`+unknownUUID+`"}]}`),
		admin("UserManager", 3, "UserInfo", `{"entities":null,"include-disabled":true}`),
		admin("Cloud", 7, "Clouds", ``),
		admin("Pinger", 1, "Ping", ``),
		{modelPath, "admin", "Client", 6, "FullStatus", `{"patterns":[]}`},
		{modelPath, "admin", "Client", 7, "FullStatus", `{"patterns":[],"include-storage":true}`},
		{modelPath, "admin", "Client", 8, "FullStatus", `{"patterns":[]}`},
		{modelPath, "admin", "Application", 15, "UnitsInfo", `{"entities":[{"tag":"unit-pg-0"},{"tag":"application-pg"}]}`},
		{modelPath, "admin", "Application", 20, "UnitsInfo", `{"entities":[{"tag":"unit-pg-7"},{"tag":"application-none"},{"tag":"machine-0"}]}`},
		{modelPath, "anonymous", "Application", 18, "UnitsInfo", `{"entities":[{"tag":"unit-pg-0"}]}`},
		{modelPath, "admin", "MachineManager", 9, "UpgradeSeriesValidate", `{"args":[{"tag":{"tag":"machine-0"},"force":false,"channel":""}]}`},
		{modelPath, "admin", "MachineManager", 10, "UpgradeSeriesValidate", `{"args":[{"tag":{"tag":"machine-7"}},{"tag":{"tag":"unit-pg-0"}},{"tag":{"tag":"nonsense"}},{"tag":{"tag":"machine-0"}}]}`},
		{modelPath, "admin", "MachineManager", 10, "UpgradeSeriesValidate", `{"args":[]}`},
		{modelPath, "anonymous", "MachineManager", 10, "UpgradeSeriesValidate", `{"args":[]}`},
		{modelPath, "admin", "ModelManager", 9, "ModelInfo", prod},
		{modelPath, "anonymous", "Client", 6, "FullStatus", `{"patterns":[]}`},
		{"/api", "anonymous", "Controller", 11, "AllModels", ``},
		{modelPath, "anonymous", "NotifyWatcher", 1, "Next", ``},
		admin("MigrationTarget", 1, "CACert", ``),
		admin("MigrationTarget", 3, "CACert", ``),
		admin("Controller", 11, "InitiateMigration", `{"specs":[]}`),
		admin("Controller", 11, "InitiateMigration", `{"specs":[{"model-tag":"nonsense"}]}`),
		admin("Controller", 11, "InitiateMigration", target("model-"+unknownUUID, "controller-EAST", "x", "user-admin")),
		admin("Controller", 11, "InitiateMigration", target("model-MODEL", "nonsense", "x", "user-admin")),
		admin("Controller", 11, "InitiateMigration", target("model-MODEL", "controller-EAST", "x", "nonsense")),
	}
}

// targetRequests are the requests of the source of a migration to its target.
func targetRequests() []request {
	ask := func(version int, method, params string) request {
		return request{"/api", "admin", "MigrationTarget", version, method, params}
	}
	model := func(uuid, name, owner, agent, source, more string) string {
		return `{"uuid":"` + uuid + `","name":"` + name + `","owner-tag":"` + owner + `","agent-version":"` + agent + `","controller-agent-version":"` + source + `"` + more + `}`
	}
	v := controller.Version()
	return []request{
		ask(1, "Prechecks", model("MODEL", "prod", "user-admin", v, v, "")),
		ask(3, "Prechecks", model("MODEL", "prod", "user-admin", v, v, `,"facade-versions":{}`)),
		ask(3, "Prechecks", model("MODEL", "prod", "user-admin", v, v, `,"facade-versions":{"Controller":[11],"ModelManager":[9]}`)),
		ask(1, "Prechecks", model("MODEL", "prod", "user-admin", "3.6.0", v, "")),
		ask(1, "Prechecks", model("MODEL", "prod", "user-admin", v, "3.6.4", "")),
		ask(1, "Prechecks", model("MODEL", "prod", "user-admin", "2.9.0", v, "")),
		ask(1, "Prechecks", model("MODEL", "prod", "user-admin", "2.8.0", v, "")),
		ask(1, "Prechecks", model("MODEL", "prod", "user-admin", "nonsense", v, "")),
		ask(1, "Prechecks", model("", "prod", "user-admin", v, v, "")),
		ask(1, "Prechecks", model("MODEL", "", "user-admin", v, v, "")),
		ask(1, "Prechecks", model("MODEL", "prod", "", v, v, "")),
		ask(1, "Prechecks", model("MODEL", "prod", "x", v, v, "")),
		ask(1, "Prechecks", model("EASTMODEL", "prod", "user-admin", v, v, "")),
		ask(1, "Prechecks", model("MODEL", "controller", "user-admin", v, v, "")),
		ask(1, "LatestLogTime", `{"model-tag":"model-MODEL"}`),
		ask(1, "Abort", `{"model-tag":"model-MODEL"}`),
		ask(1, "Activate", `{"model-tag":"model-MODEL"}`),
		ask(1, "CheckMachines", `{"model-tag":"model-MODEL"}`),
	}
}
