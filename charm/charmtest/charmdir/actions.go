package charmdir

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"gopkg.in/yaml.v2"

	"jimm-migrator/charm/charmtest/schema"
)

// Action is one action that the charm offers.
type Action struct {
	Name           string
	Description    string
	Parallel       bool
	ExecutionGroup string
	Schema         map[string]any // the whole schema, as juju actions --schema shows it
	compiled       *schema.Schema
}

// Prepare does what the controller does with the parameters of a new task: it
// validates them and puts in the defaults. The error has Juju's text.
func (a Action) Prepare(params map[string]any) (map[string]any, error) {
	if err := a.compiled.Validate(params); err != nil {
		return nil, err
	}
	return a.compiled.WithDefaults(params)
}

// ReadActions reads actions.yaml; no data means no actions.
func ReadActions(data []byte, jujuMajor int) (map[string]Action, error) {
	var file map[string]map[string]any
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	rule := NameRule()
	out := make(map[string]Action, len(file))
	for _, name := range slices.Sorted(maps.Keys(file)) {
		switch {
		case !rule.MatchString(name):
			return nil, fmt.Errorf("bad action name %s", name)
		case name == "juju":
			return nil, errors.New(`cannot use action name juju: "juju" is a reserved name`)
		case reserved(name):
			return nil, fmt.Errorf(`cannot use action name %s: the "juju-" prefix is reserved`, name)
		}
		action, err := readAction(name, file[name], jujuMajor)
		if err != nil {
			return nil, err
		}
		out[name] = action
	}
	return out, nil
}

func readAction(name string, spec map[string]any, jujuMajor int) (Action, error) {
	a := Action{Name: name, Description: "No description"}
	a.Schema = map[string]any{"type": "object", "title": name, "description": a.Description, "properties": map[string]any{}}
	if jujuMajor >= 4 {
		a.Schema["additionalProperties"] = false
	}
	for _, key := range slices.Sorted(maps.Keys(spec)) {
		if err := a.read(key, spec[key]); err != nil {
			return Action{}, err
		}
	}
	if err := prohibited(a.Schema); err != nil {
		return Action{}, err
	}
	compiled, err := schema.Compile(a.Schema)
	if err != nil {
		return Action{}, fmt.Errorf("invalid params schema for action schema %s: %w", name, err)
	}
	a.compiled = compiled
	return a, nil
}

// read takes one key of an action. What is not Juju's own goes into the
// schema.
func (a *Action) read(key string, value any) error {
	text, isText := value.(string)
	flag, isFlag := value.(bool)
	_, isList := value.([]any)
	clean, err := cleanse(value)
	if err != nil {
		return err
	}
	switch key {
	case "description", "title", "execution-group":
		if !isText {
			return fmt.Errorf("value for schema key %q must be a string", key)
		}
	case "parallel":
		if !isFlag {
			return fmt.Errorf("value for schema key %q must be a bool", key)
		}
	case "required":
		if !isList {
			return fmt.Errorf("value for schema key %q must be a YAML list", key)
		}
	}
	switch key {
	case "execution-group":
		a.ExecutionGroup = text
	case "parallel":
		a.Parallel = flag
	case "params":
		params, ok := clean.(map[string]any)
		if !ok {
			return errors.New("params failed to parse as a map")
		}
		a.Schema["properties"] = params
	case "description":
		a.Description = text
		fallthrough
	default:
		a.Schema[key] = clean
	}
	return nil
}

// prohibited refuses keys that Juju does not support anywhere in a schema.
func prohibited(value any) error {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if key == "$schema" || key == "$ref" {
				return fmt.Errorf("schema key %q not compatible with this version of juju", key)
			}
			if err := prohibited(value[key]); err != nil {
				return err
			}
		}
	case []any:
		for _, one := range value {
			if err := prohibited(one); err != nil {
				return err
			}
		}
	}
	return nil
}
