package main

import (
	"fmt"
	"os"

	"jimm-migrator/charm/charmtest"
)

// parameters builds the parameters that `juju run` sends for an action: first those of the YAML file, if there is one,
// then the key=value arguments, which take precedence. A wrong key is a usage error, a wrong value or file is not.
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

// noArguments refuses arguments of a command that has none.
func noArguments(args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("unrecognized args: %q", args)}
	}
	return nil
}
