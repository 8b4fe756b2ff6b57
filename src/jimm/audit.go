package jimm

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"jimm-migrator/src/rpc"
)

const (
	// auditPage is the number of events that NewestAuditEvents asks for at
	// once.
	auditPage = 100
	// auditMaxLimit is the limit to which JIMM silently reduces larger ones.
	auditMaxLimit = 1000
	// auditMaxStale is the number of full pages with nothing new after which
	// a server is taken to repeat itself.
	auditMaxStale = 3
)

// AuditQuery selects events of JIMM's audit log. The zero value selects all.
type AuditQuery struct {
	// After and Before, where set, are the earliest and the latest time, both
	// inclusive, by JIMM's clock.
	After, Before time.Time
	// User is the caller, such as alice@example.com: the name without "user-".
	User string
	// Method is the method that was called, such as MigrateModel, of any
	// facade.
	Method string
	// Offset is the number of events to leave out at the start.
	Offset int
	// Limit is the largest number of events to return, at most 1000. 0 means
	// JIMM's default of 50.
	Limit int
	// NewestFirst orders by time, descending. Without it JIMM sorts nothing;
	// in practice the oldest events come first.
	NewestFirst bool
}

// params returns the wire's form of the query, without what is unset.
func (q AuditQuery) params() (map[string]any, error) {
	if q.Offset < 0 || q.Limit < 0 || q.Limit > auditMaxLimit {
		return nil, &argumentError{reason: fmt.Sprintf("offset %d or limit %d is out of range", q.Offset, q.Limit)}
	}
	params := make(map[string]any)
	for key, value := range map[string]time.Time{"after": q.After, "before": q.Before} {
		if !value.IsZero() {
			params[key] = value.UTC().Format(time.RFC3339Nano)
		}
	}
	if q.User != "" {
		params["user-tag"] = "user-" + q.User
	}
	if q.Method != "" {
		params["method"] = q.Method
	}
	if q.Offset > 0 {
		params["offset"] = q.Offset
	}
	if q.Limit > 0 {
		params["limit"] = q.Limit
	}
	if q.NewestFirst {
		params["sortTime"] = true
	}
	return params, nil
}

// FindAuditEvents returns one page of the audit log (JIMM 4 FindAuditEvents).
// For JIMM administrators and those who were given access to the log.
//
// The log shows who requested what, and when, by JIMM's clock: one event for
// the request and one, marked Response, for the answer. It does not have the
// item errors of a bulk call: the answer to a MigrateModel that failed looks
// like the answer to one that did not.
func (c *Client) FindAuditEvents(ctx context.Context, query AuditQuery) ([]AuditEvent, error) {
	params, err := query.params()
	var reply struct {
		Events []AuditEvent `json:"events"`
	}
	if err == nil {
		err = c.call(ctx, "FindAuditEvents", 0, params, &reply)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read JIMM's audit log: %w", err)
	}
	return reply.Events, nil
}

// NewestAuditEvents returns the events that match query, the newest first,
// each once. It reads page after page while the caller asks for more; of query
// it takes Limit as the size of a page (0: 100) and ignores Offset and
// NewestFirst. Events that are logged while it runs may or may not be among
// them. An error ends the sequence.
//
// Pages are cut by time: each begins at the time of the one before's last
// event, so that events that come in at the front shift nothing, and events of
// the same millisecond, which JIMM orders anyhow, are not lost between two
// pages. Only if one time has more events than a page holds are events counted.
func (c *Client) NewestAuditEvents(ctx context.Context, query AuditQuery) iter.Seq2[AuditEvent, error] {
	if query.Limit == 0 {
		query.Limit = auditPage
	}
	query.Offset = 0
	query.NewestFirst = true
	return func(yield func(AuditEvent, error) bool) {
		query := query // the sequence may be used again
		seen := make(map[auditKey]bool)
		for stale := 0; ; {
			page, err := c.newestPage(ctx, query)
			if err != nil {
				yield(AuditEvent{}, err)
				return
			}
			stale++
			for _, event := range page {
				if key := event.key(); !seen[key] {
					seen[key] = true
					stale = 0
					if !yield(event, nil) {
						return
					}
				}
			}
			if len(page) < query.Limit {
				return
			}
			if stale == auditMaxStale {
				yield(AuditEvent{}, errors.New("cannot read JIMM's audit log further: it repeats itself"))
				return
			}
			query = query.after(page)
		}
	}
}

