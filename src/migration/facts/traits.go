package facts

// Traits are what the engine has to know about the JIMM that it uses.
type Traits struct {
	// AutoRecords reports that this JIMM keeps a migration mode per model, records
	// a finished migration by itself, and forgets a model when its recorded
	// controller denies it (JIMM of August 2025 and newer). Reading such a
	// JIMM carelessly changes it.
	AutoRecords bool
	// LogsSecrets reports that this JIMM writes the secret of every login into its
	// audit log (2024), so that a run logs in to the model once at most.
	LogsSecrets bool
	// CLI is the command that talks to this JIMM: "jimmctl" (until 2025) or
	// "juju jaas" (later).
	CLI string
}

// HostCommand returns the command that adds or removes the rule that a controller
// hosts the model.
func (t Traits) HostCommand(verb string, controller ControllerUUID, model string) string {
	rule := " controller-" + string(controller) + " controller model-" + model
	if t.AutoRecords {
		return t.CLI + " " + verb + "-permission" + rule
	}
	return t.CLI + " auth relation " + verb + rule
}
