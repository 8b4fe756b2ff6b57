package conform_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"jimm-migrator/tests/conform"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// TestSimulatedControllerAnswersWhatJIMMNeeds sends the requests of a real JIMM to a simulated controller of Juju 3.6.
func TestSimulatedControllerAnswersWhatJIMMNeeds(t *testing.T) {
	replayAll(t, "controller36", "jimm2026", func(r replay) { (&controllerReplay{replay: r}).run() })
}

// replay is a recording that is replayed against simulated controllers.
type replay struct {
	t       *testing.T
	fixture *conform.Fixture
	world   *conform.World
	ca      *wire.CA
	key     *rsa.PrivateKey
	network *wire.Network
	matcher *conform.Matcher
}

// replayAll replays the recordings of a directory, each in a bubble of its own.
func replayAll(t *testing.T, directory, worldOf string, run func(replay)) {
	t.Helper()
	fixtures, err := conform.ReadAll(directory)
	if err != nil {
		t.Fatal(err)
	}
	world, err := conform.ReadWorld(worldOf)
	if err != nil {
		t.Fatal(err)
	}
	ca := newCA(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fixtures {
		t.Run(strings.TrimSuffix(filepath.Base(f.File), ".txtar"), func(t *testing.T) {
			if f.Setup.Simulator != "" {
				t.Skip(f.Setup.Simulator)
			}
			synctest.Test(t, func(t *testing.T) {
				run(replay{t: t, fixture: f, world: world, ca: ca, key: key, network: wire.NewNetwork()})
			})
		})
	}
}

// controllerReplay is a simulated controller that a recorded JIMM talks to.
type controllerReplay struct {
	replay
	conns map[string]*websocket.Conn // by path

	roots       string // instead of the CA: its certificate
	address     string // of ctl-a
	dialContext func(ctx context.Context, network, address string) (net.Conn, error)
	pass        func(to time.Duration) // advances the time
}

func (p *controllerReplay) run() {
	p.t.Helper()
	p.conns = map[string]*websocket.Conn{}
	p.matcher = newMatcher(p.world, madeUpAddresses())
	p.matcher.AtLeast = true
	a, b := p.start("ctl-a"), p.start("ctl-b")
	p.matcher.Vars["ctl-b.ca"] = b.CACert()
	p.addModel(a)
	began := time.Now()
	p.address, p.dialContext = madeUpAddresses()["ctl-a"], p.network.DialContext
	p.pass = func(to time.Duration) { time.Sleep(time.Until(began.Add(to))) } //nolint:forbidigo // virtual time
	p.play()
}

// play sends the recorded requests and compares the answers.
func (p *controllerReplay) play() {
	p.t.Helper()
	steps := p.fixture.Controllers
	for i, s := range steps {
		switch s.Kind {
		case conform.At:
			p.pass(s.After)
		case conform.Connect:
			p.connect(s.Path)
		case conform.ControllerRequest:
			p.send(p.conns[s.Path], steps[i:])
		case conform.ControllerReply:
			p.receive(p.conns[s.Path], s)
		default: // the token of a request
		}
	}
	for _, ws := range p.conns {
		_ = ws.CloseNow()
	}
}

// start starts a controller.
func (p *controllerReplay) start(name string) *controller.Controller {
	p.t.Helper()
	known := p.world.Controllers[name]
	return startController(p.t, p.network, madeUpAddresses()[name], controller.Config{
		Name: name, UUID: known.UUID, Version: known.Version, CA: p.ca,
		ControllerModelUUID: strings.Replace(known.UUID, known.UUID[:2], "c0", 1),
		Users:               []controller.User{{Name: "admin", Password: known.Password, Access: "superuser"}},
		DialContext:         p.network.DialContext,
		Tokens: controller.Tokens{Key: func(context.Context, string) (crypto.PublicKey, error) {
			return p.key.Public(), nil
		}},
	})
}

func (p *controllerReplay) addModel(c *controller.Controller) {
	p.t.Helper()
	err := c.AddModel(controller.Model{
		Name: p.world.Model.Name, UUID: p.world.Model.UUID, Owner: "admin",
		Machines: []controller.Machine{{ID: "0"}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *controllerReplay) connect(path string) {
	p.t.Helper()
	if before := p.conns[path]; before != nil {
		_ = before.CloseNow()
	}
	roots := x509.NewCertPool()
	if p.ca != nil {
		roots = p.ca.Pool()
	}
	roots.AppendCertsFromPEM([]byte(p.roots))
	p.conns[path] = dialer{p.address, roots, p.dialContext}.open(p.t, path)
}

// send sends the request that the steps begin with; the next one may have the claims of its token.
func (p *replay) send(ws *websocket.Conn, steps []conform.Step) {
	p.t.Helper()
	token := ""
	if len(steps) > 1 && steps[1].Kind == conform.Token {
		token = sign(p.t, p.key, p.matcher, steps[1].Message)
	}
	message := p.matcher.Expand(strings.Replace(steps[0].Message, `"<token>"`, mustJSON(token), 1))
	if err := ws.Write(p.t.Context(), websocket.MessageText, []byte(message)); err != nil {
		p.t.Fatalf("line %d: %v", steps[0].Line, err)
	}
}

// receive compares a reply, or the end of the connection, and when it came.
func (p *replay) receive(ws *websocket.Conn, s conform.Step) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute+s.After)
	defer cancel()
	began := time.Now()
	_, got, err := ws.Read(ctx)
	if waited := time.Since(began).Truncate(time.Second); s.After > 0 && waited != s.After {
		p.t.Errorf("line %d: after %v", s.Line, waited)
	}
	if s.Status != 0 {
		if status := websocket.CloseStatus(err); int(status) != s.Status {
			p.t.Errorf("line %d: got %s, %v", s.Line, got, err)
		}
		return
	}
	if err != nil {
		p.t.Fatalf("line %d: %v", s.Line, err)
	}
	if diff := p.matcher.Diff(s.Message, string(got)); diff != "" {
		p.t.Errorf("line %d:\n%s", s.Line, diff)
	}
}
