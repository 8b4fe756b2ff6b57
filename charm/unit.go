package charm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// Unit is the unit that runs the charm, for the time of one dispatch. Its
// methods are safe for concurrent use; the agent answers one at a time.
type Unit struct {
	agent  *agent
	logger *slog.Logger

	mu     sync.Mutex
	config []byte      // as config-get printed it, once read
	status *unitStatus // the status that Juju has, once known

	notLeader bool // once Juju has said so
}

// Env returns what Juju passed to the process through its environment.
func (u *Unit) Env() Env { return u.agent.env }

// Logger writes to the unit's log with juju-log, one line per record. Only
// warnings and errors pass unless [App] says otherwise.
func (u *Unit) Logger() *slog.Logger { return u.logger }

// Redact hides further secrets, such as a session token or a part of a secret
// value, in everything that this package sends out. The values that
// [Unit.Secret] returns are hidden already.
func (u *Unit) Redact(values ...string) { u.agent.secrets.add(values...) }

// Config decodes the application's configuration into a struct, by its json
// tags. Options without value and default are absent: the field keeps what it
// had, so that a pointer distinguishes missing from empty. Options that the struct
// does not name are ignored. Juju freezes the configuration for the time of a
// dispatch, and so one config-get serves all calls.
func (u *Unit) Config(ctx context.Context, into any) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.config == nil {
		raw := json.RawMessage("{}")
		if err := u.agent.query(ctx, &raw, "config-get"); err != nil {
			return fmt.Errorf("cannot read the configuration: %w", err)
		}
		u.config = object(raw)
	}
	if err := decode(u.config, into, false); err != nil {
		return fmt.Errorf("cannot read the configuration: option %w", err)
	}
	return nil
}

// Redacted returns a text without the secrets that this package hides, for what
// leaves the charm by another way than the methods of Unit and Action.
func (u *Unit) Redacted(text string) string { return u.agent.secrets.hide(text) }

// Leader reports whether this unit leads its application. A yes is guaranteed for
// 30 seconds. A no is final for this process, as it is in Juju's agent: Leader
// does not ask again.
func (u *Unit) Leader(ctx context.Context) (bool, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.notLeader {
		return false, nil
	}
	leader := false
	if err := u.agent.query(ctx, &leader, "is-leader"); err != nil {
		return false, fmt.Errorf("cannot read whether this unit is the leader: %w", err)
	}
	u.notLeader = !leader
	return leader, nil
}

// SetWorkloadVersion sets the version that juju status shows. A charm without
// a workload shows its own, and sets it when it is installed and upgraded.
func (u *Unit) SetWorkloadVersion(ctx context.Context, version string) error {
	version = oneLine(u.agent.secrets.hide(version), maxLine)
	call := ToolCall{Tool: "application-version-set", Args: []string{"--", version}}
	if err := u.agent.report(ctx, call); err != nil {
		return fmt.Errorf("cannot set the workload version: %w", err)
	}
	return nil
}

// object returns a JSON object, empty for null.
func object(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || string(raw) == "null" {
		return json.RawMessage("{}")
	}
	return raw
}

// decode decodes a JSON object into a struct. Its errors begin with the quoted
// name of the field that they are about, and do not contain the value.
func decode(raw []byte, into any, strict bool) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if strict {
		decoder.DisallowUnknownFields()
	}
	err := decoder.Decode(into)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		got, _, _ := strings.Cut(wrong.Value, " ") // "number 1.5"
		return fmt.Errorf("%q must be of type %s, not %s", wrong.Field, wrong.Type, got)
	}
	if err != nil {
		if _, name, ok := strings.Cut(err.Error(), "json: unknown field "); ok {
			return fmt.Errorf("%s is unknown", name)
		}
	}
	return err
}
