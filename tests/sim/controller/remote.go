package controller

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/wire"
)

// peerArgs is how a controller identifies itself at login: its command line (documented).
const peerArgs = "/var/lib/juju/tools/"

// peer is a connection to the target of a migration.
type peer struct {
	conn          *rpc.Conn
	controllerTag string
	serverVersion string
	version       int // of MigrationTarget
	controller    int // of Controller: the highest
}

// Limits of a connection from controller to controller (3.6, documented). Config.DialTimeout limits the dial of each
// address; a server that has answered gets the time of Juju's client for its handshake, because a loaded machine may
// need it for TLS.
const (
	dialRetry        = 100 * time.Millisecond
	handshakeTimeout = 45 * time.Second
	callTimeout      = 5 * time.Minute
)

// connect dials the addresses of a target-info in their order and logs in. Only the CA of the target-info is trusted,
// and the certificate must name juju-apiserver.
func (c *Controller) connect(ctx context.Context, target targetInfo) (*peer, error) {
	opts := rpc.DialOptions{
		ServerName:   wire.ControllerName,
		DialContext:  c.config.DialContext,
		DialTimeout:  handshakeTimeout,
		CallTimeout:  callTimeout,
		PingInterval: time.Minute,
	}
	if target.CACert != "" {
		opts.RootCAs = x509.NewCertPool()
		if !opts.RootCAs.AppendCertsFromPEM([]byte(target.CACert)) {
			return nil, wire.Errorf("", "cert pool creation failed: cannot parse certificate %q: no certificates found",
				target.CACert)
		}
	}
	if len(target.Addrs) == 0 {
		return nil, wire.Errorf("not valid", "validating info for opening an API connection: missing addresses not valid")
	}
	scheme := "wss://"
	if c.config.Plain {
		scheme = "ws://"
	}
	var err error
	for _, address := range target.Addrs {
		var conn *rpc.Conn
		if conn, err = c.dial(ctx, scheme, address, opts); err == nil {
			return c.logInTo(ctx, conn, target)
		}
	}
	return nil, err
}

// dial tries one address for Config.DialTimeout; a certificate that does not match is a final error.
func (c *Controller) dial(ctx context.Context, scheme, address string, opts rpc.DialOptions) (*rpc.Conn, error) {
	limit, cancel := context.WithTimeout(ctx, c.config.DialTimeout)
	defer cancel()
	opts.DialContext = within(limit, opts.DialContext)
	for {
		conn, err := rpc.Dial(ctx, scheme+address+"/api", opts)
		if err == nil {
			return conn, nil
		}
		if cause := certificateError(err); cause != nil {
			return nil, wire.Errorf("", "unable to connect to API: tls: failed to verify certificate: %v", cause)
		}
		if wire.Wait(limit, dialRetry) != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if c.release.has(unfinished) { // 4.0-beta8, recorded
				return nil, wire.Errorf("", "dial tcp %s: i/o timeout", address)
			}
			return nil, wire.Errorf("", "api connection dial timed out") // 3.6.28, recorded
		}
	}
}

// within wraps a dial so that it ends with a context, whatever happens to the connection.
func within(limit context.Context, dial dialFunc) dialFunc {
	deadline, _ := limit.Deadline()
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithDeadline(ctx, deadline)
		defer cancel()
		return dial(ctx, network, address)
	}
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

func certificateError(err error) error {
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return unknown
	}
	if name, ok := errors.AsType[x509.HostnameError](err); ok {
		return name
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return invalid
	}
	return nil
}

func (c *Controller) logInTo(ctx context.Context, conn *rpc.Conn, target targetInfo) (*peer, error) {
	params := map[string]any{
		"auth-tag": target.AuthTag, "credentials": target.Password, "nonce": "", "macaroons": nil, "user-data": "",
		"cli-args": peerArgs + "machine-0/jujud machine --data-dir /var/lib/juju --machine-id 0",
		// Juju sends its own version.
		"client-version": c.Version(),
	}
	login := rpc.Request{Facade: "Admin", Version: 3, Method: "Login"}
	if target.Token != "" { // for JIMM as a target; a controller does not know it (4.0-beta8, recorded)
		login = rpc.Request{Facade: "Admin", Version: 4, Method: "LoginWithSessionToken"}
		params = map[string]any{"session-token": target.Token}
	}
	var result loginResult
	err := conn.Call(ctx, login, params, &result)
	if err == nil && result.DischargeRequired != nil {
		err = wire.Errorf("", "interaction required but not possible")
	}
	if err != nil {
		_ = conn.Close()
		return nil, relayed(err)
	}
	p := &peer{conn: conn, controllerTag: result.ControllerTag, serverVersion: result.ServerVersion}
	for _, facade := range result.Facades {
		for _, version := range facade.Versions {
			switch {
			case facade.Name == "MigrationTarget" && slices.Contains(c.release.migrates, version):
				p.version = max(p.version, version)
			case facade.Name == "Controller":
				p.controller = max(p.controller, version)
			}
		}
	}
	return p, nil
}

