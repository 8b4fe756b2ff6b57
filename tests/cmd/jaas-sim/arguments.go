package main

import (
	"fmt"
	"os"

	"jimm-migrator/charm/charmtest"
)

// parameters builds what `juju run` sends for an action: those of the YAML file
// first, if there is one, then the key=value arguments, which win. A wrong key
// is an error of usage, a wrong value or file is not.
func parameters(file string, pairs []string, asStrings bool) (params map[string]any, err error) {
	if _, err := charmtest.ParseRunArgs(pairs, true); err != nil {
		return nil, usageError{err}
	}
	params = map[string]any{}
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if params, err = charmtest.ParseParams(data); err != nil {
			return nil, err
		}
	}
	return params, charmtest.MergeRunArgs(params, pairs, asStrings)
}

// noArguments refuses arguments that a command has no use for.
func noArguments(args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("unrecognized args: %q", args)}
	}
	return nil
}
