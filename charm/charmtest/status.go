package charmtest

import (
	"slices"
	"time"
)

// Status returns the workload status of the unit. A unit whose hook has failed
// has the status error, whatever the charm has set.
func (a *Agent) Status() Status {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.hookError != "" {
		return Status{Status: "error", Message: `hook failed: "` + a.hookError + `"`}
	}
	return a.status
}

// AppStatus returns the workload status of the application.
func (a *Agent) AppStatus() Status {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.appStatus
}

// AgentStatus returns the status of the agent: idle, executing or error.
func (a *Agent) AgentStatus() Status {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.running != nil && a.running.task != nil:
		return Status{Status: "executing", Message: "running action " + a.running.name}
	case a.running != nil && a.running.name != "update-status":
		return Status{Status: "executing", Message: "running " + a.running.name + " hook"}
	case a.hookError != "":
		return Status{Status: "error", Message: `hook failed: "` + a.hookError + `"`}
	}
	return Status{Status: "idle"}
}

// Statuses returns every workload status that was set, the agent's own
// included, in order.
func (a *Agent) Statuses() []StatusChange {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.statuses)
}

// setStatus sets a status and returns the call of OnStatus that is due. The
// caller holds a.mu.
func (a *Agent) setStatus(status Status, app bool, event string) func() {
	if app {
		a.appStatus = status
	} else {
		a.status = status
		a.statusSet = a.statusSet || event != ""
	}
	change := StatusChange{Time: time.Now(), Status: status, App: app, Event: event}
	a.statuses = append(a.statuses, change)
	return func() {
		if a.opts.OnStatus != nil {
			a.opts.OnStatus(change)
		}
	}
}
