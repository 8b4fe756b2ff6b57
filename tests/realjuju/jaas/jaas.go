// Package jaas puts a simulated JIMM in front of two real Juju controllers and fills them with models.
package jaas

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/go-macaroon-bakery/macaroon-bakery/v3/bakery"
	"github.com/google/uuid"

	"jimm-migrator/src/juju"
	"jimm-migrator/tests/engine"
	"jimm-migrator/tests/realjuju/controller"
	"jimm-migrator/tests/sim/jimm"
)

// The service account with which the charm logs in to JIMM.
const (
	ClientID     = "migrator"
	ClientSecret = "s3cr3t"
)

// Options describe a JAAS. The zero value has the JIMM of 2026.
type Options struct {
	Generation jimm.Generation
}

// JAAS is a simulated JIMM with two real controllers, west and east. Make one with Start, end it with Close.
type JAAS struct {
	JIMM       *jimm.Server
	URL        string // of JIMM
	West, East *controller.Controller

	keys    *httptest.Server
	serving sync.WaitGroup

	mu     sync.Mutex
	forgot map[string]string // by UUID of the model; see ForgottenFor
}

// Start starts a JIMM and both controllers.
func Start(opts Options) (_ *JAAS, err error) {
	if opts.Generation.Name == "" {
		opts.Generation = jimm.Generation2026()
	}
	j, err := StartJIMM(opts.Generation)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			j.Close()
		}
	}()
	if j.West, err = j.addController("west"); err != nil {
		return nil, err
	}
	j.East, err = j.addController("east")
	return j, err
}

// StartJIMM starts a JIMM without controllers, for controllers in another process.
func StartJIMM(generation jimm.Generation) (_ *JAAS, err error) {
	j := &JAAS{forgot: map[string]string{}}
	j.JIMM = jimm.New(jimm.Options{
		Generation: generation, Accounts: []jimm.Account{{ID: ClientID, Secret: ClientSecret}}, Poller: true,
		Forgot: func(row jimm.Model, user string) {
			j.mu.Lock()
			defer j.mu.Unlock()
			j.forgot[row.UUID] = user
		},
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // A port of loopback is there at once.
	if err != nil {
		return nil, fmt.Errorf("cannot listen for JIMM: %w", err)
	}
	j.URL = "ws://" + listener.Addr().String()
	j.JIMM.Start()
	j.serving.Go(func() { _ = j.JIMM.Serve(listener) })
	j.JIMM.Grant(jimm.Tuple{Object: "user-" + ClientID + "@serviceaccount", Relation: "administrator", Target: "controller-jimm"})
	if j.keys, err = ServeKeys(j.JIMM); err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

// JWKS returns where controllers find the keys of JIMM's tokens: their login-token-refresh-url.
func (j *JAAS) JWKS() string { return j.keys.URL + "/.well-known/jwks.json" }

// ServeKeys serves what controllers request from JIMM: the keys of its tokens, which the handler has, and the
// public key of its discharger, which a controller (Juju 3.5.4) with a login-token-refresh-url needs before its API
// starts.
func ServeKeys(tokens http.Handler) (*httptest.Server, error) {
	discharger, err := bakery.GenerateKey()
	if err != nil {
		return nil, err
	}
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/macaroons/publickey" {
			tokens.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"PublicKey": discharger.Public})
	})), nil
}

func (j *JAAS) addController(name string) (*controller.Controller, error) {
	c, err := controller.Start(controller.Options{
		Name: name, UUID: uuid.NewString(),
		Config: map[string]any{"login-token-refresh-url": j.JWKS()},
	})
	if err != nil {
		return nil, err
	}
	j.Adopt(c.Name, c.UUID, c.Addr, c.CACert, controller.Version())
	return c, nil
}

// Adopt adds a controller to JIMM.
func (j *JAAS) Adopt(name, uuid, addr, caCert, version string) {
	j.JIMM.SetController(jimm.Controller{
		Name: name, UUID: uuid, PublicAddress: addr, Addresses: []string{addr}, CACertificate: caCert,
		TLSHostname: "juju-apiserver", Cloud: "dummy", Region: "dummy-region", CloudType: "dummy", AgentVersion: version,
		Username: "admin", Password: controller.AdminPassword,
	})
}

// ForgottenFor returns the user who asked JIMM for the details of a model and so made it forget the model: a JIMM of
// 2026 deletes its row of a model that the recorded controller denies (see jimm.Options). It is JIMM's own user if its
// poller asked, and empty if JIMM has forgotten no model.
func (j *JAAS) ForgottenFor(model string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.forgot[model]
}

// Close ends everything.
func (j *JAAS) Close() {
	for _, c := range []*controller.Controller{j.West, j.East} {
		if c != nil {
			c.Close()
		}
	}
	_ = j.JIMM.Close()
	j.serving.Wait()
	if j.keys != nil {
		j.keys.Close()
	}
}

// Engine returns the charm's engine over this JAAS, with or without accounts of its own on both controllers.
func (j *JAAS) Engine(accounts bool) engine.JAAS {
	e := engine.JAAS{URL: j.URL, ClientID: ClientID, ClientSecret: ClientSecret}
	if accounts {
		admin := juju.Credentials{User: "admin", Password: juju.NewSecret(controller.AdminPassword)}
		e.Accounts = map[string]juju.Credentials{"west": admin, "east": admin}
	}
	return e
}

// Model is a model on west that JIMM knows, with its agents.
type Model struct {
	UUID, Name string
	Agents     []*controller.Agent // of the machine and of the unit
}

// AddModel makes a model on west with the application pg; its agents and migration master run.
func (j *JAAS) AddModel(ctx context.Context, name string) (*Model, error) {
	m, creds, err := j.AddIdleModel(name)
	if err != nil {
		return nil, err
	}
	for _, c := range creds {
		agent := j.West.RunAgent(m.UUID, c)
		m.Agents = append(m.Agents, agent)
		select {
		case <-agent.Connected():
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	j.West.RunMaster(m.UUID)
	return m, nil
}

// AddIdleModel makes a model as AddModel does, but does not run its agents and migration master, and returns the
// credentials of its agents.
func (j *JAAS) AddIdleModel(name string) (*Model, []controller.Credentials, error) {
	id, err := j.West.AddModel(name)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot add model %q: %w", name, err)
	}
	creds, err := j.West.Deploy(id, "pg", nil)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot deploy to model %q: %w", name, err)
	}
	if !j.JIMM.AddModel(jimm.Model{UUID: id, Name: name, Owner: "admin", Controller: "west", Cloud: "dummy", Region: "dummy-region"}) {
		return nil, nil, errors.New("JIMM has a model of that name")
	}
	return &Model{UUID: id, Name: name}, creds, nil
}
