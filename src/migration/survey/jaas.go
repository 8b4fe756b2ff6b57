package survey

import (
	"context"
	"errors"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// ControllerReader asks controllers as one of their administrators, where there are
// accounts on them. It changes nothing. Errors mean that the controller did not
// answer; they need not be redacted.
type ControllerReader interface {
	// Access logs in to a controller, if there is an account.
	Access(ctx context.Context, c facts.Controller) facts.Account
	// Holdings lists all models that a controller has in some form.
	Holdings(ctx context.Context, c facts.Controller) ([]facts.Holding, error)
	// Users returns the users that a controller knows.
	Users(ctx context.Context, c facts.Controller) (facts.KnownUsers, error)
	// Clouds returns the regions of the clouds that a controller knows, by the
	// cloud's name.
	Clouds(ctx context.Context, c facts.Controller) (map[string][]string, error)
	// Prechecks asks the target itself whether it would take the model from the
	// source.
	Prechecks(ctx context.Context, target, source facts.Controller, m facts.Model) (facts.Prechecks, error)
}

// ErrNeedsDescription reports why a target of Juju 4 is not asked whether it would take a model.
var ErrNeedsDescription = errors.New("a controller of Juju 4 checks this only when the migration begins: it needs a description of the model, including its secrets, which only a migration produces")

// ControllerModelReader reads the controller model of a controller, as one of its
// administrators. It changes nothing.
type ControllerModelReader interface {
	// ControllerModel returns what the controller model contains: the machines of the
	// controller itself. An error means that the controller did not report it.
	ControllerModel(ctx context.Context, c facts.Controller) (facts.Inventory, error)
}

// DryRunner asks the source of a migration for a dry run, as one of its administrators. It
// starts nothing: it asks no controller that would.
type DryRunner interface {
	// DryRun has the source make the checks that it makes when a migration starts, and that
	// ask the target.
	DryRun(ctx context.Context, source, target facts.Controller, model string) facts.DryRun
}

// ImportReader asks the target of a migration, as one of its administrators, about what it can
// import, and about the copy that it is importing. It changes nothing.
type ImportReader interface {
	// SecretBackends returns the ids of the secret backends that the target has.
	SecretBackends(ctx context.Context, target facts.Controller) ([]string, error)
	// Refusal returns why the target does not accept the copy, "" if it does: the answer
	// that the source of an endless VALIDATION has only in its log. An error means that it
	// was not asked, or did not answer.
	Refusal(ctx context.Context, target facts.Controller, model string) (redact.Raw, error)
}

// Auditor reads JIMM's audit log.
type Auditor interface {
	// Audit returns the requests to move or record the model, oldest first.
	Audit(ctx context.Context, model facts.Model) (facts.Audit, error)
}

// Fleet lists what JIMM has on record. Listing neither changes a record nor
// dials a model.
type Fleet interface {
	// Controllers returns all controllers, ordered by name.
	Controllers(ctx context.Context) ([]facts.Controller, error)
	// Models returns all models with the controller on record. An error means that
	// JIMM listed none.
	Models(ctx context.Context) (facts.ModelList, error)
}

// JAAS is everything the engine reads from. The parts are interfaces; there is
// no part that writes.
type JAAS struct {
	Fleet   Fleet
	Witness Witness
	Auditor Auditor
	// Inspector may be nil: then no model is inspected.
	Inspector Inspector
	// Controllers may be nil: then no controller is asked as an administrator.
	Controllers ControllerReader
	// ControllerModels may be nil: then no controller model is read.
	ControllerModels ControllerModelReader
	// Imports may be nil: then no target is asked about what it imports.
	Imports ImportReader
	// DryRunner is nil unless the operator has asked for a dry run on the source.
	DryRunner DryRunner
	Traits    facts.Traits
}

// Inspector reads a model's contents, and what JIMM knows of it beyond its record.
// It changes nothing: neither does it complete a migration nor make JIMM forget
// a model.
type Inspector interface {
	// Inventory is what the model contains, as its controller reports it to a
	// client that has logged in to the model through JIMM. It needs such a login, unless
	// an earlier one, which the given controller has answered, is still alive. What
	// another controller answers is returned too: see [facts.Inventory].Controller.
	Inventory(ctx context.Context, q facts.InventoryRequest) (facts.Inventory, error)
	// Targets returns the UUIDs of the controllers that JIMM would let the model
	// move to: not its own, with its cloud and region, not older. The error
	// matches [ErrNotOffered] where JIMM has no such list.
	Targets(ctx context.Context, model string) ([]facts.ControllerUUID, error)
	// Hosts returns the UUIDs of the controllers whose administrators JIMM lets
	// administer the model, because it takes them for the model's host.
	Hosts(ctx context.Context, model string) ([]facts.ControllerUUID, error)
	// Grants returns who has been given access to the model itself, as JIMM's commands
	// write it: "user-alice@example.com administrator".
	Grants(ctx context.Context, model string) ([]string, error)
	// Consumers returns the UUIDs of the models that use the offers of a model, by
	// the name of the offer. What is not in it may be used anyway.
	Consumers(ctx context.Context, m facts.Model) (map[string][]string, error)
}

// ErrNotOffered reports that this JIMM does not have what was asked for.
var ErrNotOffered = errors.New("this JIMM does not report it")

// Witness reports what each part of a JAAS says about one model. The methods
// return what they learned instead of an error: not to be answered is an
// observation too.
type Witness interface {
	// Record reports the controller that JIMM's record names. It neither
	// completes a migration nor makes JIMM forget the model.
	Record(ctx context.Context, model string) facts.Record
	// Info asks the recorded controller through JIMM (ModelManager.ModelInfo).
	// On a JIMM that completes migrations this may complete one, or make JIMM
	// forget the model: see [facts.Traits].
	Info(ctx context.Context, model string) facts.Info
	// Summary looks the model up in the list that JIMM makes of what all its
	// controllers list, which changes nothing. Where JIMM lists from its
	// database the kind is [facts.InfoNotAsked].
	Summary(ctx context.Context, model string) facts.Entry
	// Host logs in to the model through JIMM: the answer names the controller
	// that serves it, and has what that says of the model where [Witness.Info] is
	// not safe to ask. A login that the controller kept has answered before, and that
	// lives, is used again. JIMM of 2024 stores the secret of each login, so this is
	// asked at most once per action.
	Host(ctx context.Context, model string, kept facts.ControllerUUID) facts.Host
	// Copy asks one controller itself whether it has the model: without
	// credentials, and as an administrator where there is an account.
	Copy(ctx context.Context, controller facts.Controller, model string) facts.Copy
}