// after returns the query for the page after a full page.
func (q AuditQuery) after(page []AuditEvent) AuditQuery {
	last := page[len(page)-1].Time
	if last.IsZero() || !q.Before.IsZero() && !last.Before(q.Before) {
		q.Offset += len(page)
		return q
	}
	q.Before, q.Offset = last, 0
	return q
}

// newestPage reads one page and makes sure that JIMM has sorted it: otherwise
// the oldest events would be taken for the newest.
func (c *Client) newestPage(ctx context.Context, query AuditQuery) ([]AuditEvent, error) {
	page, err := c.FindAuditEvents(ctx, query)
	if err != nil {
		return nil, err
	}
	for i := 1; i < len(page); i++ {
		if page[i].Time.After(page[i-1].Time) {
			return nil, errors.New("cannot read the newest events of JIMM's audit log: this JIMM does not sort them")
		}
	}
	return page, nil
}

// AuditEvent is one entry of the audit log. Of the parameters of a call it has
// only what [AuditEvent.Migrations] needs: JIMM of 2024 stores the secrets of
// logins there in clear text, and they must not get any further than the wire.
type AuditEvent struct {
	Time time.Time
	// ConversationID and MessageID are the same for a request and its answer.
	ConversationID string
	MessageID      uint64
	Facade         string
	Method         string
	// User is the caller: the name without "user-"; empty before the login.
	User string
	// Response is false for the request, true for the answer to it.
	Response bool
	// Error is the first error of an answer; nil if there is none, or none
	// that JIMM records.
	Error *rpc.Error
	// Migrations are the models of a request MigrateModel or
	// UpdateMigratedModel, in its order; nil for all other events.
	Migrations []MigrationRequest
	// Changes are what a request asks for that changes where models are or may
	// go; nil for all other events. See [ChangeMethods].
	Changes []ChangeRequest
}

// ChangeMethods are the methods for which an [AuditEvent] has Changes. All but
// UpgradeModel (facade ModelUpgrader) and InitiateMigration (facade Controller)
// are of the facade JIMM; UpgradeTo and UpgradeModel are in JIMM of 2026 alone.
func ChangeMethods() []string {
	return []string{
		"MigrateModel", "UpdateMigratedModel", "UpgradeTo", "InitiateMigration", "ImportModel",
		"SetControllerDeprecated", "RemoveController", "UpgradeModel",
	}
}

// ChangeRequest is one change that a request asks for, of a model or a
// controller. A request does not mean that it was carried out.
type ChangeRequest struct {
	// ModelUUID or ModelPath name the model as in [MigrationRequest]; both are
	// empty if the request is about a controller.
	ModelUUID, ModelPath string
	// Controller is JIMM's name of the controller that is named: where the model
	// goes or is, or which controller is meant. For InitiateMigration it is the
	// caller's name for the target, or its UUID.
	Controller string
	// Version is what UpgradeModel asks for; "" means the controller's.
	Version string
	// Deprecated is the mark of SetControllerDeprecated: JIMM takes a missing one
	// for false. Force is that of RemoveController. DryRun means that nothing was
	// to be changed.
	Deprecated, Force, DryRun bool
}

// MigrationRequest is what a client asked JIMM to do with a model: to migrate
// it to a controller (MigrateModel) or to record that it is there
// (UpdateMigratedModel). A request does not mean that it was carried out.
type MigrationRequest struct {
	// ModelUUID is set if the model was named by a uuid or a model tag.
	ModelUUID string
	// ModelPath is set if it was named by owner/name.
	ModelPath string
	// TargetController is the controller's name.
	TargetController string
}

// Names reports whether the request is about the model with that uuid and that
// path, owner/name; an empty one is not compared.
func (r MigrationRequest) Names(uuid, path string) bool {
	return uuid != "" && r.ModelUUID == uuid || path != "" && r.ModelPath == path
}

// auditKey distinguishes events.
type auditKey struct {
	at           int64
	conversation string
	message      uint64
	method       string
	response     bool
}

func (e AuditEvent) key() auditKey {
	return auditKey{e.Time.UnixNano(), e.ConversationID, e.MessageID, e.Method, e.Response}
}
