package charmtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	jujucharm "github.com/juju/charm/v12"
	"github.com/juju/version/v2"

	"jimm-migrator/charm"
)

// Agent is the unit agent of one unit, and what its controller knows about it.
// All methods may be called at any time, even while a hook or action runs. It
// is a [charm.Runner]: the hook tools of whatever is running.
type Agent struct {
	opts  Options
	charm *Charm
	juju  version.Number // of the model
	app   string
	unit  string
	home  *home // nil if everything runs in this process
	turn  chan struct{}

	// toolMu serialises hook tools, including the callbacks that they cause.
	toolMu sync.Mutex

	mu         sync.Mutex // guards everything below, for the length of a tool
	running    *run
	tasks      []*Task
	calls      []Call
	log        []LogRecord
	config     map[string]any // what the user has set
	leader     bool
	status     Status
	statusSet  bool // whether the charm ever set one
	appStatus  Status
	statuses   []StatusChange
	version    string
	state      map[string]string
	secrets    map[string]*secret
	lastSecret uint64
	tracked    map[string]int    // revision that the unit tracks, by secret id
	labels     map[string]string // the unit's label of a secret, to its id
	relations  map[int]*relation
	hookError  string // the hook whose failure the unit is in
	commitErr  error
	closed     bool
}

var _ charm.Runner = (*Agent)(nil)

// New makes an agent. It refuses charms that Juju would not deploy, and
// impossible scenarios, with all problems of the scenario in one error.
func New(opts Options) (*Agent, error) {
	opts = opts.withDefaults()
	model, err := version.Parse(opts.JujuVersion)
	if err != nil {
		return nil, fmt.Errorf("cannot emulate Juju: %w", err)
	}
	c, err := ReadCharm(opts.CharmDir, model.Major)
	if err != nil {
		return nil, fmt.Errorf("cannot emulate a unit of charm %q: %w", opts.CharmDir, err)
	}
	opts.AppName = cmp.Or(opts.AppName, c.Meta().Name)
	a := &Agent{
		opts: opts, charm: c, juju: model, app: opts.AppName, turn: make(chan struct{}, 1),
		unit:   opts.AppName + "/" + strconv.Itoa(opts.UnitNumber),
		config: map[string]any{}, leader: !opts.NotLeader,
		status: Status{Status: "waiting", Message: "installing agent"}, appStatus: Status{Status: "unknown"},
		state:   maps.Clone(opts.State),
		secrets: map[string]*secret{}, tracked: map[string]int{}, labels: map[string]string{},
		relations: map[int]*relation{},
	}
	if a.state == nil {
		a.state = map[string]string{}
	}
	if err := a.populate(); err != nil {
		return nil, fmt.Errorf("cannot emulate unit %q: %w", a.unit, err)
	}
	if opts.Dispatch != "" || opts.Tools != nil && opts.App == nil && opts.Func == nil {
		if a.home, err = a.newHome(); err != nil {
			return nil, fmt.Errorf("cannot emulate unit %q: %w", a.unit, err)
		}
	}
	return a, nil
}

func (o Options) withDefaults() Options {
	o.JujuVersion = cmp.Or(o.JujuVersion, "3.6.28")
	o.Model.Name = cmp.Or(o.Model.Name, "jaas-ops")
	o.Model.UUID = cmp.Or(o.Model.UUID, "0b6d4f5e-1a57-4f1c-8c4e-6f0f2b9b7d10")
	o.MaxStateSize = cmp.Or(o.MaxStateSize, 2<<20)
	if o.Model.APIAddresses == nil {
		o.Model.APIAddresses = []string{"10.1.40.12:17070", "controller-service.controller-k8s.svc.cluster.local:17070"}
	}
	if o.Sequence == nil {
		o.Sequence = &Sequence{}
	}
	if abs, err := filepath.Abs(o.CharmDir); err == nil {
		o.CharmDir = abs
	}
	return o
}

// populate puts the scenario of the options in place.
func (a *Agent) populate() error {
	err := errors.Join(
		a.checkOptions(),
		a.setConfig(a.opts.Config),
	)
	for _, s := range a.opts.Secrets {
		_, secretErr := a.addSecret(s)
		err = errors.Join(err, secretErr)
	}
	for _, r := range a.opts.Relations {
		_, relationErr := a.addRelation(r)
		err = errors.Join(err, relationErr)
	}
	return err
}

