package facts

import (
	"maps"
	"slices"
	"strconv"

	"jimm-migrator/src/redact"
)

// String returns, in one word, how the recorded controller answered.
func (k InfoKind) String() string {
	return [...]string{"not-asked", "live", "listed", "redirected", "denied", "broken", "refused", "unlisted", "unavailable"}[k]
}

// InfoKind reports how the recorded controller answered through JIMM.
type InfoKind int

// The kinds of answers to a question about a model through JIMM. The wire
// texts are those of JIMM of October 2024 and of July 2026.
const (
	// InfoNotAsked: the question was not asked.
	InfoNotAsked InfoKind = iota
	// InfoLive: the controller described the model.
	InfoLive
	// InfoListed: JIMM's list has an entry of the model: see [Entry].
	InfoListed
	// InfoRedirected: "redirection required". The migration is done.
	InfoRedirected
	// InfoDenied: the controller denies the model ("permission denied", "model
	// not found"). A controller denies what it has released, and what it never had.
	InfoDenied
	// InfoBroken: "internal server error" of a JIMM that keeps a migration mode: this
	// JIMM cannot use the source's answer. Over a login to the model: the controller
	// serves it and does not find parts of it (3.6.28 in REAP observed: "cannot make
	// bindings: space not found").
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

// Info is JIMM's answer about the model: the report of the recorded controller
// ([InfoLive]), an entry of a list in its place ([InfoListed]), or neither.
type Info struct {
	Kind InfoKind
	// Controller is the UUID that JIMM names as the one that answered, for
	// [InfoLive]; that of JIMM's record for [InfoListed].
	Controller ControllerUUID
	// Status and StatusText are the model's status: "available", "busy", ….
	Status     string
	StatusText redact.Raw
	// Attempt is the latest migration of the model that this controller knows.
	Attempt Attempt
	// Life, IsController and AgentVersion describe the model.
	Life         string
	IsController bool
	AgentVersion string
	// What follows is only in the report of a controller, never in a list.

	// Owner is the owner, or the qualifier on Juju 4, as the one that has answered
	// calls it: JIMM has owners of its own.
	Owner string
	// Users have access to the model, as "name=access".
	Users []string
	// Credential reports whether the model's cloud credential is valid; CredentialTag is its
	// tag, and CredentialOwner its owner.
	Credential                     Validity
	CredentialTag, CredentialOwner string
	// Backends hold the model's secrets, none if it has no secrets; BackendsReported is
	// false where the controller does not say (before Juju 3.1).
	Backends         []Backend
	BackendsReported bool
	// Err is the answer, if it was an error.
	Err error
}

// Described reports whether the answer describes the model, be it the controller's own
// report or an entry of a list.
func (i Info) Described() bool { return i.Kind == InfoLive || i.Kind == InfoListed }

// Validity reports whether something is valid.
type Validity int

// The validities. The zero value means that it is not known.
const (
	ValidityUnknown Validity = iota
	Valid
	Invalid
)

// validityOf reports what the status of a model says of its cloud credential: Juju calls a model with a credential that is
// not valid suspended, whatever else happens to it (ListModelSummaries and FullStatus; source of 2.9 to 4.1, 3.5.4
// recorded), but for one that is being removed (4.0). A credential that no longer exists does not show: only an error of
// ModelManager.ModelInfo does (real 3.5.4). JIMM has statuses of its own, such as unavailable.
func validityOf(status string) Validity {
	switch status {
	case "suspended":
		return Invalid
	case "available", "busy":
		return Valid
	default:
		return ValidityUnknown
	}
}

// CloudCredential is what a controller shows about a cloud credential: secret attributes have only
// their names.
type CloudCredential struct {
	Kind       string
	Attributes map[string]string
	Secret     []string
}

// Differences names the attributes in which two credentials differ, without any value. Differences in
// secret attributes cannot be seen.
func (c CloudCredential) Differences(other CloudCredential) []string {
	if c.Kind != other.Kind {
		return []string{"its kind is " + strconv.Quote(c.Kind) + " instead of " + strconv.Quote(other.Kind)}
	}
	differs := map[string]bool{}
	for _, pair := range [][2]CloudCredential{{c, other}, {other, c}} {
		for name, value := range pair[0].Attributes {
			if got, ok := pair[1].Attributes[name]; !ok || got != value {
				differs[name] = true
			}
		}
		for _, name := range pair[0].Secret {
			if !slices.Contains(pair[1].Secret, name) {
				differs[name] = true
			}
		}
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(differs)) {
		out = append(out, "attribute "+strconv.Quote(name))
	}
	return out
}

// Backend is a secret backend with secrets of a model.
type Backend struct {
	Name, Type string
	Secrets    int
}

// BuiltIn reports whether each controller has such a backend of its own.
func (b Backend) BuiltIn() bool { return b.Type == "controller" || b.Type == "kubernetes" }

// TextImporting is the text of a half-imported copy on Juju 4.0.x (4.0.15 observed),
// which gives it as that of a migration as well.
const TextImporting = "the model is being migrated"

// Importing reports whether the controller has only a half-imported copy.
func (i Info) Importing() bool {
	return i.Described() && i.Status == "busy" && (i.StatusText == "importing" || i.StatusText == TextImporting)
}

// Migrating reports whether a migration of the model runs. Some builds of Juju 4
// never report an end: an abort is over when the model is no longer busy.
func (i Info) Migrating() bool {
	over := ParseText(i.Attempt.Text) == PhaseAbort && i.Status == "available"
	return i.Described() && i.Attempt.Running() && !over
}

// ReapFailed reports whether the controller still has a copy of a model that it
// has moved away: the model is in use on the target of that migration. Juju
// shows only the latest migration, and no model can come back to such a copy.
func (i Info) ReapFailed() bool {
	return i.Described() && !i.Attempt.Running() && ParseText(i.Attempt.Text) == PhaseReapFailed
}

// Answer puts an answer that was an error into words.
func (i Info) Answer() string {
	if i.Err != nil {
		return redact.String(i.Err.Error())
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
