package jimm

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// auditEvent is an entry of the audit log; each call makes two, request and response.
type auditEvent struct {
	Time         string          `json:"time"` // milliseconds, without zeros at the end
	Conversation string          `json:"conversation-id"`
	MessageID    uint64          `json:"message-id"`
	Facade       string          `json:"facade-name"`
	Method       string          `json:"facade-method"`
	Version      int             `json:"facade-version"`
	ObjectID     string          `json:"object-id,omitempty"`
	UserTag      string          `json:"user-tag"` // "user-" before the login
	Model        string          `json:"model,omitempty"`
	IsResponse   bool            `json:"is-response"`
	Params       json.RawMessage `json:"params,omitempty"`
	Errors       *auditErrors    `json:"errors,omitempty"`

	at time.Time
}

type auditErrors struct {
	Results []auditResult `json:"results"`
}

type auditResult struct {
	Error auditError `json:"error"`
}

type auditError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (ss *session) auditEvent(req *wire.Request) auditEvent {
	user, _ := ss.who()
	now := time.Now().Add(ss.s.opts.Skew).UTC().Truncate(time.Millisecond)
	return auditEvent{
		Time: now.Format("2006-01-02T15:04:05.999Z07:00"), at: now, Conversation: ss.conversation,
		MessageID: req.RequestID, Facade: req.Facade, Method: req.Method, Version: req.Version, ObjectID: req.ID,
		UserTag: "user-" + user, Model: ss.modelName,
	}
}

// LogPast writes a successful call of an administrator from before the server began, request and response. Its message
// id is made from the time: two calls of one millisecond have the same, which real ones do not, and the request always
// precedes its response, while a real JIMM of 2024 orders those of one millisecond in any way (recorded).
func (s *Server) LogPast(at time.Time, method, params string) {
	at = at.Add(s.opts.Skew).UTC().Truncate(time.Millisecond)
	event := auditEvent{
		Time: at.Format("2006-01-02T15:04:05.999Z07:00"), at: at, Conversation: "0123456789abcdef", MessageID: uint64(at.UnixMilli()),
		Facade: "JIMM", Method: method, Version: 4, UserTag: "user-carol@example.com", Params: json.RawMessage(params),
	}
	s.db.addEvent(event)
	event.Params, event.IsResponse, event.Errors = nil, true, &auditErrors{[]auditResult{{}}}
	s.db.addEvent(event)
}

func (ss *session) auditRequest(req *wire.Request) {
	event := ss.auditEvent(req)
	event.Params = req.Params
	if ss.s.redacted(req.Method) {
		event.Params = json.RawMessage(`{"params":"redacted"}`)
	}
	ss.s.db.addEvent(event)
}

// redacted names the methods whose params are kept secret. LoginWithClientCredentials was forgotten in 2024: that JIMM
// stores the client secret in clear text. The other names are from the source of 2024.
func (s *Server) redacted(method string) bool {
	switch method {
	case "LoginWithClientCredentials":
		return s.gen.RedactLogins
	case "Login", "LoginDevice", "GetDeviceSessionToken", "LoginWithSessionToken", "AddCredentials",
		"UpdateCredentials", "UpdateCredentialsCheckModels":
		return true
	default:
		return false
	}
}

// auditResponse keeps the error of the call as a whole. Errors of items are lost: a MigrateModel that was refused
// cannot be distinguished from one that was accepted.
func (ss *session) auditResponse(req *wire.Request, err error) {
	event := ss.auditEvent(req)
	event.IsResponse = true
	var failure auditError
	if e := wire.AsError(err); e != nil {
		failure = auditError{e.Code, e.Message}
	}
	event.Errors = &auditErrors{[]auditResult{{failure}}}
	ss.s.db.addEvent(event)
}

func (d *database) addEvent(e auditEvent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, e)
}

// FindAuditEventsRequest are the params of FindAuditEvents. JIMM's errors name the type.
type FindAuditEventsRequest struct {
	After    string `json:"after"`
	Before   string `json:"before"`
	UserTag  string `json:"user-tag"`
	Model    string `json:"model"`
	Method   string `json:"method"`
	Offset   int    `json:"offset"`
	Limit    int    `json:"limit"`
	SortTime bool   `json:"sortTime"` // most recent first
}

const (
	auditLimitDefault = 50
	auditLimitMax     = 1000
)

// findAuditEvents is for administrators and viewers of the audit log. Oldest first unless sortTime is set; the order of
// events of one millisecond is then undefined, so a request may follow its own reply (2024, recorded; not seen in
// 2026). A range includes its ends, to the millisecond (recorded). The log already contains the request itself.
func (ss *session) findAuditEvents(_ context.Context, req *wire.Request) (any, error) {
	user, admin := ss.who()
	viewer := ss.s.db.hasTuple(Tuple{"user-" + user, relAuditViewer, ss.s.jimmTag()})
	if !admin && !viewer {
		return nil, errUnauthorized()
	}
	var query FindAuditEventsRequest
	if err := req.Decode(&query); err != nil {
		return nil, err
	}
	after, err := ss.s.auditTime(query.After, "after")
	if err != nil {
		return nil, err
	}
	before, err := ss.s.auditTime(query.Before, "before")
	if err != nil {
		return nil, err
	}
	if _, err := userName(query.UserTag); query.UserTag != "" && err != nil {
		return nil, wire.Errorf(codeBadRequest, "invalid \"user-tag\" filter: %v", err)
	}
	ss.s.db.mu.Lock()
	events := slices.Clone(ss.s.db.events)
	ss.s.db.mu.Unlock()
	events = slices.DeleteFunc(events, func(e auditEvent) bool {
		return query.UserTag != "" && e.UserTag != query.UserTag ||
			query.Model != "" && e.Model != query.Model ||
			query.Method != "" && e.Method != query.Method ||
			!after.IsZero() && e.at.Before(after) ||
			!before.IsZero() && e.at.After(before)
	})
	if query.SortTime {
		if !ss.s.gen.TiesForward {
			slices.Reverse(events)
		}
		slices.SortStableFunc(events, func(a, b auditEvent) int { return b.at.Compare(a.at) })
	}
	return map[string][]auditEvent{"events": page(events, query.Offset, query.Limit)}, nil
}

func page(events []auditEvent, offset, limit int) []auditEvent {
	if limit <= 0 {
		limit = auditLimitDefault
	}
	limit = min(limit, auditLimitMax)
	offset = min(max(offset, 0), len(events))
	return append([]auditEvent{}, events[offset:min(offset+limit, len(events))]...)
}

// auditTime parses a bound, which is RFC 3339 (recorded). Only 2026 explains what is wrong with an invalid one.
func (s *Server) auditTime(text, name string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	switch {
	case err != nil && s.gen.TiesForward:
		return time.Time{}, wire.Errorf(codeBadRequest, "invalid %q filter", name)
	case err != nil:
		return time.Time{}, wire.Errorf(codeBadRequest, "invalid %q filter: %v", name, err)
	}
	return t, nil
}
