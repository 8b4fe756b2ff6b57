package jaas

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/rpc"
)

// connections are connections to controllers, logged in with the accounts of the
// option controller-credentials. Each is made when it is first needed, and kept
// until the action ends. A controller that refused the account is not asked again.
type connections struct {
	logins map[string]juju.Credentials
	// network has the proxy and the dialler for the controllers.
	network jimm.Options

	mu   sync.Mutex
	each map[facts.ControllerUUID]*connection // by the controllers' UUIDs
}

// connection is what is known about the account on one controller.
type connection struct {
	turn  turn // Taken by the caller that reads or changes the rest.
	at    facts.Controller
	conn  *juju.Conn
	login juju.LoginResult
	err   error // Why the controller is not asked again.
	// silent is why it did not answer, and until when it is not asked again: a poll
	// asks several questions, and each would have to wait.
	silent  error
	retryAt time.Time

	// models are connections to models on the controller, by their UUIDs.
	models map[string]modelConnection
}

type modelConnection struct {
	conn  *juju.Conn
	login juju.LoginResult
}

// Why a controller is not asked with an account.
var (
	errNoAccount    = errors.New("controller-credentials has no account for this controller")
	errNotSuperuser = errors.New("the account is not a superuser of the controller")
)

const (
	// readTimeout limits a question to a controller.
	readTimeout = 30 * time.Second
	// silentPause is how long a controller that did not answer is not asked.
	silentPause = 10 * time.Second
)

// given reports whether there is an account for the controller.
func (cs *connections) given(c facts.Controller) bool {
	_, ok := cs.logins[c.Name]
	return ok
}

// options say how the controller is reached, for a connection to a model if one
// is named.
func (cs *connections) options(c facts.Controller, model string) juju.Options {
	return juju.Options{
		Addresses:      addresses(c),
		CACert:         c.CACert,
		ModelUUID:      model,
		ControllerUUID: string(c.UUID),
		Name:           nameOf(c),
		Proxy:          cs.network.Proxy,
		DialContext:    cs.network.DialContext,
		DialTimeout:    probeTimeout,
		CallTimeout:    readTimeout,
	}
}

// nameOf is what a controller is called while it does not answer.
func nameOf(c facts.Controller) string { return fmt.Sprintf("controller %q", c.String()) }

// get returns a connection on which the account is logged in as a superuser. The
// context limits making it.
func (cs *connections) get(ctx context.Context, c facts.Controller) (*juju.Conn, juju.LoginResult, error) {
	if !cs.given(c) {
		return nil, juju.LoginResult{}, errNoAccount
	}
	one := cs.of(c)
	if err := one.turn.take(ctx); err != nil {
		return nil, juju.LoginResult{}, err
	}
	defer one.turn.end()
	if one.conn != nil && one.conn.Err() == nil {
		return one.conn, one.login, nil
	}
	if one.err != nil {
		return nil, one.login, one.err
	}
	if time.Now().Before(one.retryAt) {
		return nil, juju.LoginResult{}, one.silent
	}
	conn, login, err := cs.logIn(ctx, c, "")
	switch {
	case errors.Is(err, rpc.CodeUnauthorized), errors.Is(err, rpc.CodeDischargeRequired):
		one.err = err
	case err == nil && (login.User == nil || login.User.ControllerAccess != superuser):
		_ = conn.Close()
		conn, one.err = nil, errNotSuperuser
		err = one.err
	case err != nil:
		one.silent, one.retryAt = err, time.Now().Add(silentPause)
	}
	one.conn, one.login = conn, login
	return conn, login, err
}

// superuser is the access to a controller with which all of it may be asked.
const superuser = "superuser"

func (cs *connections) of(c facts.Controller) *connection {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.each == nil {
		cs.each = map[facts.ControllerUUID]*connection{}
	}
	if cs.each[c.UUID] == nil {
		cs.each[c.UUID] = &connection{at: c, turn: newTurn()}
	}
	return cs.each[c.UUID]
}

// controller returns the controller of that UUID, if it was asked with an account.
func (cs *connections) controller(uuid facts.ControllerUUID) (facts.Controller, bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	one, ok := cs.each[uuid]
	if !ok {
		return facts.Controller{}, false
	}
	return one.at, true
}

// openModel returns a connection to a model on the controller, on which the account
// is logged in.
func (cs *connections) openModel(ctx context.Context, c facts.Controller, model string) (*juju.Conn, juju.LoginResult, error) {
	if _, _, err := cs.get(ctx, c); err != nil {
		return nil, juju.LoginResult{}, err
	}
	one := cs.of(c)
	if err := one.turn.take(ctx); err != nil {
		return nil, juju.LoginResult{}, err
	}
	defer one.turn.end()
	if m, ok := one.models[model]; ok && m.conn.Err() == nil {
		return m.conn, m.login, nil
	} else if ok {
		_ = m.conn.Close()
		delete(one.models, model)
	}
	conn, login, err := cs.logIn(ctx, c, model)
	if err != nil {
		return nil, juju.LoginResult{}, err
	}
	if one.models == nil {
		one.models = map[string]modelConnection{}
	}
	one.models[model] = modelConnection{conn, login}
	return conn, login, nil
}

// closeModel ends the connections to a model.
func (cs *connections) closeModel(model string) {
	cs.mu.Lock()
	all := slices.Collect(maps.Values(cs.each))
	cs.mu.Unlock()
	for _, one := range all {
		one.turn <- struct{}{} // A login that is under way has a limit.
		if m, ok := one.models[model]; ok {
			_ = m.conn.Close()
			delete(one.models, model)
		}
		one.turn.end()
	}
}

// logIn logs in to the controller, or to one of its models.
func (cs *connections) logIn(ctx context.Context, c facts.Controller, model string) (*juju.Conn, juju.LoginResult, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	conn, err := juju.Dial(ctx, cs.options(c, model))
	if err != nil {
		return nil, juju.LoginResult{}, err
	}
	login, err := conn.Login(ctx, cs.logins[c.Name])
	if err != nil {
		_ = conn.Close()
		return nil, juju.LoginResult{}, err
	}
	return conn, login, nil
}

func (cs *connections) close() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, one := range cs.each {
		one.turn <- struct{}{} // A login that is under way has a limit.
		if one.conn != nil {
			_ = one.conn.Close()
		}
		for _, m := range one.models {
			_ = m.conn.Close()
		}
		one.turn.end()
	}
}
