// Package sim assembles a simulated JAAS: a JIMM and controllers that speak the wire protocol, on any listeners.
//
// A World, written in YAML, describes it; Start makes it. Everything works on loopback and, over an in-memory network,
// in the virtual time of testing/synctest.
package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/jimm"
	"jimm-migrator/tests/sim/wire"
)

// JAAS is a running world. Make one with Start, end it with Close.
type JAAS struct {
	world   World
	options Options
	ca      *wire.CA
	jimm    *jimm.Server       // nil: no JIMM
	servers map[string]*server // by name, including JIMM
	running sync.WaitGroup

	mu         sync.Mutex
	begun      bool // earlier messages and violations do not count
	messages   []wire.Event
	violations []Violation
	fleet      fleetRules
	logins     map[string]*bucket // logins of agents, by the tag of the controller

	closed    chan struct{} // ends the changes that users make meanwhile
	closeOnce sync.Once
}

// server is the state that JAAS keeps for JIMM and for each controller.
type server struct {
	address    string
	listener   net.Listener
	faults     *wire.Faults
	controller *controller.Controller // nil: JIMM
}

// URL returns JIMM's URL without the path of an endpoint, e.g. ws://127.0.0.1:40123/jimm; empty without a JIMM.
func (j *JAAS) URL() string {
	if j.jimm == nil {
		return ""
	}
	scheme := "ws"
	if j.world.JIMM.TLS {
		scheme = "wss"
	}
	return scheme + "://" + j.servers[nameJIMM].address + j.world.JIMM.PathPrefix
}

// CA returns the certificate of the CA that signed every server, as PEM.
func (j *JAAS) CA() string { return j.ca.PEM() }

// Account returns the service account with a name; for an empty name the first one that administers JIMM, or the first.
func (j *JAAS) Account(id string) ServiceAccount {
	accounts := j.world.JIMM.ServiceAccounts
	i := slices.IndexFunc(accounts, func(a ServiceAccount) bool { return a.ID == id || id == "" && a.Administrator })
	return accounts[max(i, 0)]
}

// JIMM returns the simulated JIMM, to read its database; nil if the world has none.
func (j *JAAS) JIMM() *jimm.Server { return j.jimm }

// Controller returns a controller by name. An unknown name is a mistake of the test: it panics.
func (j *JAAS) Controller(name string) *controller.Controller {
	if s := j.servers[name]; s != nil && s.controller != nil {
		return s.controller
	}
	panic(fmt.Sprintf("no controller %q in this world", name))
}

// Faults returns the script of faults of jimm or a controller, so that a test can add to it.
func (j *JAAS) Faults(server string) *wire.Faults {
	if s := j.servers[server]; s != nil {
		return s.faults
	}
	panic(fmt.Sprintf("no server %q in this world", server))
}

// World returns the world as it was started, including its defaults.
func (j *JAAS) World() World { return j.world }

// UUID returns the UUID of a model of the world, given as UUID, owner/name, or a name that is unique. Anything else is
// returned unchanged.
func (j *JAAS) UUID(model string) string {
	var found []string
	for _, m := range j.world.Models {
		if m.UUID == model || m.Owner+"/"+m.Name == model {
			return m.UUID
		}
		if m.Name == model {
			found = append(found, m.UUID)
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return model
}

// Record returns JIMM's row of a model; ok is false if there is none.
func (j *JAAS) Record(model string) (row jimm.Model, ok bool) {
	if j.jimm == nil {
		return row, false
	}
	return j.jimm.Model(j.UUID(model))
}

// Place is a copy of a model on a controller.
type Place struct {
	Controller string
	State      string // controller.StateActive, StateExporting or StateImporting
	Migrating  bool   // from this controller: the latest migration has not ended
}

// Where returns the actual state of a model: the controllers that have a copy, by name. No client can see this.
func (j *JAAS) Where(model string) []Place { return j.where(j.UUID(model)) }

func (j *JAAS) where(uuid string) []Place {
	var places []Place
	for _, c := range j.world.Controllers {
		state, ok := j.Controller(c.Name).Model(uuid)
		if !ok {
			continue
		}
		m, migrated := j.Controller(c.Name).Migration(uuid)
		places = append(places, Place{c.Name, state.State, migrated && !m.Phase.Terminal()})
	}
	slices.SortFunc(places, func(a, b Place) int { return strings.Compare(a.Controller, b.Controller) })
	return places
}

// Messages returns all messages of all servers so far, in the order in which they were sent.
func (j *JAAS) Messages() []wire.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.messages)
}

// Count returns how often clients of a server called Facade.Method.
func (j *JAAS) Count(server, method string) int {
	facade, name, _ := strings.Cut(method, ".")
	n := 0
	for _, e := range j.Messages() {
		if e.Server == server && e.Kind == wire.Received &&
			strings.Contains(string(e.Data), `"type":"`+facade+`"`) &&
			strings.Contains(string(e.Data), `"request":"`+name+`"`) {
			n++
		}
	}
	return n
}

// Logins returns how many logins with a client secret JIMM received: on /api, and on models. JIMM of 2024 keeps the
// secret of each in its audit log.
func (j *JAAS) Logins() (api, models int) {
	for _, e := range j.Messages() {
		switch {
		case e.Server != nameJIMM || e.Kind != wire.Received ||
			!strings.Contains(string(e.Data), `"request":"LoginWithClientCredentials"`):
		case strings.Contains(e.Path, "/model/"):
			models++
		default:
			api++
		}
	}
	return api, models
}

func (j *JAAS) log(e wire.Event) {
	j.mu.Lock()
	if j.begun && !j.options.NoMessages {
		j.messages = append(j.messages, e)
	}
	begun := j.begun
	j.mu.Unlock()
	if begun && j.options.Log != nil {
		j.options.Log(e)
	}
}

// Restart kills and starts a server, jimm or a controller: connections break, the state stays.
func (j *JAAS) Restart(name string) {
	if name == nameJIMM {
		j.jimm.Restart()
		return
	}
	j.Controller(name).Restart()
}

// Stop takes a server down until Resume: connections break, and new ones are refused.
func (j *JAAS) Stop(name string) (err error) {
	s := j.servers[name]
	if name == nameJIMM {
		err = j.jimm.Stop()
	} else {
		err = j.Controller(name).Stop()
	}
	_ = s.listener.Close() // already closed, unless serving it had not begun
	return err
}

// Resume ends a Stop, on the same address.
func (j *JAAS) Resume(ctx context.Context, name string) error {
	if name == nameJIMM {
		j.jimm.Start()
	} else {
		j.Controller(name).Start()
	}
	return j.serve(ctx, name)
}

// Close ends all servers and waits for them.
func (j *JAAS) Close() error {
	j.closeOnce.Do(func() { close(j.closed) })
	var errs []error
	if j.jimm != nil {
		errs = append(errs, j.jimm.Close())
	}
	for _, s := range j.servers {
		if s.controller != nil {
			errs = append(errs, s.controller.Close())
		}
	}
	j.running.Wait()
	return errors.Join(errs...)
}

const nameJIMM = "jimm"

// Dialling returns options with which src/rpc reaches JIMM.
func (j *JAAS) Dialling() rpc.DialOptions {
	return rpc.DialOptions{RootCAs: j.ca.Pool(), DialContext: j.options.DialContext}
}
