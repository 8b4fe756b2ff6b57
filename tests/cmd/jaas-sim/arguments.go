package main

import (
	"flag"
	"fmt"
	"maps"
	"os"

	"gopkg.in/yaml.v2"

	"jimm-migrator/charm/charmtest"
)

// parse takes flags wherever they stand among the arguments, as Juju's command
// line does, and returns the other arguments. Everything after -- is one. What
// is wrong is printed, and the error is errUsage.
func parse(flags *flag.FlagSet, args []string) ([]string, error) {
	var others []string
	for {
		if err := flags.Parse(args); err != nil {
			return nil, fmt.Errorf("%w: %w", errUsage, err) // the flags have told
		}
		rest := flags.Args()
		if len(rest) == 0 {
			return others, nil
		}
		if end := len(args) - len(rest); end > 0 && args[end-1] == "--" {
			return append(others, rest...), nil
		}
		others, args = append(others, rest[0]), rest[1:]
	}
}

// parameters builds what `juju run` sends for an action: the YAML file first,
// if there is one, then the key=value arguments, which win.
func parameters(file string, pairs []string, asStrings bool) (map[string]any, error) {
	given, err := charmtest.ParseRunArgs(pairs, asStrings)
	if err != nil || file == "" {
		return given, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the parameters: %w", err)
	}
	var fromFile map[any]any
	if err := yaml.Unmarshal(data, &fromFile); err != nil {
		return nil, fmt.Errorf("cannot parse the parameters in %s: %w", file, err)
	}
	params, _ := conform(fromFile).(map[string]any)
	return merge(params, given), nil
}

// merge returns the map with the values of over in it, also those of maps in
// maps.
func merge(under, over map[string]any) map[string]any {
	merged := maps.Clone(under)
	for key, value := range over {
		inner, isMap := value.(map[string]any)
		if beneath, both := merged[key].(map[string]any); isMap && both {
			value = merge(beneath, inner)
		}
		merged[key] = value
	}
	return merged
}

// conform turns the maps of YAML into those of JSON.
func conform(value any) any {
	switch value := value.(type) {
	case map[any]any:
		out := make(map[string]any, len(value))
		for key, inner := range value {
			out[fmt.Sprint(key)] = conform(inner)
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, inner := range value {
			out[i] = conform(inner)
		}
		return out
	}
	return value
}
