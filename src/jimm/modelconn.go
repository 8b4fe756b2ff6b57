package jimm

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

// statusTimeout is for FullStatus, which can take long on a large model.
const statusTimeout = 2 * time.Minute

// JIMM newer than July 2026 refuses connections to a model on Juju 4 from clients that
// do not say in this header that they are of Juju 4 (canonical/jimm#2065). Older JIMM
// ignores it. What this client calls is the same in Juju 3 and 4.
const (
	clientVersionHeader = "X-Juju-Clientversion"
	clientVersion       = "4.0.13"
)

// ModelConn is a connection to a model that JIMM proxies to the controller that
// it has recorded. That controller answered the login, so its uuid shows, live
// and unmasked, where the model is: this is more than JIMM's record. Its
// methods may be called by several goroutines at once.
type ModelConn struct {
	conn           *rpc.Conn
	opts           Options
	modelUUID      string
	controllerUUID string
	serverVersion  string
	facades        juju.FacadeVersions
}

// DialModel connects to the model with that uuid, through JIMM, as the service
// account of the client. It is a login of its own, and JIMM of 2024 writes the
// secret of each into its audit log: keep the connection rather than dialling
// again. It never changes a record. End it with [ModelConn.Close].
//
// [ReadAnswer] reads what a refusal means for the model. A controller's
// redirect comes as *juju.RedirectError; real controllers give none to the
// logins that JIMM makes (2024, 3.5) but deny the model. While JIMM migrates a
// model it replaces any denial by rpc.CodeModelMigrating (2025 and newer). A
// wrong secret is rpc.CodeUnauthorized, later [CodeFatalLogin]. JIMM's own
// errors often have no code, as when the controller is down.
func (c *Client) DialModel(ctx context.Context, uuid string) (*ModelConn, error) {
	conn, err := c.dialModel(ctx, uuid)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to model %q through JIMM: %w", uuid, err)
	}
	return conn, nil
}

func (c *Client) dialModel(ctx context.Context, uuid string) (*ModelConn, error) {
	if err := checkModelUUID(uuid); err != nil {
		return nil, err
	}
	credentials, err := c.opts.credentials()
	if err != nil {
		return nil, err
	}
	opts := c.opts.dialOptions()
	opts.Header = http.Header{clientVersionHeader: {clientVersion}}
	conn, err := rpc.Dial(ctx, c.addr.Model(uuid), opts)
	if err != nil {
		return nil, err
	}
	model, err := logInToModel(ctx, conn, credentials, uuid)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	model.conn, model.opts = conn, c.opts
	return model, nil
}

// logInToModel logs in and makes sure that the answer is about that model.
func logInToModel(ctx context.Context, conn rpc.Caller, credentials credentials, uuid string) (*ModelConn, error) {
	result, err := logIn(ctx, conn, credentials)
	if err != nil {
		if redirect, ok := juju.AsRedirect(err); ok {
			return nil, redirect
		}
		return nil, err
	}
	if result.ModelTag != modelTag(uuid) {
		return nil, fmt.Errorf("unexpected answer: the login is to %q", result.ModelTag)
	}
	controller, err := uuidOfController(result.ControllerTag)
	if err != nil {
		return nil, fmt.Errorf("unexpected answer: %w", err)
	}
	return &ModelConn{
		modelUUID:      uuid,
		controllerUUID: controller,
		serverVersion:  result.ServerVersion,
		facades:        result.Facades,
	}, nil
}

// ControllerUUID returns the uuid of the controller that hosts the model.
func (m *ModelConn) ControllerUUID() string { return m.controllerUUID }

// ModelUUID returns the uuid of the model.
func (m *ModelConn) ModelUUID() string { return m.modelUUID }

// ServerVersion returns the Juju version of the controller, such as "3.6.14".
func (m *ModelConn) ServerVersion() string { return m.serverVersion }

