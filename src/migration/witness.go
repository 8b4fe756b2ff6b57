package migration

import (
	"cmp"
	"context"
	"strings"
	"time"
)

// Witness tells what each part of a JAAS says about one model. The methods
// return what they learned instead of an error: not to be answered is an
// observation too.
type Witness interface {
	// Record tells the controller that JIMM's record names. It neither
	// completes a migration nor makes JIMM forget the model.
	Record(ctx context.Context, model string) Record
	// Info asks the recorded controller through JIMM (ModelManager.ModelInfo).
	// On a JIMM that completes migrations this may complete one, or make JIMM
	// forget the model: see [Traits].
	Info(ctx context.Context, model string) Info
	// Summary looks the model up in the list that JIMM makes of what all its
	// controllers list, which changes nothing. Where JIMM lists from its
	// database the kind is [InfoNotAsked].
	Summary(ctx context.Context, model string) Info
	// Host logs in to the model through JIMM: the answer names the controller
	// that serves it. JIMM of 2024 stores the secret of each login, so this is
	// asked at most once per action.
	Host(ctx context.Context, model string) Host
	// Copy asks one controller itself whether it has the model: without
	// credentials, and as an administrator where there is an account.
	Copy(ctx context.Context, controller Controller, model string) Copy
}

// RecordState tells what is known of JIMM's record.
type RecordState int

// The states of JIMM's record. The zero value knows nothing.
const (
	RecordUnknown RecordState = iota
	RecordAt
	RecordLost
)

// Record is what JIMM's database says.
type Record struct {
	State RecordState
	// Controller is the UUID of the recorded controller, for [RecordAt].
	Controller string
	// Err tells why the record is unknown.
	Err error
}

// InfoKind tells how the recorded controller answered through JIMM.
type InfoKind int

// The kinds of answers to a question about a model through JIMM. The wire
// texts are those of JIMM of October 2024 and of July 2026.
const (
	// InfoNotAsked: the question was not put.
	InfoNotAsked InfoKind = iota
	// InfoLive: the controller described the model.
	InfoLive
	// InfoRedirected: "redirection required". The migration is done.
	InfoRedirected
	// InfoDenied: the controller denies the model ("permission denied", "model
	// not found"). A controller denies what it has let go, and what it never had.
	InfoDenied
	// InfoBroken: "internal server error" of a JIMM that keeps a migration mode:
	// the source said something that this JIMM cannot use.
	InfoBroken
	// InfoRefused: JIMM itself refuses or does not know the model
	// ("unauthorized"). JIMM of 2024 says the same when a controller answers
	// "not found".
	InfoRefused
	// InfoUnlisted: JIMM's list has the model, but its recorded controller does
	// not list it, or could not be asked.
	InfoUnlisted
	// InfoUnavailable: no answer: timeouts, lost connections, a controller that
	// cannot be dialled, errors without a code.
	InfoUnavailable
)

// Info is what the recorded controller says about the model.
type Info struct {
	Kind InfoKind
	// Controller is the UUID that JIMM names as the one that answered, for
	// [InfoLive].
	Controller string
	// Listed tells that this is an entry of a list that JIMM has made of the
	// lists of all its controllers: Controller is JIMM's record, and another
	// one may have listed the model. Only a migration shows that it was the
	// source (JIMM of December 2024 and later).
	Listed bool
	// Status and StatusText are the model's status: "available", "busy", ….
	Status, StatusText string
	// Attempt is the latest migration of the model that this controller knows.
	Attempt Attempt
	// Life, IsController, AgentVersion and Users describe the model.
	Life         string
	IsController bool
	AgentVersion string
	Users        []string
	// Credential tells whether the model's cloud credential is valid.
	Credential Validity
	// Backends hold the model's secrets; BackendsTold is false where the
	// controller does not tell (before Juju 3.1).
	Backends     []Backend
	BackendsTold bool
	// Err is the answer that was an error.
	Err error
}

// Validity tells whether something is valid.
type Validity int