func (p *peer) close() { _ = p.conn.Close() }

// relayed turns the answer of another controller into Juju's error: the code is kept and shown in the text.
func relayed(err error) error {
	if answer, ok := errors.AsType[*rpc.Error](err); ok {
		text := answer.Message
		if answer.Code != "" {
			text += " (" + string(answer.Code) + ")"
		}
		return &wire.Error{Message: text, Code: string(answer.Code)}
	}
	return err
}

// message is the text of an error without the code that wire.Error appends.
func message(err error) string { return wire.AsError(relayed(err)).Message }

func (p *peer) call(ctx context.Context, method string, params, reply any) error {
	req := rpc.Request{Facade: "MigrationTarget", Version: p.version, Method: method}
	return relayed(p.conn.Call(ctx, req, params, reply))
}

func modelArgs(uuid string) map[string]string { return map[string]string{"model-tag": "model-" + uuid} }

// users are the local users of the target, disabled ones included, and its identity provider.
func (p *peer) users(ctx context.Context) (names map[string]bool, identityURL string, err error) {
	var infos struct {
		Results []struct {
			Result struct {
				Username string `json:"username"`
			} `json:"result"`
		} `json:"results"`
	}
	err = p.conn.Call(ctx, rpc.Request{Facade: "UserManager", Version: 3, Method: "UserInfo"},
		map[string]any{"entities": []any{}, "include-disabled": true}, &infos)
	if err != nil {
		return nil, "", err
	}
	var url struct {
		Result string `json:"result"`
	}
	err = p.conn.Call(ctx, rpc.Request{Facade: "Controller", Version: p.controller, Method: "IdentityProviderURL"}, nil, &url)
	names = map[string]bool{}
	for _, item := range infos.Results {
		names[item.Result.Username] = true
	}
	return names, url.Result, err
}

func (p *peer) prechecks(ctx context.Context, c *Controller, m Model) error {
	params := migratingModel{
		UUID: m.UUID, Name: m.Name, AgentVersion: m.AgentVersion, ControllerAgentVersion: c.Version(),
	}
	if params.OwnerTag = "user-" + m.Owner; p.version >= 7 {
		params.OwnerTag, params.Qualifier = "", m.Owner
	}
	// Early Juju 4.0 sent none, before it refused such models (juju/juju#22239 with 4.0.5).
	if p.version >= 4 && (!c.release.has(juju4) || c.release.has(envelope)) {
		params.ModelDescription = []byte("description of model " + m.UUID)
	}
	if p.version >= 3 {
		params.FacadeVersions = map[string][]int{}
		for _, list := range []map[string][]int{c.release.controller, c.release.model} {
			for name, versions := range list {
				all := slices.Concat(params.FacadeVersions[name], versions)
				slices.Sort(all)
				params.FacadeVersions[name] = slices.Compact(all)
			}
		}
	}
	return p.call(ctx, "Prechecks", params, nil)
}

// importModel sends the contents. Between simulated controllers they are JSON, not Juju's YAML.
func (p *peer) importModel(ctx context.Context, m Model) error {
	data, err := json.Marshal(m) //nolint:gosec // names of backends, and credentials that a world made up
	if err != nil {
		return fmt.Errorf("cannot export model: %w", err)
	}
	return p.call(ctx, "Import", serializedModel{Bytes: data}, nil)
}

// serializedModel is the params of MigrationTarget.Import.
type serializedModel struct {
	Bytes     []byte   `json:"bytes"` // base64 on the wire
	Charms    []string `json:"charms"`
	Tools     []any    `json:"tools"`
	Resources []any    `json:"resources"`
}

func (p *peer) checkMachines(ctx context.Context, uuid string) (problems int, err error) {
	var reply results
	err = p.call(ctx, "CheckMachines", modelArgs(uuid), &reply)
	return len(reply.Results), err
}

func (p *peer) activate(ctx context.Context, c *Controller, uuid string) error {
	if p.version < 2 {
		return p.call(ctx, "Activate", modelArgs(uuid), nil)
	}
	return p.call(ctx, "Activate", map[string]any{
		"model-tag": "model-" + uuid, "controller-tag": "controller-" + c.config.UUID,
		"controller-alias": c.config.Name, "source-api-addrs": c.Addresses(), "source-ca-cert": c.CACert(),
		"cross-model-uuids": []string{},
	}, nil)
}

func (p *peer) abort(ctx context.Context, uuid string) error {
	return p.call(ctx, "Abort", modelArgs(uuid), nil)
}

func (p *peer) adopt(ctx context.Context, c *Controller, uuid string) error {
	return p.call(ctx, "AdoptResources", map[string]string{
		"model-tag": "model-" + uuid, "source-controller-version": c.Version(),
	}, nil)
}

func (p *peer) latestLogTime(ctx context.Context, uuid string) error {
	var latest time.Time
	return p.call(ctx, "LatestLogTime", modelArgs(uuid), &latest)
}
