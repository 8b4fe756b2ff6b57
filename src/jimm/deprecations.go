package jimm

import (
	"context"
	"slices"
	"time"
)

// mostMarks is how many events are read to find since when controllers are marked.
// Marks are rare.
const mostMarks = 1000

// Deprecation is what JIMM's audit log has about the mark of one controller.
type Deprecation struct {
	// Since is the earliest request that set the mark and was not undone since. Zero
	// if the log has none: it was purged, or the mark was not made by a request.
	Since time.Time
	// Undone is the latest request that removed the mark, or that may have
	// removed it.
	Undone time.Time
}

// Deprecations returns what the audit log has about the mark "deprecated" of
// controllers that JIMM lists as marked, by name, and JIMM's time now. Nothing
// else in JIMM shows since when a controller has been marked (recorded).
func (c *Client) Deprecations(ctx context.Context, controllers []string) (logged map[string]Deprecation, now time.Time, err error) {
	last, err := c.FindAuditEvents(ctx, AuditQuery{Limit: 1, NewestFirst: true})
	if err != nil || len(last) == 0 {
		return nil, time.Time{}, err
	}
	var events []AuditEvent
	// A controller that was removed and added again begins without the mark (inferred).
	for _, method := range []string{"SetControllerDeprecated", "RemoveController"} {
		read := 0
		var oldest time.Time
		for event, err := range c.NewestAuditEvents(ctx, AuditQuery{Method: method, Limit: mostMarks}) {
			if err != nil {
				return nil, time.Time{}, err
			}
			if read++; read > mostMarks {
				// For this method, nothing is known from before the oldest event that was read.
				events = slices.DeleteFunc(events, func(e AuditEvent) bool { return e.Time.Before(oldest) })
				break
			}
			oldest = event.Time
			events = append(events, event)
		}
	}
	logged = map[string]Deprecation{}
	for _, name := range controllers {
		logged[name] = deprecation(events, name)
	}
	return logged, last[0].Time, nil
}

// deprecation goes back from now, when the controller has the mark.
func deprecation(events []AuditEvent, controller string) (out Deprecation) {
	type call struct {
		conversation string
		message      uint64
	}
	refused, answered := map[call]bool{}, map[call]bool{}
	var requests []AuditEvent
	for _, e := range events {
		id := call{e.ConversationID, e.MessageID}
		if !e.Response {
			requests = append(requests, e)
			continue
		}
		answered[id], refused[id] = true, e.Error != nil
	}
	slices.SortStableFunc(requests, func(a, b AuditEvent) int { return b.Time.Compare(a.Time) })
	for _, e := range requests {
		id := call{e.ConversationID, e.MessageID}
		for _, change := range e.Changes {
			switch named := change.Controller == controller; {
			case refused[id], !named && change.Controller != "":
			case !change.Deprecated:
				// Lifted, or the controller was removed; or it may have been: without a name
				// JIMM of 2024 means its first controller, and a redacted request names none.
				out.Undone = e.Time
				return out
			case named && (answered[id] || out.Since.IsZero()):
				// If a request without an answer was not done, the mark is older.
				out.Since = e.Time
			}
		}
	}
	return out
}
