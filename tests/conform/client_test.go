package conform_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/conform"
	"jimm-migrator/tests/sim/wire"
)

const jimmHost = "jimm.example.com"

// TestClientReplaysTheRecordings replays the calls of the recorded client with ours. It must send the recorded
// requests, and decode the recorded replies correctly.
func TestClientReplaysTheRecordings(t *testing.T) {
	ca := newCA(t)
	replayed := new(coverage)
	for _, s := range stories(t) {
		t.Run(s.name, func(t *testing.T) {
			replayed.stories++
			if s.fixture.Setup.Client != "" {
				t.Skip(s.fixture.Setup.Client)
			}
			synctest.Test(t, func(t *testing.T) {
				p := newClientReplay(t, s.release, ca)
				p.story, p.replayed = s.name, replayed
				p.fixture(s.fixture)
			})
		})
	}
	if !t.Failed() {
		replayed.check(t)
	}
}

// clientReplay plays JIMM for our client.
type clientReplay struct {
	t       *testing.T
	release release
	ca      *wire.CA
	network *wire.Network
	matcher *conform.Matcher

	story    string
	replayed *coverage

	mu      sync.Mutex
	pending []*exchange // requests that the client may send now
	seen    int         // of those
	logins  []string    // canned replies to logins that the recording leaves out
	unasked []string    // messages that are missing from the story
}

