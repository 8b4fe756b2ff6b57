package actions

import (
	"encoding/json"
	"reflect"
)

// CheckIDs reads the parameter ignore-checks.
var CheckIDs = checkIDs

// Params are the parameters of each action, by the struct that has them.
func Params() map[string][]string {
	out := map[string][]string{"list-controllers": nil, "check-access": nil}
	for action, params := range map[string]any{"migrate-model": migrateParams{}, "record-model": recordParams{}, "remove-left-over": removeParams{}, "migration-status": statusParams{}, "collect-diagnostics": diagnosticsParams{}, "locate-model": locateParams{}, "check-migration": checkParams{}, "list-models": listModelsParams{}, "list-migration-targets": targetsParams{}, "plan-migrations": planParams{}, "apply-plan": applyParams{}, "cordon-controller": cordonParams{}, "uncordon-controller": cordonParams{}, "drain-controller": drainParams{}, "migration-history": historyParams{}} {
		for _, field := range reflect.VisibleFields(reflect.TypeOf(params)) {
			if !field.Anonymous {
				out[action] = append(out[action], field.Tag.Get("json"))
			}
		}
	}
	return out
}

// DrainAgain returns the parameters of the command that continues a drain with
// these parameters.
func DrainAgain(params map[string]any) ([]string, error) {
	var p drainParams
	text, err := json.Marshal(params)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	return p.again(), err
}
