package logql

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Evaluation is a query that a test has evaluated over a few lines, with its result. "make loki" compares it with
// Loki's own engine (tests/loki).
type Evaluation struct {
	Query   string
	At      time.Time
	Entries []Entry
	Lines   []string // of a query for lines
	Samples []Sample // of a query over time
}

// Append adds the evaluation to a file, as a line of JSON.
func (e Evaluation) Append(path string) error {
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("cannot keep the evaluation of %q: %w", e.Query, err)
	}
	//nolint:gosec // a file for another test to read
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := file.Write(append(data, '\n')); err != nil {
		return err
	}
	return file.Close()
}
