package survey

import (
	"context"
	"errors"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// ControllerReader asks controllers as one of their administrators, where the charm has accounts on them. It changes
// nothing. An error means that the controller did not answer; it need not be redacted.
type ControllerReader interface {
	// Access logs in to a controller, if there is an account.
	Access(ctx context.Context, c facts.Controller) facts.Account
	// Holdings lists all models of which a controller has any kind of copy.
	Holdings(ctx context.Context, c facts.Controller) ([]facts.Holding, error)
	// Users returns the users that a controller knows.
	Users(ctx context.Context, c facts.Controller) (facts.KnownUsers, error)
	// Clouds returns the regions of the clouds that a controller knows, by the
	// cloud's name.
	Clouds(ctx context.Context, c facts.Controller) (map[string][]string, error)
	// Prechecks asks the target itself whether it would accept the model from the source.
	Prechecks(ctx context.Context, target, source facts.Controller, m facts.Model) (facts.Prechecks, error)
}

// ErrNeedsDescription reports why a target that runs Juju 4 is not asked whether it would take a model.
var ErrNeedsDescription = errors.New("a Juju 4 controller checks a model only with a description of it, including its secrets, which only the source can produce")

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
	// SecretBackends returns the names of the secret backends that a controller has, by their ids.
	SecretBackends(ctx context.Context, at facts.Controller) (map[string]string, error)
	// Credential returns what a controller shows of the cloud credential with a tag, and whether
	// it has one.
	Credential(ctx context.Context, at facts.Controller, tag string) (facts.CloudCredential, bool, error)
	// ChangesDisabled reports whether changes to the controller model are disabled ("juju
	// disable-command all").
	ChangesDisabled(ctx context.Context, at facts.Controller) (bool, error)
	// Refusal returns why the target does not accept the copy; "" if it accepts it. The source of an endless VALIDATION
	// has this answer only in its log. An error means that the target was not asked, or did not answer.
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
	// Models returns all models with the recorded controller. An error means that JIMM listed none.
	Models(ctx context.Context) (facts.ModelList, error)
}

// JAAS is everything that the engine reads from. The parts are interfaces; none of them writes.
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
	// DryRunner is nil unless the user has asked for a dry run on the source.
	DryRunner DryRunner
	Traits    facts.Traits
}

// Inspector reads a model's contents, and what JIMM knows of it besides its record. It changes nothing: it neither
// completes a migration nor makes JIMM forget a model.
type Inspector interface {
	// Inventory is the contents of the model, as its controller reports them to a client that has logged in to the
	// model through JIMM. It needs such a login, unless an earlier one that the given controller answered is still
	// open. The answer of another controller is returned too: see [facts.Inventory].Controller.
	Inventory(ctx context.Context, q facts.InventoryRequest) (facts.Inventory, error)
	// Targets returns the UUIDs of the controllers that JIMM would let the model migrate to: not its own, with its
	// cloud and region, not older. The error matches [ErrNotOffered] where JIMM has no such list.
	Targets(ctx context.Context, model string) ([]facts.ControllerUUID, error)
	// Hosts returns the UUIDs of the controllers that JIMM treats as the model's host: it lets their administrators
	// administer the model.
	Hosts(ctx context.Context, model string) ([]facts.ControllerUUID, error)
	// Grants returns who has been given access to the model itself, as JIMM's commands
	// write it: "user-alice@example.com administrator".
	Grants(ctx context.Context, model string) ([]string, error)
	// Consumers returns the UUIDs of the models that use the offers of a model, by the name of the offer. An offer that
	// is missing may be used nevertheless.
	Consumers(ctx context.Context, m facts.Model) (map[string][]string, error)
}

// ErrNotOffered reports that this JIMM does not offer what was asked for.
var ErrNotOffered = errors.New("this JIMM does not report it")

// Witness reports what each part of a JAAS says about one model. The methods return an observation instead of an error:
// a missing answer is an observation too.
type Witness interface {
	// Record reports the controller that JIMM's record names. It neither
	// completes a migration nor makes JIMM forget the model.
	Record(ctx context.Context, model string) facts.Record
	// Info asks the recorded controller through JIMM (ModelManager.ModelInfo).
	// On a JIMM that completes migrations this may complete one, or make JIMM
	// forget the model (see [facts.Traits]), so there only a run whose own request
	// JIMM follows may call it: in its migration mode JIMM deletes nothing.
	Info(ctx context.Context, model string) facts.Info
	// Summary returns the model's entry in the list that JIMM merges from the lists of all its controllers, which
	// changes nothing. Where JIMM lists from its database the kind is [facts.InfoNotAsked].
	Summary(ctx context.Context, model string) facts.Entry
	// Host logs in to the model through JIMM. The answer names the controller that serves the model, and contains what
	// that controller reports about it where [Witness.Info] is not safe to call. An open login that was answered by the
	// same controller is used again. JIMM of 2024 stores the secret of each login, so there is at most one per action.
	Host(ctx context.Context, model string, kept facts.ControllerUUID) facts.Host
	// Copy asks one controller itself whether it has the model: without credentials, and as an administrator where the
	// charm has an account.
	Copy(ctx context.Context, controller facts.Controller, model string) facts.Copy
}
