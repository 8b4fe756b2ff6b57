package controller

import (
	"sync"

	"github.com/juju/juju/core/presence"
)

// Presence reports that every agent is connected, except those that are down. In the zero value none is down.
type Presence struct {
	presence.Recorder
	mu   sync.Mutex
	down map[string]bool // by model and tag of the agent
}

// SetDown sets whether an agent of a model is missing.
func (p *Presence) SetDown(model, tag string, down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down == nil {
		p.down = map[string]bool{}
	}
	p.down[model+"/"+tag] = down
}

// Connect does nothing: SetDown decides which agents are connected.
func (*Presence) Connect(_, _, _ string, _ uint64, _ bool, _ string) {}

// Disconnect does nothing.
func (*Presence) Disconnect(string, uint64) {}

// Activity does nothing.
func (*Presence) Activity(string, uint64) {}

// IsEnabled reports that presence is recorded.
func (*Presence) IsEnabled() bool { return true }

// Connections returns what API servers and their prechecks read.
func (p *Presence) Connections() presence.Connections { return connections{presence: p} }

// connections are those of one model.
type connections struct {
	presence.Connections
	presence *Presence
	model    string
}

// ForModel is part of presence.Connections.
func (c connections) ForModel(model string) presence.Connections {
	c.model = model
	return c
}

// AgentStatus is part of presence.Connections.
func (c connections) AgentStatus(agent string) (presence.Status, error) {
	c.presence.mu.Lock()
	defer c.presence.mu.Unlock()
	if c.presence.down[c.model+"/"+agent] {
		return presence.Missing, nil
	}
	return presence.Alive, nil
}
