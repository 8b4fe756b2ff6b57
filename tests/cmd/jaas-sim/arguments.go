package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"strings"

	"gopkg.in/yaml.v2"

	"jimm-migrator/charm/charmtest/charmdir"
)

// parse takes flags wherever they stand among the arguments, as Juju's command
// line does, and returns the other arguments. Everything after -- is one.
func parse(flags *flag.FlagSet, args []string) ([]string, error) {
	var others []string
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
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
	params := map[string]any{}
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("cannot read the parameters: %w", err)
		}
		var fromFile map[string]any
		if err := yaml.Unmarshal(data, &fromFile); err != nil {
			return nil, fmt.Errorf("cannot parse the parameters in %s: %w", file, err)
		}
		for key, value := range fromFile {
			params[key] = conform(value)
		}
	}
	for _, pair := range pairs {
		path, text, found := strings.Cut(pair, "=")
		if !found {
			return nil, fmt.Errorf("argument %q must be of the form key.key.key...=value", pair)
		}
		value, err := parseValue(text, asStrings)
		if err != nil {
			return nil, err
		}
		if err := put(params, path, value); err != nil {
			return nil, err
		}
	}
	return params, nil
}

// put sets the value at a dotted path and makes the maps on the way. Each part
// must be spelled as Juju wants a parameter spelled.
func put(params map[string]any, path string, value any) error {
	rule, keys := charmdir.NameRule(), strings.Split(path, ".")
	for _, key := range keys {
		if !rule.MatchString(key) {
			return fmt.Errorf("key %q must start and end with lowercase alphanumeric, "+
				"and contain only lowercase alphanumeric, hyphens and periods", key)
		}
	}
	last := len(keys) - 1
	for _, key := range keys[:last] {
		inner, _ := params[key].(map[string]any)
		inner = maps.Clone(inner)
		if inner == nil {
			inner = map[string]any{}
		}
		params[key], params = inner, inner
	}
	params[keys[last]] = value
	return nil
}

// parseValue reads a value as `juju run` does: as YAML 1.1, in which yes is a
// boolean and 0123 a number, unless --string-args says to take it as it is.
func parseValue(text string, asString bool) (any, error) {
	if asString {
		return text, nil
	}
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return nil, err
	}
	// Juju's YAML wants a sign in the exponent of a number; without one, as in
	// 1e5 or the start of a UUID, it is a string (observed with Juju 3.6-rc1).
	if _, isFloat := value.(float64); isFloat && regexp.MustCompile(`[eE]\d+$`).MatchString(text) {
		return text, nil
	}
	return conform(value), nil
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
