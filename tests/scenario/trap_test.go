package scenario_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"jimm-migrator/tests/sim/wire"
)

// point is a moment in the life of an action, of which one field says what
// happens then.
type point struct {
	// Before and After are hook tools: the process dies when the Nth call of the
	// tool has not yet reached the agent, or when it has worked and not returned.
	Before, After string
	// Asked and Answered are methods, "jimm MigrateModel": the process dies when the
	// server has got the Nth request and not worked on it, or when the answer is
	// about to leave.
	Asked, Answered string
	// Line is the beginning of a line of progress: the process dies while the tool
	// shows it.
	Line string

	Nth int // 0 is the first

	year  string // The only one in which the point is tried; "": both.
	stall string // The text at which the migration stands still until then; "": none.
}

func (p point) String() string {
	name := "never"
	for _, way := range [][2]string{{"before", p.Before}, {"after", p.After}, {"asked", p.Asked}, {"answered", p.Answered}, {"line", p.Line}} {
		if way[1] != "" {
			name = way[0] + " " + strings.TrimRight(way[1], ": ")
		}
	}
	return strings.ReplaceAll(name, " ", "-") + strings.Repeat("-again", p.Nth)
}

// trap kills a process at a point, once. A nil trap never does.
type trap struct {
	point
	kill func() error

	mu      sync.Mutex
	armed   bool
	seen    int
	sprung  bool
	err     error
	request map[string]bool // requests whose answer is waited for, by connection and id
}

var errKilled = errors.New("killed on its way")

// arm makes the trap work; what happens before, such as hooks, does not count.
func (t *trap) arm() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.armed, t.request = true, map[string]bool{}
}

// hit counts what has happened and kills if it is the point. The caller holds mu.
func (t *trap) hit(is bool) bool {
	if !t.armed || t.sprung || !is {
		return false
	}
	t.seen++
	if t.seen <= t.Nth {
		return false
	}
	t.sprung = true
	t.err = t.kill()
	return true
}

func (t *trap) before(tool string) error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hit(tool == t.Before) {
		return errKilled
	}
	return nil
}

func (t *trap) after(tool string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hit(tool == t.After)
}

func (t *trap) line(text string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hit(t.Line != "" && strings.HasPrefix(text, t.Line))
}

func (t *trap) heard(e wire.Event) {
	if t == nil || e.Kind != wire.Received && e.Kind != wire.Sent {
		return
	}
	var message struct {
		ID     uint64 `json:"request-id"`
		Method string `json:"request"`
	}
	if json.Unmarshal(e.Data, &message) != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key := e.Conn + " " + string(rune(message.ID))
	name := e.Server + " " + message.Method
	switch {
	case e.Kind == wire.Sent:
		t.hit(t.request[key])
	case t.armed && t.Answered != "" && name == t.Answered:
		t.request[key] = true
	default:
		t.hit(name == t.Asked)
	}
}
