package realjuju_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/juju/juju/api"
	"github.com/juju/juju/api/client/client"
	"github.com/juju/juju/api/client/modelmanager"
	apicontroller "github.com/juju/juju/api/controller/controller"
	"github.com/juju/juju/api/controller/migrationtarget"
	"github.com/juju/names/v5"

	"jimm-migrator/tests/realjuju/controller"
	"jimm-migrator/tests/sim"
)

// clientSide is how Juju's client connects to a controller.
type clientSide struct {
	side
	uuid string
}

func (s clientSide) info(model string) *api.Info {
	info := &api.Info{Addrs: []string{s.addr}, CACert: s.ca, Tag: names.NewUserTag("admin"), Password: s.password}
	if model != "" {
		info.ModelTag = names.NewModelTag(model)
	}
	return info
}

// asOlder is a connection to a controller that takes the versions of facades of an older one, where that has fewer.
type asOlder struct {
	api.Connection
	best func(facade string) int
}

func (c asOlder) BestFacadeVersion(facade string) int {
	return min(c.Connection.BestFacadeVersion(facade), c.best(facade))
}

// bestVersions returns the versions of facades that Juju's client uses with a controller.
func bestVersions(t *testing.T, s clientSide) func(facade string) int {
	t.Helper()
	conn, err := api.Open(s.info(""), controller.DialOptions())
	if err != nil {
		t.Fatalf("Juju's client cannot log in: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.BestFacadeVersion
}

// answers are what Juju's own client returns about a model on a controller, by question, if it uses at most the given
// versions of facades.
func answers(t *testing.T, s clientSide, model string, best func(facade string) int) map[string]string {
	t.Helper()
	out := map[string]string{}
	note := func(question string, answer any, err error) {
		if err != nil {
			answer = "error: " + err.Error()
		}
		out[question] = fmt.Sprint(answer)
	}
	opened, err := api.Open(s.info(""), controller.DialOptions())
	if err != nil {
		t.Fatalf("Juju's client cannot log in: %v", err)
	}
	defer opened.Close()
	conn := asOlder{opened, best}
	note("controller tag", conn.ControllerTag().Id(), nil)
	note("access", conn.ControllerAccess(), nil)
	note("host ports", len(conn.APIHostPorts()), nil)
	note("public DNS name", conn.PublicDNSName(), nil)
	controllers, models := apicontroller.NewClient(conn), modelmanager.NewClient(conn)
	all, err := controllers.AllModels()
	var listed []string
	for _, m := range all {
		listed = append(listed, m.Owner+"/"+m.Name+" "+m.UUID+" "+string(m.Type))
	}
	note("all models", slices.Sorted(slices.Values(listed)), err)
	identity, err := controllers.IdentityProviderURL()
	note("identity provider", identity, err)
	infos, err := models.ModelInfo([]names.ModelTag{names.NewModelTag(model), names.NewModelTag(unknownUUID)})
	if err != nil || len(infos) != 2 || infos[0].Error != nil {
		t.Fatalf("ModelInfo: %+v, %v", infos, err)
	}
	info := infos[0].Result
	note("model info", fmt.Sprintf("%s %s owner %s life %s status %q %q cloud %s region %s default %s machines %d migration %v",
		info.Name, info.Type, info.OwnerTag, info.Life, info.Status.Status, info.Status.Info, info.CloudTag, info.CloudRegion, info.DefaultSeries, len(info.Machines), info.Migration != nil), nil)
	for _, u := range info.Users {
		note("user "+u.UserName, u.Access, nil)
	}
	note("info of an unknown model", "", infos[1].Error)
	summaries, err := models.ListModelSummaries("admin", true)
	var summarised []string
	for _, m := range summaries {
		summarised = append(summarised, fmt.Sprintf("%s/%s %s %s %q %s counts %v migration %v", m.Owner, m.Name, m.UUID, m.Life, m.Status.Status, m.ModelUserAccess, m.Counts, m.Migration != nil))
	}
	note("summaries", slices.Sorted(slices.Values(summarised)), err)
	status, err := models.ModelStatus(names.NewModelTag(model))
	for _, m := range status {
		note("model status", fmt.Sprintf("owner %s life %s hosted machines %d applications %d", m.Owner, m.Life, m.HostedMachineCount, m.ApplicationCount), m.Error)
	}
	if err != nil {
		note("model status", "", err)
	}
	ca, err := migrationtarget.NewClient(conn).CACert()
	note("CA of a target", len(ca) > 0, err)
	_, err = migrationtarget.NewClient(conn).LatestLogTime(model)
	note("latest log time", "", err)
	askModel(t, s, model, note)
	askBadly(s, model, note)
	return out
}

// askModel asks for the model's status on a connection to the model.
func askModel(t *testing.T, s clientSide, model string, note func(string, any, error)) {
	t.Helper()
	conn, err := api.Open(s.info(model), controller.DialOptions())
	if err != nil {
		t.Fatalf("Juju's client cannot log in to the model: %v", err)
	}
	defer conn.Close()
	status, err := client.NewClient(conn, nil).Status(nil)
	if err != nil {
		t.Fatalf("status: %v", err)
	}
	note("status of the model", fmt.Sprintf("%s %s %q", status.Model.Name, status.Model.Type, status.Model.ModelStatus.Status), nil)
	for id, m := range status.Machines {
		note("status of machine "+id, fmt.Sprintf("%s agent %q instance %q base %s/%s", m.InstanceId, m.AgentStatus.Status, m.InstanceStatus.Status, m.Base.Name, m.Base.Channel), nil)
	}
	for name, a := range status.Applications {
		note("status of application "+name, fmt.Sprintf("%s exposed %v status %q life %q base %s", a.Charm, a.Exposed, a.Status.Status, a.Life, a.Base.Channel), nil)
		for unit, u := range a.Units {
			note("status of unit "+unit, fmt.Sprintf("machine %s agent %q workload %q %q leader %v", u.Machine, u.AgentStatus.Status, u.WorkloadStatus.Status, u.WorkloadStatus.Info, u.Leader), nil)
		}
	}
}

// askBadly logs in with wrong credentials.
func askBadly(s clientSide, model string, note func(string, any, error)) {
	for question, change := range map[string]func(*api.Info){
		"wrong password":   func(i *api.Info) { i.Password = "wrong" },
		"unknown user":     func(i *api.Info) { i.Tag = names.NewUserTag("nobody") },
		"unknown model":    func(i *api.Info) { i.ModelTag = names.NewModelTag(unknownUUID) },
		"other controller": func(i *api.Info) { i.ControllerUUID = unknownUUID },
		"anonymous on a model": func(i *api.Info) {
			i.ModelTag, i.Tag, i.Password = names.NewModelTag(model), names.NewUserTag(api.AnonymousUsername), ""
		},
		"no user": func(i *api.Info) { i.Tag, i.Password = nil, "" },
	} {
		info := s.info("")
		change(info)
		conn, err := api.Open(info, controller.DialOptions())
		note(question, "logged in", err)
		if err == nil {
			_ = conn.Close()
		}
	}
}

// TestClient compares what Juju's own client returns from simulated controllers of every release with what it returns
// from a real one of 3.5.4 by the same versions of facades.
func TestClient(t *testing.T) {
	t.Parallel()
	west := startController(t, "west", nil)
	model, err := west.AddModel("prod")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := west.Deploy(model, "pg", nil); err != nil {
		t.Fatal(err)
	}
	n := newNeutral(model, "MODEL", west.UUID, "WEST", west.ModelUUID, "WESTMODEL")
	var differences []string
	for _, version := range []string{"2.9.51", "3.1.10", "3.3.7", "3.4.6", "3.5.4", "3.6.14"} {
		c := twin(west)
		c.Version = version
		j := simulate(t, sim.World{Controllers: []sim.Controller{c}, Models: []sim.Model{prodTwin(model)}}, sim.Options{})
		older := clientSide{simSide(j.Registration("west")), west.UUID}
		best := bestVersions(t, older)
		actual, simulated := answers(t, clientSide{realSide(west), west.UUID}, model, best), answers(t, older, model, best)
		all := maps.Clone(actual)
		maps.Copy(all, simulated)
		for _, question := range slices.Sorted(maps.Keys(all)) {
			if x, y := n.in(actual[question]), n.in(simulated[question]); x != y {
				differences = append(differences, fmt.Sprintf("%s: %s: real %q, sim %q", version, question, x, y))
			}
		}
	}
	expected(t, "client", differences)
}

// TestClientFollows starts a migration between simulated controllers with Juju's own client, which is redirected at the
// end.
func TestClientFollows(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.9.51", "3.1.10", "3.4.6", "3.5.4", "3.6.14"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			both := []sim.Controller{{Name: "west", Version: version, Cloud: "dummy", Region: "dummy-region"}, {Name: "east", Version: version, Cloud: "dummy", Region: "dummy-region"}}
			j := simulate(t, sim.World{Speed: 300, Controllers: both, Models: []sim.Model{prodTwin("9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10")}}, sim.Options{})
			model := j.World().Models[0].UUID
			west, east := j.Registration("west"), j.Registration("east")
			source := clientSide{simSide(west), west.UUID}
			conn, err := api.Open(source.info(""), controller.DialOptions())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			id, err := apicontroller.NewClient(conn).InitiateMigration(apicontroller.MigrationSpec{
				ModelUUID: model, TargetControllerUUID: east.UUID, TargetControllerAlias: "east", TargetAddrs: []string{east.PublicAddress},
				TargetCACert: east.CACertificate, TargetUser: east.Username, TargetPassword: east.Password,
			})
			if err != nil || id != model+":0" {
				t.Fatalf("migration %q, %v", id, err)
			}
			if err := j.Controller("west").AwaitPhase(within(t), model, "DONE"); err != nil {
				t.Fatal(err)
			}
			_, err = api.Open(source.info(model), controller.DialOptions())
			redirect := (*api.RedirectError)(nil)
			if !errors.As(err, &redirect) {
				t.Fatalf("the source says of the model: %v, want a redirect", err)
			}
			if redirect.CACert != east.CACertificate || redirect.ControllerAlias != "east" {
				t.Errorf("redirected to %v, alias %q", redirect.Servers, redirect.ControllerAlias)
			}
		})
	}
}

