package facts

import "jimm-migrator/src/redact"

// Entry is a model's row in the list that JIMM makes of the lists of all its controllers
// (JIMM of December 2024 and newer). It is not a controller's own report: a controller
// other than the recorded one may have listed the model. Only a migration shows that it was the
// source.
type Entry struct {
	// Kind is [InfoListed] if there is a row, and [InfoNotAsked] where JIMM lists models
	// from its database.
	Kind InfoKind
	// Recorded is the UUID of the controller on JIMM's record.
	Recorded ControllerUUID
	// Status and StatusText are the model's status: "available", "busy", ….
	Status     string
	StatusText redact.Raw
	// Attempt is the latest migration of the model that the controller which has
	// listed the model knows.
	Attempt Attempt
	// Life, IsController and AgentVersion describe the model.
	Life         string
	IsController bool
	AgentVersion string
	// Err is why there is no row, where the list could not be read.
	Err error
}

// Info is the entry in the place of a controller's report, for as long as there is none.
func (e Entry) Info() Info {
	return Info{
		Kind: e.Kind, Controller: e.Recorded, Status: e.Status, StatusText: e.StatusText, Attempt: e.Attempt,
		Life: e.Life, IsController: e.IsController, AgentVersion: e.AgentVersion, Credential: validityOf(e.Status), Err: e.Err,
	}
}

// Migrating reports whether a migration of the model is running.
func (e Entry) Migrating() bool { return e.Info().Migrating() }
