package jaas

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/redact"
)

// mostHistory is how many events are read for one observation of the history.
const mostHistory = 10_000

var _ fleet.Historian = Many{}

// History returns the requests of a time that change where models are or may go.
func (m Many) History(ctx context.Context, span fleet.Span) (fleet.LogRead, error) {
	client, err := m.session.get(ctx)
	if err != nil {
		return fleet.LogRead{}, err
	}
	var out fleet.LogRead
	if out.Begins, err = begins(ctx, client, span); err != nil {
		return out, err
	}
	left := mostHistory
	for _, method := range jimm.ChangeMethods() {
		query := jimm.AuditQuery{Method: method, After: span.From, Before: span.To, Limit: eventsAtOnce}
		var requests []jimm.AuditEvent
		answers := map[call]jimm.AuditEvent{}
		var oldest time.Time
		for event, err := range client.NewestAuditEvents(ctx, query) {
			if err != nil {
				return out, err
			}
			if left == 0 {
				out.Gaps = append(out.Gaps, cutOff(method, oldest))
				break
			}
			left--
			oldest = event.Time
			if event.Response {
				answers[call{event.ConversationID, event.MessageID}] = event
			} else {
				requests = append(requests, event)
			}
		}
		for _, event := range requests {
			answer, answered := answers[call{event.ConversationID, event.MessageID}]
			for n, c := range event.Changes {
				l := logged(event, c)
				l.Key, l.Answered = fmt.Sprintf("%s/%d/%s/%d", event.ConversationID, event.MessageID, method, n), answered
				if answered && answer.Error != nil {
					l.Refused = redact.String(cmp.Or(answer.Error.Message, string(answer.Error.Code)))
				}
				out.Requests = append(out.Requests, l)
			}
		}
	}
	return out, nil
}

// cutOff returns how far back a method was read.
func cutOff(method string, oldest time.Time) string {
	if oldest.IsZero() {
		return fmt.Sprintf("%s was not read: at most %d events are read; set a shorter period", method, mostHistory)
	}
	return fmt.Sprintf("%s was read only back to %s: at most %d events are read; set a shorter period", method, oldest.UTC().Format(time.RFC3339), mostHistory)
}

// begins returns when JIMM's log begins, if that is after the beginning of the span.
func begins(ctx context.Context, client *jimm.Client, span fleet.Span) (time.Time, error) {
	before, err := client.FindAuditEvents(ctx, jimm.AuditQuery{Before: span.From, Limit: 1})
	if err != nil || len(before) > 0 {
		return time.Time{}, err
	}
	// JIMM does not sort the events unless it is asked to, and then the newest
	// come first; without that, the oldest come first in practice (2024 and 2026
	// observed).
	first, err := client.FindAuditEvents(ctx, jimm.AuditQuery{Limit: 1})
	if err != nil || len(first) == 0 {
		return time.Time{}, err
	}
	return first[0].Time, nil
}

// logged reads one change of a request.
func logged(event jimm.AuditEvent, c jimm.ChangeRequest) fleet.Logged {
	l := fleet.Logged{At: event.Time, User: event.User, Model: c.ModelUUID, Path: c.ModelPath, Controller: c.Controller}
	switch event.Method {
	case "MigrateModel":
		l.Deed = fleet.DeedMigrate
	case "UpdateMigratedModel":
		l.Deed = fleet.DeedRecord
	case "UpgradeTo":
		l.Deed = fleet.DeedUpgradeTo
	case "InitiateMigration":
		l.Deed = fleet.DeedInitiate
	case "ImportModel":
		l.Deed = fleet.DeedImport
	case "SetControllerDeprecated":
		l.Deed = fleet.DeedUncordon
		if c.Deprecated {
			l.Deed = fleet.DeedCordon
		}
	case "RemoveController":
		l.Deed = fleet.DeedRemove
		if c.Force {
			l.Detail = "force: JIMM of 2024 deletes the records of all models there"
		}
	case "UpgradeModel":
		l.Deed, l.Detail = fleet.DeedUpgrade, c.Version
		if c.Version == "" || c.Version == "0.0.0" {
			l.Detail = "to the version of the controller"
		}
		if c.DryRun {
			l.Detail += ", dry run"
		}
	}
	return l
}

// CordonedSince returns since when controllers that JIMM lists as deprecated are so,
// by name, as far as its audit log has it.
func (m Many) CordonedSince(ctx context.Context, controllers []string) (map[string]time.Time, error) {
	client, err := m.session.get(ctx)
	if err != nil {
		return nil, err
	}
	logged, _, err := client.Deprecations(ctx, controllers)
	out := map[string]time.Time{}
	for name, d := range logged {
		if !d.Since.IsZero() {
			out[name] = d.Since
		}
	}
	return out, err
}