// TestDeviceFlow logs in to a simulated JIMM with Juju's own client by device and by session token, as its users do.
func TestDeviceFlow(t *testing.T) {
	t.Parallel()
	for _, year := range []string{"2024", "2026"} {
		t.Run(year, func(t *testing.T) {
			t.Parallel()
			world := sim.World{JIMM: sim.JIMM{Version: year, TLS: true, Administrators: []string{"alice@example.com"}}, Controllers: []sim.Controller{{Name: "west"}}}
			j, err := sim.Start(t.Context(), world, sim.Options{TLSNames: []string{"juju-apiserver"}}) // Juju's client asks a server for it if it has the server's CA
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = j.Close() }()
			token, prompt := "", strings.Builder{}
			info := &api.Info{Addrs: []string{j.Address("jimm")}, CACert: j.CA()}
			for _, round := range []string{"device", "session token"} {
				opts := controller.DialOptions()
				opts.LoginProvider = api.NewSessionTokenLoginProvider(token, io.Writer(&prompt), func(got string) error { token = got; return nil })
				conn, err := api.Open(info, opts)
				if err != nil {
					t.Fatalf("by %s: %v", round, err)
				}
				if user := conn.AuthTag().String(); user != "user-alice@example.com" {
					t.Errorf("by %s: logged in as %q", round, user)
				}
				if _, err := modelmanager.NewClient(conn).ListModels("alice@example.com"); err != nil {
					t.Errorf("by %s: %v", round, err)
				}
				_ = conn.Close()
				if token == "" || !strings.Contains(prompt.String(), "http") {
					t.Errorf("by %s: token %q, prompt %q", round, token, prompt.String())
				}
				prompt.Reset()
				prompt.WriteString("http: not shown again")
			}
			opts := controller.DialOptions()
			opts.LoginProvider = api.NewSessionTokenLoginProvider("nonsense", io.Discard, func(string) error { return context.Canceled })
			if conn, err := api.Open(info, opts); err == nil {
				_ = conn.Close()
				t.Error("logged in with a token that is none, without a new one")
			}
		})
	}
}
