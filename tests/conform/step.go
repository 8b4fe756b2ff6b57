package conform

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Kind is the kind of a line of a fixture.
type Kind string

// The kinds of lines, by their beginning. README.md describes the rest.
const (
	Connect           Kind = "connect" // a client or JIMM opens a connection
	Request           Kind = "C->"     // the client sends a message
	Reply             Kind = "<-C"     // the client gets a message, or the end of the connection
	ControllerRequest Kind = "J->"     // JIMM sends a message to a controller
	ControllerReply   Kind = "J<-"     // the controller answers it, or breaks the connection
	Token             Kind = "token"   // the claims of the token in the request before
	Close             Kind = "close"   // JIMM closes a connection to a controller
	Answer            Kind = "answer"  // from now on a controller gives this answer to a method
	At                Kind = "at"      // the time since the story began
	RowIs             Kind = "row"     // JIMM's row of the model
)

// Ends of connections, as Message of a Request, Reply or ControllerReply.
const (
	Leave   = "leave"   // the client closes without a close frame
	Reset   = "reset"   // broken without a close frame
	Refused = "refused" // no server listens
)

// Step is one line of a fixture. Which fields are set depends on its kind.
type Step struct {
	Line       int // in its section, from 1
	Kind       Kind
	Controller string        // J->, J<-, close, answer; connect of JIMM
	Path       string        // of the connection: /api or /model/<uuid>/api
	User       string        // the user who is logged in before the first line (connect), or the auth-tag of the connection (J->)
	Method     string        // answer: "ModelManager.ModelInfo"
	Message    string        // JSON with placeholders; or Reset, Refused; or text that is not JSON; row: the row
	After      time.Duration // <-C: how long the reply took; at: the time
	Status     int           // <-C, close: close status, where the connection ends
}

// Envelope is the part that all messages have.
type Envelope struct {
	RequestID int             `json:"request-id"`
	Facade    string          `json:"type"`
	Version   int             `json:"version"`
	ID        string          `json:"id"`
	Method    string          `json:"request"`
	Params    json.RawMessage `json:"params"`

	Error     string          `json:"error"`
	ErrorCode string          `json:"error-code"`
	ErrorInfo json.RawMessage `json:"error-info"`
	Response  json.RawMessage `json:"response"`
}

// Envelope decodes the message; ok is false if it is not JSON.
func (s Step) Envelope() (e Envelope, ok bool) {
	return e, json.Unmarshal([]byte(s.Message), &e) == nil
}

// Name returns "ModelManager(9).ModelInfo" for a request.
func (e Envelope) Name() string { return fmt.Sprintf("%s(%d).%s", e.Facade, e.Version, e.Method) }

func parseSteps(data []byte) ([]Step, error) {
	steps := []Step{}
	for i, line := range strings.Split(string(data), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		s, err := parseStep(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w: %s", i+1, err, line)
		}
		s.Line = i + 1
		steps = append(steps, s)
	}
	return steps, nil
}

// syntax has the groups that become the fields of a Step.
func syntax() map[Kind]string {
	//nolint:gosec // G101: no credentials
	return map[Kind]string{
		Connect:           `(?:(?P<ctl>[a-z][\w-]*) )?(?P<path>/\S+)(?: as (?P<user>\S+))?`,
		Request:           `(?P<message>.+)`,
		Reply:             `(?:after (?P<after>\S+) )?(?:close (?P<status>\d+)|(?P<message>.+))`,
		ControllerRequest: `(?P<ctl>\S+) (?P<path>/\S+)(?: as (?P<user>\S+))? (?P<message>\{.+)`,
		ControllerReply:   `(?P<ctl>\S+) (?P<path>/\S+) (?P<message>.+)`,
		Token:             `(?P<message>\{.+)`,
		Close:             `(?P<ctl>\S+) (?P<path>/\S+) (?P<status>\d+)`,
		Answer:            `(?P<ctl>\S+) (?P<method>\S+) (?P<message>\{.+)`,
		At:                `(?P<after>\S+)`,
		RowIs:             `(?P<message>none|\S+ \S+ \S+(?: mode="[a-z-]*")?)`,
	}
}

func parseStep(line string) (Step, error) {
	word, rest, _ := strings.Cut(line, " ")
	s := Step{Kind: Kind(word)}
	pattern, ok := syntax()[s.Kind]
	if !ok {
		return s, errors.New("unknown kind of line")
	}
	re := regexp.MustCompile(`\A` + pattern + `\z`)
	groups := re.FindStringSubmatch(rest)
	if groups == nil {
		return s, errors.New("wrong syntax")
	}
	group := func(name string) string {
		if i := re.SubexpIndex(name); i >= 0 {
			return groups[i]
		}
		return ""
	}
	s.Controller, s.Path, s.User = group("ctl"), group("path"), group("user")
	s.Method, s.Message = group("method"), group("message")
	if strings.HasPrefix(s.Message, "{") && !json.Valid([]byte(s.Message)) {
		return s, errors.New("the message is not JSON")
	}
	after, afterErr := time.ParseDuration(cmp.Or(group("after"), "0"))
	status, err := strconv.Atoi(cmp.Or(group("status"), "0"))
	s.After, s.Status = after, status
	return s, errors.Join(afterErr, err)
}
