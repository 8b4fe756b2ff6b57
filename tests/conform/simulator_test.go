package conform_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/tests/conform"
	"jimm-migrator/tests/sim/jimm"
	"jimm-migrator/tests/sim/wire"
)

// Addresses of the controllers under a simulated JIMM. Like the stubs of the recordings they are on loopback, so JIMM
// reaches them only by a public address.
func loopbackAddresses() map[string]string {
	return map[string]string{"ctl-a": "127.0.0.1:17171", "ctl-b": "127.0.0.1:17172"}
}

// TestSimulatorReplaysTheRecordings sends the recorded client's requests to the simulated JIMM. It must give the same
// answers, and send the same requests to the controllers.
func TestSimulatorReplaysTheRecordings(t *testing.T) {
	ca := newCA(t)
	for _, s := range stories(t) {
		t.Run(s.name, func(t *testing.T) {
			if s.fixture.Setup.Simulator != "" {
				t.Skip(s.fixture.Setup.Simulator)
			}
			synctest.Test(t, func(t *testing.T) { newSimReplay(t, s.release, s.fixture, ca).run() })
		})
	}
}

// simReplay is a simulated JIMM between stub controllers and a recorded client.
type simReplay struct {
	t       *testing.T
	release release
	fixture *conform.Fixture
	ca      *wire.CA
	network *wire.Network
	matcher *conform.Matcher
	stubs   map[string]*stub
	server  *jimm.Server
	started time.Time
	clients []*simClient
	tidy    []func() error
}

func newSimReplay(t *testing.T, r release, f *conform.Fixture, ca *wire.CA) *simReplay {
	t.Helper()
	p := &simReplay{
		t: t, release: r, fixture: f, ca: ca, network: wire.NewNetwork(),
		matcher: newMatcher(r.world, loopbackAddresses()), stubs: map[string]*stub{},
	}
	for name, address := range loopbackAddresses() {
		p.matcher.Vars[name+".public"] = strings.Replace(address, "127.0.0.1", "localhost", 1)
	}
	p.matcher.Vars["pem"] = ca.PEM()
	for name := range loopbackAddresses() {
		p.startStub(name)
	}
	p.startJIMM()
	return p
}

// run replays the story.
func (p *simReplay) run() {
	p.t.Helper()
	defer p.close()
	for _, s := range p.stubs {
		s.free = true
	}
	for _, user := range p.fixture.Setup.Seen {
		p.connect(conform.Step{Path: "/api", User: user}).close()
	}
	p.before()
	synctest.Wait()
	for _, s := range p.stubs {
		s.free = !p.compared()
	}
	if p.fixture.Story != nil {
		p.story()
	} else {
		for _, s := range sessions(p.fixture.Client) {
			p.session(s)
		}
	}
	for _, c := range p.clients {
		c.close()
	}
	time.Sleep(time.Second) //nolint:forbidigo // virtual time: JIMM closes its connections
	synctest.Wait()
	p.checkStubs()
	if p.fixture.Row != nil {
		p.checkRow(*p.fixture.Row)
	}
}

// compared reports whether the story contains JIMM's requests to the controllers.
func (p *simReplay) compared() bool {
	return p.fixture.Story == nil || hasKind(p.fixture.Story, conform.ControllerRequest)
}

// checkStubs reports requests to the controllers that were not recorded, or that are missing.
func (p *simReplay) checkStubs() {
	p.t.Helper()
	if !p.compared() {
		return
	}
	for _, name := range []string{"ctl-a", "ctl-b"} {
		for _, problem := range p.stubs[name].check() {
			p.t.Error(problem)
		}
		p.checkCloses(name)
	}
}

// checkCloses compares how connections ended, where that is recorded.
func (p *simReplay) checkCloses(name string) {
	p.t.Helper()
	s := p.stubs[name]
	s.mu.Lock()
	closed := slices.Clone(s.closed)
	s.mu.Unlock()
	for _, step := range p.fixture.Controllers {
		if step.Kind != conform.Close || step.Controller != name {
			continue
		}
		status := step.Status
		if status == 1006 {
			status = -1 // broken
		}
		want := fmt.Sprintf("%s %d", step.Path, status)
		i := slices.Index(closed, want)
		if i < 0 {
			p.t.Errorf("JIMM did not end a connection to %s with %d on %s; it ended %q", name, step.Status, step.Path, closed)
			continue
		}
		closed = slices.Delete(closed, i, i+1)
	}
}

