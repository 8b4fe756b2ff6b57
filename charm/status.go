package charm

import (
	"context"
	"fmt"
)

// Status is the state of a unit's workload, as juju status shows it.
type Status string

// The statuses that a charm may set.
const (
	StatusMaintenance Status = "maintenance" // busy, will go on by itself
	StatusBlocked     Status = "blocked"     // the user must act; the message says how
	StatusWaiting     Status = "waiting"     // for another program or person
	StatusActive      Status = "active"
)

// unitStatus is a status with its message.
type unitStatus struct {
	Status  Status `json:"status"`
	Message string `json:"message"`
}

// Status returns the unit's status and message. It is read once per dispatch,
// as Juju does not show later changes to the same dispatch; what SetStatus has
// set since counts. Besides the four statuses it may be "unknown" or "error".
func (u *Unit) Status(ctx context.Context) (status Status, message string, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now, err := u.readStatus(ctx)
	return now.Status, now.Message, err
}

// SetStatus sets the unit's status, at once and not only when the dispatch ends
// well. It does nothing if the unit has that status already, so that juju
// status shows since when it has been set. The message becomes one line.
func (u *Unit) SetStatus(ctx context.Context, status Status, message string) error {
	switch status {
	case StatusMaintenance, StatusBlocked, StatusWaiting, StatusActive:
	default:
		return fmt.Errorf("cannot set status %q: charms set maintenance, blocked, waiting or active", string(status))
	}
	wanted := unitStatus{status, oneLine(u.agent.secrets.hide(message), maxLine)}
	u.mu.Lock()
	defer u.mu.Unlock()
	ctx, cancel := u.agent.lasting(ctx)
	defer cancel()
	if now, err := u.readStatus(ctx); err == nil && now == wanted {
		return nil
	}
	call := ToolCall{Tool: "status-set", Args: []string{"--", string(wanted.Status), wanted.Message}}
	if err := u.agent.report(ctx, call); err != nil {
		return fmt.Errorf("cannot set status %q: %w", string(status), err)
	}
	u.status = &wanted
	return nil
}

// readStatus returns the status that Juju has. The caller holds u.mu.
func (u *Unit) readStatus(ctx context.Context) (unitStatus, error) {
	if u.status == nil {
		var now unitStatus
		if err := u.agent.query(ctx, &now, "status-get", "--include-data"); err != nil {
			return unitStatus{}, fmt.Errorf("cannot read the status: %w", err)
		}
		u.status = &now
	}
	return *u.status, nil
}