// The validities. The zero value knows nothing.
const (
	ValidityUnknown Validity = iota
	Valid
	Invalid
)

// Backend is a secret backend that holds secrets of a model.
type Backend struct {
	Name, Type string
	Secrets    int
}

// Importing reports whether the controller holds a half-imported copy only.
func (i Info) Importing() bool {
	return i.Kind == InfoLive && i.Status == "busy" && i.StatusText == "importing"
}

// migrating reports whether a migration of the model runs. Some builds of Juju 4
// never tell an end: an abort is over when the model is not busy any more.
func (i Info) migrating() bool {
	over := ParseText(i.Attempt.Text) == PhaseAbort && i.Status == "available"
	return i.Kind == InfoLive && i.Attempt.Running() && !over
}

// reapFailed reports whether the controller has kept a copy of a model that it
// has moved away: the model is in use on the target of that migration. Juju
// shows the latest migration only, and no model can come back to such a copy.
func (i Info) reapFailed() bool {
	return i.Kind == InfoLive && !i.Attempt.Running() && ParseText(i.Attempt.Text) == PhaseReapFailed
}

// Attempt is a migration as the source controller describes it. Its zero value
// means that there is none.
type Attempt struct {
	// Text is Juju's free text, without the prefix "migrating: ".
	Text string
	// Start and End are by the source controller's clock. Start is the only key
	// that tells one migration from another.
	Start, End time.Time
	// Drifts: Start is the time of the text, and moves with it, as builds of
	// Juju 4 have it that show the model's busy status for a migration. Those
	// show nothing once the status is another one, and never an end.
	Drifts bool
}

// Exists reports whether there is a migration at all.
func (a Attempt) Exists() bool { return !a.Start.IsZero() || a.Text != "" }

// Running reports whether the migration has not ended.
func (a Attempt) Running() bool { return a.Exists() && a.End.IsZero() }

// ofSource reports whether only the source of a migration can show the attempt:
// one that runs, was aborted, or left a copy behind.
func (a Attempt) ofSource() bool { return a.Exists() && !a.wentAway() }

// wentAway reports whether the attempt is the history of a successful migration:
// the controller that shows it was the source, and has the model again.
func (a Attempt) wentAway() bool {
	phase := ParseText(a.Text)
	return !a.End.IsZero() && phase.PastReturn() && phase != PhaseReapFailed
}

// redacted returns the attempt with a text that may be shown.
func (a Attempt) redacted() Attempt {
	a.Text = Redact(a.Text)
	return a
}

// startSlack is how much two looks at the start of one migration may differ:
// answers may be rounded to seconds. No two migrations begin so close together.
const startSlack = time.Second

// same reports whether both are looks at one migration. If its start drifts,
// one that runs cannot be told from another, unless that has only begun.
func (a Attempt) same(b Attempt) bool {
	switch {
	case !a.Exists() || !b.Exists():
		return false
	case a.Drifts && b.Drifts:
		return !begunAnew(a.Text, b.Text)
	case a.Start.IsZero() && b.Start.IsZero():
		return a.Text == b.Text && a.End.Equal(b.End)
	default:
		return a.Start.Sub(b.Start).Abs() < startSlack
	}
}

// begunAnew reports whether a migration that is at the second text cannot be
// the one that was at the first: none goes back to where it began.
func begunAnew(first, second string) bool {
	before, now := ParseText(first), ParseText(second)
	return now != PhaseUnknown && now < before && (now <= PhaseQuiesce || before == PhaseAbort)
}

// HostKind tells how a login to the model through JIMM ended.
type HostKind int

// The ends of a proxied login.
const (
	// HostNotAsked: no login was made.
	HostNotAsked HostKind = iota
	// HostServes: a controller serves the model.
	HostServes
	// HostRefused: the recorded controller does not serve the model any more.
	HostRefused
	// HostUnavailable: no answer.
	HostUnavailable
)