// Close ends what is still running, kills the processes that it has left
// behind, and removes the agent's directory. Nothing can be run afterwards; the
// methods that return what has happened still work.
func (a *Agent) Close() error {
	a.mu.Lock()
	again := a.closed
	a.closed = true
	if a.running != nil {
		a.running.killGroup()
	}
	a.mu.Unlock()
	a.turn <- struct{}{} // until it has ended
	defer a.release()
	if a.home == nil || again {
		return nil
	}
	return a.home.remove()
}

// acquire waits until nothing else is running: a unit does one thing at a time.
func (a *Agent) acquire(ctx context.Context) error {
	select {
	case a.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		<-a.turn
		return errors.New("the agent is closed")
	}
	return nil
}

func (a *Agent) release() { <-a.turn }

// Unit returns the unit's name, such as "jimm-migrator/0".
func (a *Agent) Unit() string { return a.unit }

// Charm returns what the charm's files say.
func (a *Agent) Charm() *Charm {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.charm
}

// Calls returns every hook tool that was used, in the order of their ends.
func (a *Agent) Calls() []Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.calls)
}

// CallCount counts the calls by tool.
func (a *Agent) CallCount() map[string]int {
	out := make(map[string]int)
	for _, call := range a.Calls() {
		out[call.Tool]++
	}
	return out
}

// ForgetCalls empties the list of calls, for tests that count from here on.
func (a *Agent) ForgetCalls() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = nil
}

// Log returns the unit's log: juju-log, and what dispatch wrote to stdout
// (DEBUG) and stderr (WARNING).
func (a *Agent) Log() []LogRecord {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.log)
}

// addLog adds to the unit's log. The caller holds a.mu.
func (a *Agent) addLog(level, module, message string) {
	a.log = append(a.log, LogRecord{Time: time.Now(), Level: level, Module: "unit." + a.unit + "." + module, Message: message})
}

// State returns what state-set has stored, as committed.
func (a *Agent) State() map[string]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.state)
}

// SetState changes what state-set has stored, for example to what an earlier release of the
// charm would have left.
func (a *Agent) SetState(change map[string]string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state = maps.Clone(a.state)
	if a.state == nil {
		a.state = map[string]string{}
	}
	maps.Copy(a.state, change)
}

// WorkloadVersion returns what application-version-set has set.
func (a *Agent) WorkloadVersion() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.version
}

// SetLeader makes the unit the leader, or not. A running dispatch sees the
// change, unless it has already been told that the unit is not the leader.
func (a *Agent) SetLeader(leader bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.leader = leader
}

// FailCommit makes the commit of the next dispatch that ends well fail, as if
// the controller could not be reached.
func (a *Agent) FailCommit(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.commitErr = err
}

// SetConfig changes configuration as juju config does: each value is of the
// option's type, or text to be parsed, and nil resets it. A dispatch that has
// read its configuration does not see the change. No hook is run.
func (a *Agent) SetConfig(values map[string]any) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.setConfig(values)
}

func (a *Agent) setConfig(values map[string]any) error {
	changed := make(jujucharm.Settings, len(values))
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value, err := a.parseOption(name, values[name])
		changed[name] = value
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for name, value := range changed {
		if value == nil || value == "" && a.charm.Config().Options[name].Type == "secret" {
			delete(a.config, name)
		} else {
			a.config[name] = value
		}
	}
	return nil
}

// parseOption returns the value of an option in its type, as the controller
// keeps it.
func (a *Agent) parseOption(name string, value any) (any, error) {
	settings := jujucharm.Settings{name: value}
	if text, ok := value.(string); ok {
		var err error
		if settings, err = a.charm.Config().ParseSettingsStrings(map[string]string{name: text}); err != nil {
			return nil, err
		}
	}
	settings, err := a.charm.Config().ValidateSettings(settings)
	return settings[name], err
}

// Config returns the options that were set, in their types.
func (a *Agent) Config() map[string]any {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.config)
}

// JujuVersion returns the version of the model's Juju.
func (a *Agent) JujuVersion() string { return a.opts.JujuVersion }
