package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	"jimm-migrator/tests/cmd/jaas-sim/operations"
)

// defaultState is the file in which serve writes how to reach its world, and which the other commands read.
const defaultState = ".jaas-sim/state.json"

// stateUsage describes the option --state of all but serve.
const stateUsage = "the file to which \"jaas-sim serve\" has written how to reach the world; default " + defaultState

// dial returns a client of the world that the state file names.
func dial(state string) (*operations.Client, error) {
	if state == "" {
		state = defaultState
	}
	served, err := readServed(state)
	if err != nil {
		return nil, err
	}
	return operations.NewClient(served.Socket), nil
}

// served describes how to reach a world that another process serves.
type served struct {
	PID    int    `json:"pid"`
	Socket string `json:"socket"` // of the units' operations
}

// text is the contents of the state file.
func (s served) text() ([]byte, error) {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("cannot describe the world: %w", err)
	}
	return append(data, '\n'), nil
}

// readServed reads the state file.
func readServed(path string) (served, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return served{}, fmt.Errorf("cannot find a world in %s: start one with \"jaas-sim serve\"", path)
	}
	if err != nil {
		return served{}, fmt.Errorf("cannot find a world: %w", err)
	}
	var s served
	if err := json.Unmarshal(data, &s); err != nil {
		return served{}, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return s, nil
}

// alive reports whether the world is still served.
func (s served) alive(ctx context.Context) bool {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", s.Socket)
	if err != nil {
		return false
	}
	_ = conn.Close() // an accepted connection is enough
	return true
}
