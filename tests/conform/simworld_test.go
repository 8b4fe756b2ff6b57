package conform_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/coder/websocket"

	"jimm-migrator/tests/conform"
	"jimm-migrator/tests/sim/jimm"
)

// startStub starts a stub controller, if it is not down.
func (p *simReplay) startStub(name string) {
	p.t.Helper()
	s := newStub(name, p.matcher, p.fixture.Controllers)
	s.login = fmt.Sprintf(`{"response":{"controller-tag":"controller-%s","facades":"<facades>","server-version":%q,`+
		`"servers":[[{"value":"<%s.host>","type":"ipv4","scope":"local-machine","port":"<%s.port>"}]],"user-info":"<user-info>"}}`,
		p.release.world.Controllers[name].UUID, p.version(name), name, name)
	p.stubs[name] = s
	if slices.Contains(p.fixture.Setup.Down, name) {
		return
	}
	l, err := p.network.Listen(loopbackAddresses()[name])
	if err != nil {
		p.t.Fatal(err)
	}
	leaf, err := p.ca.Leaf("localhost")
	if err != nil {
		p.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.serve(l, leaf) }()
	p.tidy = append(p.tidy, func() error { _ = s.server.Close(); return <-done })
}

func (p *simReplay) version(controller string) string {
	if v, ok := p.fixture.Setup.Versions[controller]; ok {
		return v
	}
	return p.release.world.Controllers[controller].Version
}

// startJIMM starts the simulated JIMM with the world of the story.
func (p *simReplay) startJIMM() {
	p.t.Helper()
	world, setup := p.release.world, p.fixture.Setup
	generation := jimm.Generation2024()
	if p.release.dir == "jimm2026" {
		generation = jimm.Generation2026()
	}
	options := jimm.Options{
		Generation: generation, UUID: world.JIMM, DNSName: world.DNSName,
		DialContext: p.dial, Poller: setup.Leader, Pings: true, Keys: jimm.NewQuickKeys(),
	}
	for _, user := range world.Users {
		options.Accounts = append(options.Accounts, jimm.Account{ID: user.ClientID, Secret: user.Secret})
	}
	p.server = jimm.New(options)
	p.rows()
	l, err := p.network.Listen(jimmHost + ":80")
	if err != nil {
		p.t.Fatal(err)
	}
	p.started = time.Now()
	p.server.Start()
	done := make(chan error, 1)
	go func() { done <- p.server.Serve(l) }()
	p.tidy = append(p.tidy, func() error { err := p.server.Close(); <-done; return err })
	p.server.IdentityProviderDown(slices.Contains(setup.Without, "identity-provider"))
	p.server.OpenFGADown(slices.Contains(setup.Without, "openfga"))
}

// rows fills JIMM's database.
func (p *simReplay) rows() {
	world, setup := p.release.world, p.fixture.Setup
	names := setup.Controllers
	if names == nil {
		names = []string{"ctl-a", "ctl-b"}
	}
	for _, name := range names {
		p.server.SetController(p.controllerRow(name, name))
	}
	for alias, name := range setup.Aliases {
		p.server.SetController(p.controllerRow(alias, name))
	}
	for name, user := range world.Users {
		if user.Administrator || slices.Contains(setup.Administrators, name) {
			p.grant(name, "administrator", "controller-jimm")
		}
	}
	if !slices.Contains(setup.Without, "credential") {
		p.server.AddCredential(jimm.Credential{Cloud: "localhost", Owner: world.Model.Owner, Name: world.Model.Credential})
	}
	if setup.Model == nil {
		return
	}
	p.server.AddModel(jimm.Model{
		UUID: world.Model.UUID, Name: world.Model.Name, Owner: world.Model.Owner, Credential: world.Model.Credential,
		Controller: setup.Model.Controller, Mode: jimm.Mode(setup.Model.Mode),
		Since: time.Date(2024, 10, 24, 10, 0, 0, 0, time.UTC),
	})
	for name, access := range setup.Grants {
		p.grant(name, access, "model-"+world.Model.UUID)
	}
}

func (p *simReplay) grant(user, relation, target string) {
	p.server.Grant(jimm.Tuple{
		Object: "user-" + p.release.world.Users[user].ClientID + "@serviceaccount", Relation: relation, Target: target,
	})
}

func (p *simReplay) controllerRow(name, stub string) jimm.Controller {
	c := p.release.world.Controllers[stub]
	row := jimm.Controller{
		Name: name, UUID: c.UUID, PublicAddress: p.matcher.Vars[stub+".public"], Addresses: []string{p.matcher.Vars[stub+".addr"]},
		CACertificate: p.ca.PEM(), TLSHostname: "localhost", Cloud: c.Cloud, Region: c.Region,
		AgentVersion: p.version(stub), Username: "admin", Password: c.Password,
	}
	if slices.Contains(p.fixture.Setup.Unavailable, stub) {
		row.UnavailableSince = time.Now()
	}
	return row
}

// simClient is a connection of the recorded client.
type simClient struct {
	p  *simReplay
	ws *websocket.Conn
}

// connect opens a connection, and logs in if the recording leaves the login out.
func (p *simReplay) connect(s conform.Step) *simClient {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, "ws://"+jimmHost+s.Path, &websocket.DialOptions{ //nolint:bodyclose // closed by Dial
		HTTPClient: &http.Client{Transport: &http.Transport{DialContext: p.network.DialContext}},
	})
	if err != nil {
		p.t.Fatalf("cannot connect to %s: %v", s.Path, err)
	}
	ws.SetReadLimit(1 << 20)
	c := &simClient{p: p, ws: ws}
	p.clients = append(p.clients, c)
	if s.User == "" {
		return c
	}
	user := p.release.world.Users[s.User]
	c.send(fmt.Sprintf(`{"request-id":1,"type":"Admin","version":4,"request":"LoginWithClientCredentials",`+
		`"params":{"client-id":%q,"client-secret":%q}}`, user.ClientID, user.Secret))
	if message, _ := c.receive(); p.matcher.Diff(`{"request-id":1,"response":"<any>"}`, message) != "" {
		p.t.Fatalf("cannot log in as %s: %s", s.User, message)
	}
	return c
}

func (c *simClient) send(message string) {
	c.p.t.Helper()
	if err := c.ws.Write(c.p.t.Context(), websocket.MessageText, []byte(message)); err != nil {
		c.p.t.Logf("cannot send %s: %v", message, err)
	}
}

// receive returns the next message, or the status with which the connection ended: -1 if it broke.
func (c *simClient) receive() (message string, status int) {
	c.p.t.Helper()
	ctx, cancel := context.WithTimeout(c.p.t.Context(), 2*time.Minute)
	defer cancel()
	_, data, err := c.ws.Read(ctx)
	if err != nil {
		if ctx.Err() != nil {
			c.p.t.Fatal("no answer within two minutes")
		}
		return "", int(websocket.CloseStatus(err))
	}
	return string(data), 0
}

// close ends the connection as the recorded client did: without a close frame.
func (c *simClient) close() { _ = c.ws.CloseNow() }
