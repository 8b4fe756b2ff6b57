package conform_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	"jimm-migrator/tests/conform"
	"jimm-migrator/tests/sim/wire"
)

// stub is a controller that gives the answers of the recorded stub controller, and compares the requests.
type stub struct {
	name    string
	matcher *conform.Matcher
	login   string // what it answers to logins that the recording leaves out
	server  *wire.Server

	mu       sync.Mutex
	free     bool              // requests are not compared
	script   []*scripted       // the expected requests, in order
	opened   bool              // the recording contains the first connection to /api
	answers  map[string]string // by facade.method, for requests that the script leaves unanswered
	users    map[*wire.Conn]string
	closed   []string // paths and close statuses of connections that ended
	problems []string
}

// scripted is a recorded request to a controller.
type scripted struct {
	request conform.Step
	token   string        // what its token must contain
	reply   *conform.Step // nil: none is in the recording
	asked   bool
}

// script sorts the controller lines of a story by controller.
func script(steps []conform.Step) map[string][]*scripted {
	scripts := map[string][]*scripted{}
	var last *scripted
	for _, s := range steps {
		switch s.Kind {
		case conform.ControllerRequest:
			last = &scripted{request: s}
			scripts[s.Controller] = append(scripts[s.Controller], last)
		case conform.Token:
			last.token = s.Message
		case conform.ControllerReply:
			last = unanswered(scripts[s.Controller], s)
			last.reply = &s
		default: // the client's side, and the ends of connections
		}
	}
	return scripts
}

// unanswered finds the request that a reply belongs to: the last one on its path with this id. The end of a
// connection belongs to the last request.
func unanswered(requests []*scripted, reply conform.Step) *scripted {
	e, ok := reply.Envelope()
	for _, x := range slices.Backward(requests) {
		want, _ := x.request.Envelope()
		if x.request.Path == reply.Path && x.reply == nil && (!ok || want.RequestID == e.RequestID) {
			return x
		}
	}
	panic(fmt.Sprintf("line %d: reply without a request", reply.Line))
}

func newStub(name string, matcher *conform.Matcher, steps []conform.Step) *stub {
	s := &stub{name: name, matcher: matcher, answers: map[string]string{}, users: map[*wire.Conn]string{}}
	s.script = script(steps)[name]
	for _, step := range steps {
		if step.Kind == conform.Connect && step.Controller == name && step.Path == "/api" {
			s.opened = true
		}
	}
	s.server = newRawServer(wire.Config{Name: name, Log: s.log}, s.received)
	return s
}

func (s *stub) serve(l net.Listener, leaf tls.Certificate) error { return s.server.ServeTLS(l, leaf) }

func (s *stub) log(e wire.Event) {
	if e.Kind == wire.Closed {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.closed = append(s.closed, fmt.Sprintf("%s %d", e.Path, e.Status))
	}
}

// received answers one message of JIMM.
func (s *stub) received(ctx context.Context, c *wire.Conn, message []byte) {
	var got conform.Envelope
	if err := json.Unmarshal(message, &got); err != nil {
		s.mu.Lock()
		s.problems = append(s.problems, fmt.Sprintf("JIMM sent no JSON to %s: %q", s.name, message))
		s.mu.Unlock()
		return
	}
	reply := s.replyTo(c, got, string(message))
	switch reply {
	case "":
	case conform.Reset:
		c.Drop()
	default:
		_ = c.Send(ctx, []byte(withRequestID(reply, got.RequestID))) // JIMM may have closed the connection
	}
}

func (s *stub) replyTo(c *wire.Conn, got conform.Envelope, message string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := got.Facade + "." + got.Method
	if name == "Admin.Login" {
		var params struct {
			User string `json:"auth-tag"`
		}
		_ = json.Unmarshal(got.Params, &params)
		s.users[c] = params.User
	}
	x, diffs := s.find(c, got, message)
	if x != nil {
		x.asked = true
		if x.reply != nil {
			return s.matcher.Expand(x.reply.Message)
		}
	}
	if answer, ok := s.answers[name]; ok && (x != nil || s.free) {
		return s.matcher.Expand(answer)
	}
	switch {
	case x != nil:
		return ""
	case name == "Admin.Login" && (!s.opened || s.free):
		s.firstUse()
		return s.loggedIn(c)
	case name == "Pinger.Ping" || s.free:
		return `{"response":{}}`
	}
	s.problems = append(s.problems, fmt.Sprintf("JIMM asked %s on %s what was not recorded: %s\n%s", s.name, c.Path(), message, diffs))
	return `{"error":"not in the recording","error-code":"not in the recording","response":{}}`
}

