package conform_test

import (
	"context"
	"crypto"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"jimm-migrator/tests/conform"
	"jimm-migrator/tests/sim/controller"
)

// The models of the recording of Juju 4.0-beta8.
const (
	prodModel40 = "81b2f985-d1b1-4521-843e-277f6fd1213d" // on A
	testModelA  = "6f0e1c5e-3f0a-4d7e-8a57-8b6f3a1f0001"
	testModelB  = "7f0e1c5e-3f0a-4d7e-8a57-8b6f3a1f0002"
	testModelC  = "8f0e1c5e-3f0a-4d7e-8a57-8b6f3a1f0003"
	goneModel   = "d0d0d0d0-1111-4222-8333-4444444444d0" // migrated from C to A
	doomedModel = "2bec163b-996f-4131-8829-677eff1d4e84" // on C
	address40   = "10.0.0.1:17070"
)

// TestSimulatedJuju4ReplaysTheRecordings sends the requests recorded with a real API server of Juju 4.0-beta8 to a
// simulated one.
func TestSimulatedJuju4ReplaysTheRecordings(t *testing.T) {
	replayAll(t, "controller40", "controller40", func(r replay) { (&replay40{replay: r}).run() })
}

// replay40 is a simulated controller of Juju 4.0-beta8 that gets the recorded requests.
type replay40 struct {
	replay
	ws *websocket.Conn
}

func (p *replay40) run() {
	p.t.Helper()
	p.matcher = newMatcher(p.world, nil)
	p.matcher.Docs["sourcefacades"] = mustJSON(p.world.Facades)
	p.start(p.fixture.Setup.Controllers[0])
	for i, s := range p.fixture.Client {
		switch s.Kind {
		case conform.Connect:
			p.connect(s)
		case conform.Request:
			p.send(p.ws, p.fixture.Client[i:])
		case conform.Reply:
			p.receive(p.ws, s)
		default: // the token of a request
		}
	}
	_ = p.ws.CloseNow()
}

// start starts one of the recorded controllers, in the state of the story.
func (p *replay40) start(name string) {
	p.t.Helper()
	known := p.world.Controllers[name]
	config := controller.Config{
		Name: name, UUID: known.UUID, Version: known.Version, CA: p.ca,
		Clouds: []controller.Cloud{{
			Name: known.Cloud, Type: "dummy", Regions: []string{known.Region},
			AuthTypes: []string{"empty", "access-key", "userpass"},
		}},
		DialContext: p.network.DialContext,
	}
	config.ControllerModelUUID = map[string]string{
		"A": "a2a2a2a2-0000-4000-8000-0000000000a2", "B": "b2b2b2b2-0000-4000-8000-0000000000b2",
		"C": "c2c2c2c2-0000-4000-8000-0000000000c2",
	}[name]
	for user, account := range p.world.Users {
		access := "login"
		if account.Administrator {
			access = "superuser"
		}
		config.Users = append(config.Users, controller.User{Name: user, Password: account.Secret, Access: access})
	}
	if name == "C" { // only C trusts a key set
		config.Tokens.Key = func(context.Context, string) (crypto.PublicKey, error) { return p.key.Public(), nil }
	}
	p.addModels(startController(p.t, p.network, address40, config), name)
}

func (p *replay40) addModels(c *controller.Controller, name string) {
	p.t.Helper()
	admin := controller.ModelUser{Name: "admin", DisplayName: "admin", Access: "admin"}
	test := controller.Model{Name: "test", Owner: "admin", Users: []controller.ModelUser{admin}}
	var models []controller.Model
	switch name {
	case "A":
		test.UUID = testModelA
		carol := controller.ModelUser{Name: "carol", DisplayName: "carol", Access: "read"}
		models = []controller.Model{
			test,
			{Name: "prod", UUID: prodModel40, Owner: "admin", Users: []controller.ModelUser{carol, admin}},
			{Name: "prod10", UUID: "a05f3413-f756-4ac1-8177-00876cbd826f", Owner: "admin", Users: []controller.ModelUser{admin}},
		}
	case "B":
		test.UUID = testModelB
		models = []controller.Model{test, {Name: "prod", Owner: "admin", Users: []controller.ModelUser{admin}}}
	case "C":
		test.UUID = testModelC
		if p.fixture.Setup.State != "importing" {
			models = []controller.Model{test}
		}
	}
	for _, m := range models {
		if err := c.AddModel(m); err != nil {
			p.t.Fatal(err)
		}
	}
	p.setState(c, test)
}

// setState restores the state that the recording read from a file.
func (p *replay40) setState(c *controller.Controller, test controller.Model) {
	p.t.Helper()
	var err error
	switch p.fixture.Setup.State {
	case "importing":
		err = c.AddImportingCopy(test)
	case "exporting":
		err = c.SetExporting(test.UUID)
	case "upgrading":
		c.SetUpgrading(true)
	case "gone":
		a := p.world.Controllers["A"]
		c.AddRedirect(goneModel, controller.Redirect{
			ControllerTag: "controller-" + a.UUID, ControllerAlias: "a", CACert: p.ca.PEM(),
			Addrs: []string{"127.0.0.1:27471", "host.example:17070", "[::1]:17070"},
		})
	case "dying":
		err = c.AddModel(controller.Model{Name: "doomed", UUID: doomedModel, Owner: "admin", Life: "dying"})
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *replay40) connect(s conform.Step) {
	p.t.Helper()
	if p.ws != nil {
		_ = p.ws.CloseNow()
	}
	p.ws = dialer{address40, p.ca.Pool(), p.network.DialContext}.open(p.t, s.Path)
	if s.User != "" {
		p.send(p.ws, []conform.Step{{Message: `{"request-id":1,"type":"Admin","version":3,"request":"Login","params":{"auth-tag":"user-` + s.User +
			`","credentials":"` + p.world.Users[s.User].Secret + `"}}`}})
		if _, reply, err := p.ws.Read(p.t.Context()); err != nil || !strings.Contains(string(reply), `"identity":"user-`+s.User) {
			p.t.Fatalf("line %d: login as %s: %s, %v", s.Line, s.User, reply, err)
		}
	}
}