func hasKind(steps []conform.Step, kind conform.Kind) bool {
	return slices.ContainsFunc(steps, func(s conform.Step) bool { return s.Kind == kind })
}

// before sends the requests that the story depends on.
func (p *simReplay) before() {
	p.t.Helper()
	var c *simClient
	for _, s := range p.fixture.Before {
		switch s.Kind {
		case conform.Connect:
			c = p.connect(s)
		case conform.Answer:
			p.answer(s)
		case conform.Request:
			c.send(p.matcher.Expand(s.Message))
			c.receive()
		default:
			p.t.Fatalf("line %d: %s in the section before", s.Line, s.Kind)
		}
	}
}

func (p *simReplay) answer(s conform.Step) {
	stub := p.stubs[s.Controller]
	stub.mu.Lock()
	defer stub.mu.Unlock()
	stub.answers[s.Method] = s.Message
}

// session replays one connection of a client.
func (p *simReplay) session(s *session) {
	p.t.Helper()
	c := p.connect(s.open)
	for _, batch := range s.batches {
		p.batch(c, batch)
	}
}

// batch sends requests and compares the replies, which come in the recorded order.
func (p *simReplay) batch(c *simClient, batch []*exchange) {
	p.t.Helper()
	start := time.Now()
	for _, x := range batch {
		c.send(p.matcher.Expand(x.request.Message))
		synctest.Wait()
	}
	slices.SortStableFunc(batch, func(a, b *exchange) int { return replyLine(a) - replyLine(b) })
	for _, x := range batch {
		if x.reply != nil {
			p.checkReply(c, x, start)
		}
	}
}

func replyLine(x *exchange) int {
	if x.reply == nil {
		return 0
	}
	return x.reply.Line
}

func (p *simReplay) checkReply(c *simClient, x *exchange, start time.Time) {
	p.t.Helper()
	message, status := c.receive()
	at := fmt.Sprintf("line %d", x.reply.Line)
	switch {
	case x.reply.Status != 0 || x.reply.Message == conform.Reset:
		want := x.reply.Status
		if want == 0 {
			want = -1
		}
		if status != want {
			p.t.Errorf("%s: close status %d, message %q, want status %d", at, status, message, want)
		}
	case status != 0:
		p.t.Fatalf("%s: the connection ended with %d", at, status)
	default:
		if diff := p.matcher.Diff(x.reply.Message, message); diff != "" {
			p.t.Errorf("%s:\n%s", at, diff)
		}
		if took := time.Since(start); (took - x.reply.After).Abs() > time.Second {
			p.t.Errorf("%s: it took %s, want %s", at, took, x.reply.After)
		}
	}
}

// checkRow compares JIMM's record of the model.
func (p *simReplay) checkRow(want conform.Step) {
	p.t.Helper()
	got := "none"
	if row, ok := p.server.Model(p.release.world.Model.UUID); ok {
		got = fmt.Sprintf("%s %s/%s %s mode=%q", row.UUID, row.Owner, row.Name, row.Controller, string(row.Mode))
	}
	if got != want.Message {
		p.t.Errorf("row line %d: row %s, want %s", want.Line, got, want.Message)
	}
}

func (p *simReplay) close() {
	for _, c := range p.clients {
		c.close()
	}
	for _, f := range slices.Backward(p.tidy) {
		if err := f(); err != nil {
			p.t.Logf("closing: %v", err)
		}
	}
}

// dial connects to the controllers; the name localhost means 127.0.0.1.
func (p *simReplay) dial(ctx context.Context, network, address string) (net.Conn, error) {
	return p.network.DialContext(ctx, network, strings.Replace(address, "localhost:", "127.0.0.1:", 1))
}
