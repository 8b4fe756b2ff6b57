package scenario_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"jimm-migrator/tests/sim/wire"
)

// point is a moment during an action; the one field that is set says which.
type point struct {
	// Before and After are hook tools: the process is killed when the Nth call of the tool has not yet reached the
	// agent, or when it has been carried out but not returned.
	Before, After string
	// Asked and Answered are methods, "jimm MigrateModel": the process is killed when the server has received the Nth
	// request but not handled it, or just before the answer is sent.
	Asked, Answered string
	// Line is the beginning of a line of progress: the process is killed while the tool shows it.
	Line string

	Nth int // 0 is the first

	year  string // The only age in which the point is tried; "": both.
	stall string // The text at which the migration stops until then; "": none.
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

// killer kills a process at a point, once. A nil killer never kills.
type killer struct {
	point
	kill func() error

	mu      sync.Mutex
	armed   bool
	seen    int
	killed  bool
	err     error
	request map[string]bool // requests without an answer yet, by connection and id
}

var errKilled = errors.New("killed on its way")

// arm activates the killer; earlier events, such as hooks, do not count.
func (k *killer) arm() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.armed, k.request = true, map[string]bool{}
}

// hit counts an event and kills the process if it is the point. The caller holds mu.
func (k *killer) hit(is bool) bool {
	if !k.armed || k.killed || !is {
		return false
	}
	k.seen++
	if k.seen <= k.Nth {
		return false
	}
	k.killed = true
	k.err = k.kill()
	return true
}

func (k *killer) before(tool string) error {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.hit(tool == k.Before) {
		return errKilled
	}
	return nil
}

func (k *killer) after(tool string) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.hit(tool == k.After)
}

func (k *killer) line(text string) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.hit(k.Line != "" && strings.HasPrefix(text, k.Line))
}

func (k *killer) heard(e wire.Event) {
	if k == nil || e.Kind != wire.Received && e.Kind != wire.Sent {
		return
	}
	var message struct {
		ID     uint64 `json:"request-id"`
		Method string `json:"request"`
	}
	if json.Unmarshal(e.Data, &message) != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	key := e.Conn + " " + string(rune(message.ID))
	name := e.Server + " " + message.Method
	switch {
	case e.Kind == wire.Sent:
		k.hit(k.request[key])
	case k.armed && k.Answered != "" && name == k.Answered:
		k.request[key] = true
	default:
		k.hit(name == k.Asked)
	}
}
