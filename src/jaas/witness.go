package jaas

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
	"jimm-migrator/src/rpc"
)

// witness asks JIMM and the controllers for the engine, and reads their answers.
type witness struct {
	session     *session
	fleet       survey.Fleet
	login       *modelLogin
	controllers reader
	// network has the proxy and the dialler for the controllers.
	network jimm.Options
	// noLookup is set once JIMM has said that it has no ModelControllerInfo.
	noLookup atomic.Bool
}

// Record reports the controller that JIMM's record names, from JIMM's database.
func (w *witness) Record(ctx context.Context, model string) facts.Record {
	client, err := w.session.get(ctx)
	if err != nil {
		return facts.Record{Err: err}
	}
	if w.noLookup.Load() {
		return w.recordInList(ctx, model)
	}
	at, err := client.ModelControllerInfo(ctx, model)
	switch {
	case err == nil:
		return facts.Record{State: facts.RecordAt, Controller: facts.ControllerUUID(at.ControllerUUID)}
	case errors.Is(err, rpc.CodeNotImplemented):
		w.noLookup.Store(true)
		return w.recordInList(ctx, model)
	case errors.Is(err, rpc.CodeNotFound):
		return facts.Record{State: facts.RecordLost, Err: err}
	default:
		return facts.Record{Err: err}
	}
}

// recordInList reads the record from JIMM's list of models (before January 2026).
func (w *witness) recordInList(ctx context.Context, model string) facts.Record {
	m, err := w.modelInList(ctx, model)
	switch {
	case err != nil:
		return facts.Record{Err: err}
	case m == nil:
		if _, err := w.fleet.Controllers(ctx); err != nil {
			return facts.Record{Err: err} // We may no longer be an administrator.
		}
		return facts.Record{State: facts.RecordUnlisted}
	default:
		return facts.Record{State: facts.RecordAt, Controller: m.Recorded, Listed: true}
	}
}

// Summary looks the model up in JIMM's list of models.
func (w *witness) Summary(ctx context.Context, model string) facts.Entry {
	m, err := w.modelInList(ctx, model)
	switch {
	case err != nil:
		return facts.Entry{Kind: facts.InfoUnavailable, Err: err}
	case m == nil:
		return facts.Entry{Kind: facts.InfoRefused}
	default:
		return m.Entry
	}
}

// modelInList returns the model in JIMM's list, nil if the list does not have it. A
// model that a list with gaps lacks may exist anyway.
func (w *witness) modelInList(ctx context.Context, uuid string) (*facts.Model, error) {
	list, err := w.fleet.Models(ctx)
	if err != nil {
		return nil, err
	}
	for i, m := range list.Models {
		if m.UUID == uuid {
			return &list.Models[i], nil
		}
	}
	return nil, list.Gaps
}

// Info asks the recorded controller through JIMM.
func (w *witness) Info(ctx context.Context, model string) facts.Info {
	client, err := w.session.get(ctx)
	if err != nil {
		return facts.Info{Kind: facts.InfoUnavailable, Err: err}
	}
	m, err := client.ModelInfo(ctx, model)
	if err != nil {
		return facts.Info{Kind: infoKind(err), Err: err}
	}
	return liveInfo(m)
}

// liveInfo reads a description of a model.
func liveInfo(m juju.ModelInfo) facts.Info {
	users := make([]string, len(m.Users))
	for i, u := range m.Users {
		users[i] = u.Name + "=" + u.Access
	}
	return facts.Info{
		Kind:             facts.InfoLive,
		Controller:       facts.ControllerUUID(m.ControllerUUID),
		Status:           m.Status.Status,
		StatusText:       redact.Raw(m.Status.Info),
		Attempt:          attemptOf(m.Migration, m.Status),
		Life:             m.Life,
		IsController:     m.IsController,
		AgentVersion:     m.AgentVersion,
		Owner:            m.Owner(),
		Users:            users,
		Credential:       validity(m.CloudCredentialValidity),
		CredentialTag:    m.CloudCredentialTag,
		CredentialOwner:  juju.CredentialOwner(m.CloudCredentialTag),
		Backends:         backends(m.SecretBackends),
		BackendsReported: m.SecretBackends != nil || strings.HasPrefix(m.AgentVersion, nullIsNone) && m.SLA != nil,
	}
}

// nullIsNone begins the versions of models for which a list of secret backends that is
// null says that the model has no secrets (3.6.28 recorded). JIMM of July 2026 makes every
// list null, and the SLA with it.
const nullIsNone = "3.6."

// validity reads what the server reports, if it reports it.
func validity(valid *bool) facts.Validity {
	switch {
	case valid == nil:
		return facts.ValidityUnknown
	case *valid:
		return facts.Valid
	default:
		return facts.Invalid
	}
}