// Facades returns the facades that the controller offers for the model.
func (m *ModelConn) Facades() juju.FacadeVersions { return m.facades }

// Done is closed when the connection is lost or closed.
func (m *ModelConn) Done() <-chan struct{} { return m.conn.Done() }

// Err returns nil while the connection is usable, and after that the
// *rpc.ConnectionError that says why it is not.
func (m *ModelConn) Err() error { return m.conn.Err() }

// Close ends the connection.
func (m *ModelConn) Close() error { return m.conn.Close() }

// FullStatus returns the status of the whole model (Client FullStatus 6 to 8,
// the same in all of them for what is read here; megabytes for a large model).
// Juju allows it while the model is exported; while it is imported some refuse
// with a message and no code.
func (m *ModelConn) FullStatus(ctx context.Context) (Status, error) {
	return m.status(ctx, statusParams{Patterns: []string{}})
}

// FullStatusAndStorage is [ModelConn.FullStatus] with the storage instances. A
// server that offers no Client facade newer than version 6 does not support
// that: reported is then false, and the status has no storage.
func (m *ModelConn) FullStatusAndStorage(ctx context.Context) (status Status, reported bool, err error) {
	_, reported = m.facades.Best("Client", 7, 8)
	status, err = m.status(ctx, statusParams{Patterns: []string{}, Storage: reported})
	return status, reported, err
}

// ChangeBlock is [juju.ChangeBlock] of the model.
func (m *ModelConn) ChangeBlock(ctx context.Context) (bool, error) {
	return juju.ChangeBlock(ctx, m.conn, m.facades)
}

// JoinedUnits is [juju.JoinedUnits] of the model.
func (m *ModelConn) JoinedUnits(ctx context.Context, units []string) ([]juju.Joined, error) {
	return juju.JoinedUnits(ctx, m.conn, m.facades, units)
}

// SeriesLocks is [juju.SeriesLocks] of the model.
func (m *ModelConn) SeriesLocks(ctx context.Context, machines []string) ([]string, error) {
	return juju.SeriesLocks(ctx, m.conn, m.facades, machines)
}

// ReadStatus is [ModelConn.FullStatusAndStorage] over any connection to the model
// with that uuid, such as one to its controller itself, which offers these facades.
func ReadStatus(ctx context.Context, conn rpc.Caller, facades juju.FacadeVersions, uuid string) (status Status, reported bool, err error) {
	_, reported = facades.Best("Client", 7, 8)
	status, err = fullStatus(ctx, conn, facades, statusTimeout, statusParams{Patterns: []string{}, Storage: reported})
	if err != nil {
		return Status{}, reported, statusError(uuid, err)
	}
	return status, reported, nil
}

type statusParams struct {
	Patterns []string `json:"patterns"`
	Storage  bool     `json:"include-storage,omitempty"`
}

func (m *ModelConn) status(ctx context.Context, params statusParams) (Status, error) {
	status, err := fullStatus(ctx, m.conn, m.facades, m.opts.timeLimit(statusTimeout), params)
	if err != nil {
		return Status{}, statusError(m.modelUUID, err)
	}
	return status, nil
}

func statusError(uuid string, err error) error {
	return fmt.Errorf("cannot read the status of model %q: %w", uuid, err)
}

func fullStatus(ctx context.Context, conn rpc.Caller, facades juju.FacadeVersions, limit time.Duration, params statusParams) (Status, error) {
	version, ok := facades.Best("Client", 6, 7, 8)
	if !ok {
		return Status{}, &argumentError{reason: fmt.Sprintf(
			"the controller offers Client %v, but this client knows only 6 to 8", facades["Client"])}
	}
	var reply statusWire
	err := conn.Call(ctx, rpc.Request{
		Facade:  "Client",
		Version: version,
		Method:  "FullStatus",
		Timeout: limit,
	}, params, &reply)
	if err != nil {
		return Status{}, err
	}
	return reply.status()
}
