package migration

import (
	"context"
	"strings"
)

// Controller is a Juju controller as JIMM lists it.
type Controller struct {
	// Name is JIMM's name of the controller, unique in a JAAS.
	Name string
	// UUID is the controller's own UUID.
	UUID string
	// AgentVersion is the version on JIMM's record, "3.6.14". It may lag.
	AgentVersion string
	// Status is "available", "deprecated" or "unavailable". JIMM finds out
	// with a delay of up to ten minutes.
	Status string
	// Addresses are the API addresses (host:port) that a migration hands to
	// the agents, followed by none of the public ones.
	Addresses []string
	// PublicAddress is the address (host:port) that JIMM dials first, or "".
	PublicAddress string
	// CACert is the PEM bundle that signs the controller's certificate, or "".
	CACert string
	// Cloud and Region are the names of the controller's own cloud.
	Cloud, Region string
}

// Known reports whether c stands for a controller at all.
func (c Controller) Known() bool { return c.UUID != "" }

// String returns the name, or the UUID of a controller that JIMM does not know.
func (c Controller) String() string {
	if c.Name != "" {
		return c.Name
	}
	return c.UUID
}

// Model is a model as JIMM has it on record.
type Model struct {
	// UUID is the model's UUID, the same on every controller.
	UUID string
	// Name is the bare name, Owner the user without the "user-" prefix.
	Name, Owner string
	// Recorded is the UUID of the controller that JIMM's record names.
	Recorded string
	// Type is "iaas" or "caas"; "" when JIMM could not tell.
	Type string
	// Life is "alive", "dying" or "dead".
	Life string
	// IsController tells that this is a controller's own model.
	IsController bool
	// AgentVersion is the version of the model's agents, or "".
	AgentVersion string
	// Cloud and Region are the names of the model's cloud; "" if not told.
	Cloud, Region string
	// CloudType is the type of that cloud, such as "lxd" or "manual", or "".
	CloudType string
	// Machines, Units and Cores are its sizes as JIMM lists them. JIMM of 2024
	// lists what it last wrote down.
	Machines, Units, Cores int
	// Users have access to the model, as "name=access". They are kept because
	// importing a model anew needs them. Empty until they were asked for.
	Users []string
	// Live holds what the recorded controller said at the time of listing.
	// Its kind is [InfoNotAsked] where JIMM answered from its database.
	Live Info
}

// Agents is how many agents have to follow the model: one for each machine and
// each unit.
func (m Model) Agents() int { return m.Machines + m.Units }

// FullName returns "owner/name".
func (m Model) FullName() string { return m.Owner + "/" + m.Name }

// Fleet lists what JIMM has on record. Listing neither changes a record nor
// dials a model.
type Fleet interface {
	// Controllers returns all controllers, ordered by name.
	Controllers(ctx context.Context) ([]Controller, error)
	// Models returns all models with the controller on record.
	Models(ctx context.Context) ([]Model, error)
}

// Traits are what the engine has to know about the JIMM it talks to.
type Traits struct {
	// Completes tells that this JIMM keeps a migration mode per model, records
	// a finished migration by itself, and forgets a model when its recorded
	// controller denies it (JIMM of August 2025 and later). Reading such a
	// JIMM carelessly changes it.
	Completes bool
	// OneLogin tells that this JIMM writes the secret of every login into its
	// audit log (2024), so that a run logs in to the model once at most.
	OneLogin bool
	// CLI is the command that talks to this JIMM: "jimmctl" (until 2025) or
	// "juju jaas" (later).
	CLI string
}

// UpdateCommand returns the command that makes JIMM record the controller.
func (t Traits) UpdateCommand(controller Controller, model string) string {
	return t.CLI + " update-migrated-model " + controller.Name + " " + model
}

// JAAS is everything the engine reads from. The parts are interfaces; there is
// no part that writes.
type JAAS struct {
	Fleet   Fleet
	Witness Witness
	Auditor Auditor
	// Inspector may be nil: then nothing is looked into.
	Inspector Inspector
	// Administrator may be nil: then nobody is asked as an administrator.
	Administrator Administrator
	Traits        Traits
}

// controllers indexes a list of controllers.
type controllers []Controller

func (cs controllers) byUUID(uuid string) Controller {
	for _, c := range cs {
		if c.UUID == uuid {
			return c
		}
	}
	return Controller{UUID: uuid}
}

func (cs controllers) byName(name string) (Controller, bool) {
	for _, c := range cs {
		if c.Name == name {
			return c, true
		}
	}
	return Controller{}, false
}

func (cs controllers) names() string {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}