// firstUse treats the ping before the first use of a connection that was open in the recording as answered: here the
// connection is new, and JIMM logs in instead.
func (s *stub) firstUse() {
	if s.free {
		return
	}
	for _, x := range s.script {
		if e, _ := x.request.Envelope(); !x.asked && x.request.Path == "/api" && e.Facade == "Pinger" {
			x.asked = true
			return
		}
	}
}

// find returns the matching recorded request. Requests come in the recorded order; pings also depend on the time.
func (s *stub) find(c *wire.Conn, got conform.Envelope, message string) (found *scripted, diffs string) {
	if s.free {
		return nil, ""
	}
	for i, x := range s.script {
		want, _ := x.request.Envelope()
		if x.asked || x.request.Path != c.Path() {
			continue
		}
		if diffs = s.diff(c, x, message); diffs == "" {
			s.inOrder(i, got)
			return x, ""
		}
		if want.Facade != "Pinger" && got.Facade != "Pinger" {
			break
		}
	}
	return nil, diffs
}

// inOrder reports the requests that JIMM left out before request i.
func (s *stub) inOrder(i int, got conform.Envelope) {
	if got.Facade == "Pinger" {
		return
	}
	for _, x := range s.script[:i] {
		if x.asked || x.request.Path != s.script[i].request.Path {
			continue
		}
		x.asked = true
		s.problems = append(s.problems, fmt.Sprintf("JIMM did not send to %s, before %s: %s", s.name, got.Name(), x.request.Message))
	}
}

// diff compares a request with a recorded one. On /api JIMM numbers its requests itself, on the model's endpoint it
// keeps the ids of the client.
func (s *stub) diff(c *wire.Conn, x *scripted, message string) string {
	want := x.request.Message
	if c.Path() == "/api" || !strings.Contains(want, `"request-id"`) {
		message = setKey(message, "request-id", "1")
		want = setKey(want, "request-id", "1")
	}
	if !strings.Contains(want, `"request-id"`) {
		want = `{"request-id":1,` + want[1:]
	}
	if diff := s.matcher.Diff(want, message); diff != "" {
		return diff
	}
	if x.request.User != "" && s.users[c] != x.request.User {
		return fmt.Sprintf("as %s, want %s", s.users[c], x.request.User)
	}
	if x.token == "" {
		return ""
	}
	token, err := decodeToken(message)
	if err != nil {
		return err.Error()
	}
	if diff := s.matcher.Diff(x.token, token); diff != "" {
		return "in the token: " + diff
	}
	return ""
}

// loggedIn is the answer to a login that is not in the recording.
func (s *stub) loggedIn(c *wire.Conn) string {
	user := s.users[c]
	info := map[string]string{
		"identity": user, "display-name": strings.TrimPrefix(user, "user-"), "controller-access": "superuser", "model-access": "",
	}
	reply := strings.ReplaceAll(s.login, `"<user-info>"`, mustJSON(info))
	return s.matcher.Expand(reply)
}

// decodeToken returns header and claims of the token in a login, in the form of the recordings.
func decodeToken(message string) (string, error) {
	var login struct {
		Params struct{ Token string }
	}
	if err := json.Unmarshal([]byte(message), &login); err != nil {
		return "", err
	}
	token, err := base64.StdEncoding.DecodeString(login.Params.Token)
	if err != nil {
		return "", fmt.Errorf("the token is not base64: %w", err)
	}
	parts := strings.Split(string(token), ".")
	if len(parts) != 3 {
		return "", fmt.Errorf("the token has %d parts", len(parts))
	}
	var decoded [2]json.RawMessage
	for i := range decoded {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return "", fmt.Errorf("part %d of the token: %w", i, err)
		}
		decoded[i] = data
	}
	return mustJSON(map[string]json.RawMessage{"header": decoded[0], "claims": decoded[1]}), nil
}

// check returns the failures, including requests that were not made.
func (s *stub) check() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	problems := s.problems
	for _, x := range s.script {
		if !x.asked {
			problems = append(problems, fmt.Sprintf("JIMM did not send to %s on %s: %s", s.name, x.request.Path, x.request.Message))
		}
	}
	s.problems = nil
	return problems
}
