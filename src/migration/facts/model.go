package facts

import "strings"

// Model is a model as JIMM has it on record.
type Model struct {
	// UUID is the model's UUID, the same on every controller.
	UUID string
	// Name is the bare name, Owner the user without the "user-" prefix.
	Name, Owner string
	// Recorded is the UUID of the controller that JIMM's record names.
	Recorded ControllerUUID
	// Type is "iaas" or "caas"; "" when JIMM did not report it.
	Type string
	// Life is "alive", "dying" or "dead".
	Life string
	// IsController reports that this is a controller's own model.
	IsController bool
	// AgentVersion is the version of the model's agents, or "".
	AgentVersion string
	// Cloud and Region are the names of the model's cloud; "" if not reported.
	Cloud, Region string
	// CloudType is the type of that cloud, such as "lxd" or "manual", or "".
	CloudType string
	// Machines, Units and Cores are its sizes as JIMM lists them. JIMM of 2024
	// lists what it last stored.
	Machines, Units, Cores int
	// Users have access to the model, as "name=access". Empty until they were asked for.
	Users []string
	// Grants are who has been given access to the model itself, as JIMM's commands write
	// it: "user-alice@example.com administrator". Importing a model again needs them. Empty
	// until they were asked for.
	Grants []string
	// Entry is the model's row in the list that JIMM has merged from the lists of its
	// controllers.
	Entry Entry
}

// Agents is how many agents have to follow the model: one for each machine and
// each unit.
func (m Model) Agents() int { return m.Machines + m.Units }

// FullName returns "owner/name", or the UUID of a model that JIMM does not know.
func (m Model) FullName() string {
	if m.Name == "" {
		return m.UUID
	}
	return m.Owner + "/" + m.Name
}

// Qualifier is what Juju 4 has in place of an owner, and what its client prints before the
// name of a model (QualifierFromUserTag of Juju 4).
func Qualifier(owner string) string {
	return strings.NewReplacer("@", "-", ".", "-", "+", "-").Replace(owner)
}

// UpdateCommand returns the command that makes JIMM record the controller.
func (t Traits) UpdateCommand(controller Controller, model string) string {
	return t.CLI + " update-migrated-model " + controller.Name + " " + model
}