func newCA(t *testing.T) *wire.CA {
	t.Helper()
	ca, err := wire.NewCA("conform")
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func newClientReplay(t *testing.T, r release, ca *wire.CA) *clientReplay {
	t.Helper()
	p := &clientReplay{
		t: t, release: r, ca: ca,
		network: wire.NewNetwork(), matcher: newMatcher(r.world, madeUpAddresses()),
	}
	return p
}

// serve starts the scripted JIMM.
func (p *clientReplay) serve() {
	p.t.Helper()
	server := newRawServer(wire.Config{Name: "jimm"}, p.received)
	leaf, err := p.ca.Leaf(jimmHost)
	if err != nil {
		p.t.Fatal(err)
	}
	serve(p.t, p.network, jimmHost+":443", func(l net.Listener) error { return server.ServeTLS(l, leaf) }, server.Close)
}

// received answers one message of the client.
func (p *clientReplay) received(ctx context.Context, c *wire.Conn, message []byte) {
	var got conform.Envelope
	if err := json.Unmarshal(message, &got); err != nil {
		p.t.Errorf("the client sent no JSON: %q", message)
		return
	}
	reply, after := p.replyTo(got, message)
	if reply == "" {
		return
	}
	send := func() {
		if err := c.Send(ctx, []byte(withRequestID(reply, got.RequestID))); err != nil {
			p.t.Logf("cannot answer %s: %v", got.Name(), err)
		}
	}
	if after == 0 {
		send()
		return
	}
	time.AfterFunc(after, send)
}

func (p *clientReplay) replyTo(got conform.Envelope, message []byte) (reply string, after time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if got.Facade == "Pinger" {
		return `{"response":{}}`, 0
	}
	if got.Facade == "Admin" && len(p.logins) > 0 {
		reply, p.logins = p.logins[0], p.logins[1:]
		return p.matcher.Expand(reply), 0
	}
	var diffs []string
	for i, x := range p.pending {
		diff := p.requestDiff(x, string(message))
		if diff != "" {
			diffs = append(diffs, diff)
			continue
		}
		p.pending = slices.Delete(p.pending, i, i+1)
		p.seen++
		if x.reply == nil {
			return "", 0
		}
		x.sent = p.matcher.Expand(x.reply.Message)
		return x.sent, x.reply.After
	}
	p.unasked = append(p.unasked, fmt.Sprintf("%s\n%s", message, strings.Join(diffs, "\n")))
	return `{"error":"not in the recording","error-code":"not in the recording","response":{}}`, 0
}

// requestDiff compares what the client sent with what was recorded. The request id may be any. So may the version of a
// facade, among those that the controller offered in its login or for which JIMM is recorded to answer this method, and
// the params of ListModelSummaries, which JIMM does not read (recorded: {}, and a user-tag of no user).
func (p *clientReplay) requestDiff(x *exchange, got string) string {
	want := x.request.Message
	if x.want.Method == "ListModelSummaries" {
		want = setKey(want, "params", `"<any>"`)
	}
	want = setKey(want, "request-id", `"<int>"`)
	var e conform.Envelope
	if json.Unmarshal([]byte(got), &e) == nil && e.Facade == x.want.Facade && p.release.answers(e) {
		want = setKey(want, "version", strconv.Itoa(e.Version))
	}
	return p.matcher.Diff(want, got)
}

// answers reports whether a controller offers the facade in this version and JIMM does not, or else whether JIMM is
// recorded to have this method in this version.
func (r release) answers(e conform.Envelope) bool {
	if e.Facade == "Client" {
		return slices.Contains(r.world.Facades["Client"], e.Version)
	}
	for _, f := range r.fixtures {
		for _, s := range sessions(append(slices.Clone(f.Client), f.Story...)) {
			for _, x := range slices.Concat(s.batches...) {
				if x.want.Name() == e.Name() && x.reply != nil && !strings.Contains(x.reply.Message, `"not implemented"`) {
					return true
				}
			}
		}
	}
	return false
}

// fixture replays one story.
func (p *clientReplay) fixture(f *conform.Fixture) {
	p.t.Helper()
	all := sessions(append(slices.Clone(f.Client), f.Story...))
	if len(all) == 1 && all[0].refused {
		p.expectRefused()
		return
	}
	p.serve()
	for _, s := range all {
		p.session(s)
	}
}

// expectRefused connects to a server that is not listening.
func (p *clientReplay) expectRefused() {
	p.t.Helper()
	_, err := jimm.Connect(p.t.Context(), p.options("admin"))
	if !errors.Is(err, rpc.ErrConnection) {
		p.t.Errorf("Connect without a JIMM: %v, want rpc.ErrConnection", err)
	}
}

func (p *clientReplay) options(user string) jimm.Options {
	u := p.release.world.Users[user]
	return jimm.Options{
		URL:      "wss://" + jimmHost,
		ClientID: u.ClientID, ClientSecret: jimm.NewSecret(u.Secret),
		RootCAs: p.ca.Pool(), DialContext: p.network.DialContext,
	}
}

// session replays one connection.
func (p *clientReplay) session(s *session) {
	p.t.Helper()
	u := &clientUser{replay: p, user: s.open.User, path: s.open.Path}
	defer u.close()
	if u.user != "" {
		u.logIn()
	}
	for _, batch := range s.batches {
		p.batch(u, batch)
	}
}

// batch makes the calls whose requests were sent together.
func (p *clientReplay) batch(u *clientUser, batch []*exchange) {
	p.t.Helper()
	var calls sync.WaitGroup
	for _, x := range batch {
		c, reason := u.callFor(x)
		if reason != "" {
			p.replayed.skip(fmt.Sprintf("%s, line %d, %s: %s", p.story, x.request.Line, x.want.Name(), reason))
			continue
		}
		p.mu.Lock()
		p.pending = append(p.pending, x)
		p.mu.Unlock()
		calls.Go(func() {
			result, err := c.run(p.t.Context())
			if !p.wasAnswered(x) {
				return // a request that was not sent is reported below
			}
			p.replayed.add(x.want.Facade + "." + x.want.Method + " " + outcomeOf(err))
			if diff := c.check(x, result, err); diff != "" {
				p.t.Errorf("line %d, %s: %s", x.request.Line, x.want.Name(), diff)
			}
		})
		synctest.Wait() // the requests go out in the recorded order
	}
	calls.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.pending {
		p.t.Errorf("line %d: the client did not send %s", x.request.Line, x.request.Message)
	}
	for _, message := range p.unasked {
		p.t.Errorf("the client sent what was not recorded: %s", message)
	}
	p.pending, p.unasked = nil, nil
}

func (p *clientReplay) wasAnswered(x *exchange) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return x.sent != ""
}

// login returns the recorded reply to a login on /api.
func (r release) login(user string) string {
	name := map[string]string{"admin": "01.01-login-administrator", "plain": "01.06-login-not-administrator"}[user]
	for _, f := range r.fixtures {
		if strings.Contains(f.File, name) {
			return f.Client[2].Message
		}
	}
	panic("no recorded login of " + user)
}

// setKey replaces a top-level value of a JSON object.
func setKey(message, key, value string) string {
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(message), &object); err != nil {
		return message
	}
	if _, ok := object[key]; ok {
		object[key] = json.RawMessage(value)
	}
	return mustJSON(object)
}

func withRequestID(message string, id int) string {
	re := regexp.MustCompile(`^\{"request-id":\d+,?`)
	return fmt.Sprintf(`{"request-id":%d,`, id) + strings.TrimPrefix(re.ReplaceAllString(message, "{"), "{")
}

func mustJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}
