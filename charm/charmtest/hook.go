package charmtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// HookDetails say what a hook is about. Most hooks have none.
type HookDetails struct {
	Relation      int    // number of the relation
	RemoteUnit    string // empty in created and broken, and in changed for the application's data
	DepartingUnit string // default in departed: RemoteUnit
	Secret        string // URI
	Revision      int    // of the secret, for expired and remove
}

// HookResult is how a hook ended.
type HookResult struct {
	Name     string
	Skipped  bool   // the charm has no program for it
	Error    string // what the agent reports, such as "exit status 1"; empty if the hook ended well
	ExitCode int    // -1 if it did not exit
	Stdout   string
	Stderr   string
}

// Failed reports whether the hook failed, and its writes were dropped.
func (r HookResult) Failed() bool { return r.Error != "" }

// RunHook runs a hook to its end. An error means that Juju would not run this
// hook now, or that ctx ended it; the result says how the hook went. After a
// failure only the same hook can be run, until it ends well or is resolved.
func (a *Agent) RunHook(ctx context.Context, name string, details ...HookDetails) (HookResult, error) {
	var d HookDetails
	if len(details) > 0 {
		d = details[0]
	}
	if err := a.acquire(ctx); err != nil {
		return HookResult{}, fmt.Errorf("cannot run hook %q: %w", name, err)
	}
	defer a.release()
	a.mu.Lock()
	if err := a.checkHook(name, d); err != nil {
		a.mu.Unlock()
		return HookResult{}, err
	}
	r, after := a.beginHook(name, d)
	a.mu.Unlock()
	after()

	e := a.execute(ctx, r)

	a.mu.Lock()
	result, after := a.finishHook(r, e)
	a.mu.Unlock()
	after()
	return result, context.Cause(ctx)
}

func (a *Agent) beginHook(name string, d HookDetails) (*run, func()) {
	after := func() {}
	before := map[string]string{
		"install": "installing charm software", "stop": "stopping charm software", "remove": "cleaning up prior to charm deletion",
	}
	if message := before[name]; message != "" && (name != "install" || !a.statusSet) {
		after = a.setStatus(Status{Status: "maintenance", Message: message}, false, "")
	}
	if strings.HasSuffix(name, "-relation-departed") && d.DepartingUnit == "" {
		d.DepartingUnit = d.RemoteUnit
	}
	if strings.HasSuffix(name, "-relation-broken") {
		a.relations[d.Relation].breaking = true
	}
	r := a.newRun(name, nil, d)
	if rel, ok := a.relations[d.Relation]; ok && strings.HasSuffix(name, "-relation-departed") && rel.endpoint.Name != "" {
		r.members[d.Relation] = without(r.members[d.Relation], d.RemoteUnit)
	}
	return r, after
}

func without(list []string, gone string) []string {
	var out []string
	for _, one := range list {
		if one != gone {
			out = append(out, one)
		}
	}
	return out
}

// finishHook decides how a hook ended. The caller holds a.mu.
func (a *Agent) finishHook(r *run, e exit) (HookResult, func()) {
	after := func() {}
	result := HookResult{Name: r.name, ExitCode: e.code, Stdout: string(e.stdout), Stderr: string(e.stderr)}
	switch {
	case errors.Is(e.err, errNoHandler):
		result.Skipped, result.ExitCode = true, 0
	case r.agentDied:
		result.Error = "terminated"
	case e.err != nil:
		result.Error = e.err.Error()
	case e.signal != 0:
		result.Error = signalText(e.signal)
	case e.code != 0:
		result.Error = fmt.Sprintf("exit status %d", e.code)
	default:
		if err := a.commit(r); err != nil {
			result.Error = err.Error()
		}
	}
	if result.Failed() {
		// A hook that was terminated is queued again; it is not an error.
		if result.Error != "terminated" {
			a.hookError = r.name
		}
		return result, after
	}
	a.hookError = ""
	switch {
	case strings.HasSuffix(r.name, "-relation-broken"):
		delete(a.relations, r.hook.Relation)
	case strings.HasSuffix(r.name, "-relation-departed"):
		delete(a.relations[r.hook.Relation].units, r.hook.RemoteUnit)
	case r.name == "stop":
		after = a.setStatus(Status{Status: "maintenance"}, false, "")
	case r.name == "remove":
		after = a.setStatus(Status{Status: "terminated"}, false, "")
	case r.name == "start" && !a.statusSet:
		after = a.setStatus(Status{Status: "unknown"}, false, "")
	}
	return result, after
}

// Resolve takes the unit out of error without running the hook again, as juju
// resolve --no-retry does.
func (a *Agent) Resolve() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hookError = ""
}

// Install runs the hooks of a new unit, in Juju's order: install,
// leader-elected if it is the leader, config-changed, start. It stops at the
// first that fails, with an error.
func (a *Agent) Install(ctx context.Context) error {
	a.mu.Lock()
	leader := a.leader
	a.mu.Unlock()
	if leader {
		return a.hooks(ctx, "install", "leader-elected", "config-changed", "start")
	}
	return a.hooks(ctx, "install", "config-changed", "start")
}

// Upgrade runs the hooks of a new revision of the charm.
func (a *Agent) Upgrade(ctx context.Context) error {
	return a.hooks(ctx, "upgrade-charm", "config-changed")
}

// Refresh replaces the charm with the one in a folder, as juju refresh does,
// and runs the hooks of [Agent.Upgrade]. With Options.Dispatch the program
// stays.
func (a *Agent) Refresh(ctx context.Context, charmDir string) error {
	c, err := ReadCharm(charmDir, a.juju.Major)
	if err != nil {
		return fmt.Errorf("cannot refresh %q: %w", a.unit, err)
	}
	if err := a.replace(ctx, c, charmDir); err != nil {
		return fmt.Errorf("cannot refresh %q: %w", a.unit, err)
	}
	return a.Upgrade(ctx)
}

// replace puts another charm in place when nothing is running.
func (a *Agent) replace(ctx context.Context, c *Charm, charmDir string) error {
	if err := a.acquire(ctx); err != nil {
		return err
	}
	defer a.release()
	a.mu.Lock()
	a.charm, a.opts.CharmDir = c, charmDir
	a.mu.Unlock()
	if a.home == nil {
		return nil
	}
	return a.home.renew()
}

// Churn does what happens when Kubernetes moves a pod: the charm's directory is
// made again, and upgrade-charm, config-changed and start are run.
func (a *Agent) Churn(ctx context.Context) error {
	if a.home != nil {
		if err := a.home.renew(); err != nil {
			return err
		}
	}
	return a.hooks(ctx, "upgrade-charm", "config-changed", "start")
}

func (a *Agent) hooks(ctx context.Context, names ...string) error {
	for _, name := range names {
		result, err := a.RunHook(ctx, name)
		if err != nil {
			return err
		}
		if result.Failed() {
			return fmt.Errorf("hook failed: %q: %s", name, result.Error)
		}
	}
	return nil
}