// Host is what a login to the model through JIMM told.
type Host struct {
	Kind HostKind
	// Controller is the UUID of the controller that serves the model.
	Controller string
	Err        error
}

// CopyState tells what a controller itself says about having the model.
type CopyState int

// The states of a copy. Anonymous callers can only tell [CopyPresent],
// [CopyMoved] and [CopyAbsent]; with credentials a controller tells the rest.
const (
	// CopyUnknown: the controller was not asked or did not answer.
	CopyUnknown CopyState = iota
	// CopyAbsent: the controller does not have the model, and has not finished
	// moving it away.
	CopyAbsent
	// CopyPresent: there is a copy: active, exporting, importing or left over.
	CopyPresent
	// CopyMoved: the controller has moved the model away and says where to.
	CopyMoved
	// CopyImporting: a copy that a running or failed migration is bringing in.
	CopyImporting
	// CopyActive: a copy that is in use.
	CopyActive
	// CopyExporting: a copy that a running migration is moving away, or that one
	// could not remove at its end. Until the migration has succeeded it is in use.
	CopyExporting
)

// Copy is what a controller itself says about the model.
type Copy struct {
	State CopyState
	// To is the UUID of the controller that [CopyMoved] points to; "" if the
	// answer does not tell.
	To string
	// Unreachable tells that the controller could not be reached at all.
	Unreachable bool
	Err         error
	// Info is what the controller tells one of its administrators about the
	// model; its users are those of the controller, not of JIMM. The kind is
	// [InfoNotAsked] where there is no account, or it does not describe it.
	Info Info
}

// CopyOf makes a copy of what a controller tells one of its administrators.
func CopyOf(i Info) Copy {
	c := Copy{State: CopyActive, Info: i}
	switch {
	case i.Importing():
		c.State = CopyImporting
	case i.migrating(), i.reapFailed():
		c.State = CopyExporting
	}
	return c
}

// words say what the controller has, to follow its name.
func (c Copy) words() string {
	status := c.Info.Status
	if text := cmp.Or(c.Info.Attempt.Text, c.Info.StatusText); text != "" {
		status += ": " + Redact(strings.TrimPrefix(text, "migrating: "))
	}
	switch c.State {
	case CopyAbsent:
		return "does not have it"
	case CopyMoved:
		return "has moved it away"
	case CopyImporting:
		return "has only a half-imported copy of it"
	case CopyExporting:
		return "has a copy that is moved away (" + status + ")"
	case CopyActive:
		return "has it in use (" + status + ")"
	case CopyPresent:
		return "has a copy of it"
	default:
		return "does not tell"
	}
}

// held reports whether the controller has the model in some form.
func (c Copy) held() bool {
	return c.State >= CopyPresent && c.State != CopyMoved
}

// Observation is one look at a model by all the witnesses that could be asked.
type Observation struct {
	Record Record
	Info   Info
	Host   Host
	// Copies holds the answers of the controllers, by controller UUID.
	Copies map[string]Copy
}

// copyOn returns what the controller said; unknown if it was not asked.
func (o Observation) copyOn(c Controller) Copy { return o.Copies[c.UUID] }

// denies reports whether the controller itself says that it does not have the
// model.
func (c Copy) denies() bool { return c.State == CopyAbsent || c.State == CopyMoved }

// recordedAt returns the UUID that JIMM's record names, "" if no answer names
// one. An answer of a controller is newer than the record that was read before it.
func (o Observation) recordedAt() string {
	if o.Info.Kind == InfoLive && o.Info.Controller != "" {
		return o.Info.Controller
	}
	if o.Record.State == RecordAt {
		return o.Record.Controller
	}
	return ""
}

// answer puts an answer that was an error into words.
func (i Info) answer() string {
	if i.Err != nil {
		return Redact(i.Err.Error())
	}
	switch i.Kind {
	case InfoUnlisted:
		return "JIMM lists it as unavailable there"
	case InfoNotAsked:
		return "it was not asked"
	default:
		return "no answer"
	}
}