func backends(list []juju.ModelSecretBackend) []facts.Backend {
	out := make([]facts.Backend, len(list))
	for i, b := range list {
		out[i] = facts.Backend{Name: b.Result.Name, Type: b.Result.BackendType, Secrets: b.NumSecrets}
	}
	return out
}

// infoKind reads an error of ModelInfo.
func infoKind(err error) facts.InfoKind {
	switch jimm.ReadAnswer(err) {
	case jimm.AnswerRedirected:
		return facts.InfoRedirected
	case jimm.AnswerDenied, jimm.AnswerGone, jimm.AnswerMigrating:
		return facts.InfoDenied
	case jimm.AnswerStuck:
		return facts.InfoBroken
	case jimm.AnswerMasked, jimm.AnswerUnrecorded:
		return facts.InfoRefused
	default:
		return facts.InfoUnavailable
	}
}

// Host logs in to the model through JIMM and returns which controller answered. If
// this JIMM completes migrations, the controller is also asked for the model's status.
func (w *witness) Host(ctx context.Context, model string, kept facts.ControllerUUID) facts.Host {
	conn, err := w.login.to(ctx, model, kept)
	if err == nil {
		h := facts.Host{Kind: facts.HostServes, Controller: facts.ControllerUUID(conn.ControllerUUID())}
		if traits(w.session.first.Generation).AutoRecords {
			h.Info = word(ctx, conn)
		}
		return h
	}
	switch jimm.ReadAnswer(err) {
	case jimm.AnswerDenied, jimm.AnswerGone, jimm.AnswerMigrating, jimm.AnswerRedirected:
		return facts.Host{Kind: facts.HostRefused, Err: err}
	default:
		return facts.Host{Kind: facts.HostUnavailable, Err: err}
	}
}

// word asks the controller that serves the model for its status.
func word(ctx context.Context, conn *jimm.ModelConn) facts.Info {
	at := facts.ControllerUUID(conn.ControllerUUID())
	status, err := conn.FullStatus(ctx)
	switch {
	case juju.SaysImporting(err):
		return facts.InfoOfStatus(at, "busy", "importing", time.Time{})
	case errors.Is(err, rpc.CodeNotFound):
		return facts.Info{Kind: facts.InfoBroken, Err: err}
	case err != nil:
		return facts.Info{Kind: facts.InfoUnavailable, Err: err}
	}
	own := status.Model.Status
	i := facts.InfoOfStatus(at, own.Status, redact.Raw(own.Info), own.Since.Time)
	i.AgentVersion = status.Model.Version
	return i
}

// probeTimeout limits the question to one controller: connection, TLS and login.
const probeTimeout = 10 * time.Second

// Copy asks a controller itself whether it has the model and whether a migration
// moves it: without credentials, and then, if it has a copy and there is an account,
// as an administrator.
func (w *witness) Copy(ctx context.Context, c facts.Controller, model string) facts.Copy {
	got := w.probe(ctx, c, model)
	if !got.Has() || !w.controllers.given(c) {
		return got
	}
	shown, err := w.controllers.describe(ctx, c, model)
	if err != nil {
		return got
	}
	return got.Described(shown.Info, shown.State, !c.ShowsMigrations())
}

// probe asks a controller without credentials.
func (w *witness) probe(ctx context.Context, c facts.Controller, model string) facts.Copy {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	opts := juju.Options{
		Addresses:      addresses(c),
		CACert:         c.CACert,
		ModelUUID:      model,
		ControllerUUID: string(c.UUID),
		Name:           nameOf(c),
		Proxy:          w.network.Proxy,
		DialContext:    w.network.DialContext,
	}
	answer, err := juju.Probe(ctx, opts)
	if err != nil {
		unreachable := errors.Is(err, rpc.ErrConnection) || errors.Is(err, context.DeadlineExceeded)
		return facts.Copy{Unreachable: unreachable, Err: err}
	}
	switch answer.State {
	case juju.ProbePresent:
		return facts.Copy{State: facts.CopyPresent}
	case juju.ProbeIdle:
		return facts.Copy{State: facts.CopyActive}
	case juju.ProbeExporting:
		return facts.Copy{State: facts.CopyExporting}
	case juju.ProbeImporting:
		return facts.Copy{State: facts.CopyImporting}
	case juju.ProbeAbsent:
		return facts.Copy{State: facts.CopyAbsent}
	case juju.ProbeRedirected:
		// The alias does not count: it is the name that the client that started the migration gives
		// the target, and another controller of this JIMM may have that name.
		return facts.Copy{State: facts.CopyMoved, To: facts.ControllerUUID(answer.RedirectUUID)}
	default:
		return facts.Copy{}
	}
}

// addresses returns where to reach a controller, the one that JIMM tries first
// in front.
func addresses(c facts.Controller) []string {
	if c.PublicAddress == "" {
		return c.Addresses
	}
	return append([]string{c.PublicAddress}, c.Addresses...)
}
