package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
)

// defaultState is where serve says how to reach its world, and where the other
// commands look for it.
const defaultState = ".jaas-sim/state.json"

// served says how to reach a world that another process serves.
type served struct {
	PID    int    `json:"pid"`
	Socket string `json:"socket"` // of the unit's agent
}

// write puts it into the file, whose folder is made.
func (s served) write(path string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot describe the world: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("cannot describe the world: %w", err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("cannot describe the world: %w", err)
	}
	return nil
}

// readServed reads what write wrote.
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

// alive says whether the world is still served.
func (s served) alive(ctx context.Context) bool {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", s.Socket)
	if err != nil {
		return false
	}
	_ = conn.Close() // it has told enough
	return true
}
