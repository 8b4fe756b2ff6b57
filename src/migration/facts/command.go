package facts

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// JujuRun begins a command that has a name as a value: values are YAML, so that a
// name that looks like a number or a boolean needs --string-args.
func JujuRun(unit, name string) string {
	var value any
	// A name that YAML 1.1 reads as something else begins with a digit or a sign, or
	// is one of a few words.
	words := []string{"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
	if json.Unmarshal([]byte(name), &value) == nil || slices.Contains(words, strings.ToLower(name)) || strings.IndexAny(name, "0123456789+-.~") == 0 {
		return "juju run --string-args " + unit
	}
	return "juju run " + unit
}

// LeaderOf names the leader of the unit's application for a command.
func LeaderOf(unit string) string {
	return ApplicationOf(unit) + "/leader"
}

// LocateCommand finds the controller that has a model. It changes nothing.
func LocateCommand(unit, model string) string {
	return "juju run " + unit + " locate-model model=" + model
}

// DiagnosticsCommand collects what each controller reports about a model, for its
// administrators. It changes nothing.
func DiagnosticsCommand(unit, model string) string {
	return "juju run " + unit + " collect-diagnostics model=" + model
}

// FollowCommand follows a migration without starting one.
func FollowCommand(unit, model string) string {
	return "juju run " + unit + " migration-status model=" + model + " follow=true --wait=65m"
}

// ModelsCommand lists the models that JIMM has.
func ModelsCommand(unit string) string { return "juju run " + unit + " list-models" }

// ProbeCommand allows the charm to ask the controllers themselves.
func ProbeCommand(unit string) string {
	return "juju config " + ApplicationOf(unit) + " probe-controllers=true"
}

// ControllersCommand lists the controllers that JIMM has.
func ControllersCommand(unit string) string { return "juju run " + unit + " list-controllers" }

// ImportCommand imports a model that a controller has into JIMM. If the owner is not known,
// the user fills in the name.
func ImportCommand(cli, controller, model, owner string) string {
	return cli + " import-model " + controller + " " + model + " --owner " + cmp.Or(owner, "OWNER")
}

// RemoveCommand removes the copy of a model that an aborted migration has left on the
// controller. It waits for longer than the action may take.
func RemoveCommand(unit, model, controller string) string {
	return JujuRun(unit, controller) + " remove-left-over model=" + model + " controller=" + controller + " confirm=" + model + " --wait=15m"
}

// RecordCommand records the controller that has a model, on proof or, with the model's UUID as
// confirm, on the user's confirmation. It waits for longer than the action may take, which is
// longer than juju run waits by itself.
func RecordCommand(unit, model, controller, confirm string) string {
	text := JujuRun(unit, controller) + " record-model model=" + model + " controller=" + controller
	if confirm != "" {
		text += " confirm=" + confirm
	}
	return text + " --wait=20m"
}
