package jaas

import (
	"context"
	"sync"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// auditor reads JIMM's audit log for the engine.
type auditor struct{ session *session }

// maxEvents bounds how far back the log is searched: requests about the model
// in question are nearly always among the newest.
const maxEvents = 1000

// Audit returns the requests to move or record the model, oldest first.
func (a *auditor) Audit(ctx context.Context, model facts.Model) (facts.Audit, error) {
	events, err := readEvents(ctx, a.session)
	return events.of(model), err
}

// AuditOnce returns an auditor that reads JIMM's audit log when it is first asked, and answers for all models from that.
func (j *JAAS) AuditOnce() survey.Auditor { return &auditorOnce{session: j.session} }

// auditorOnce reads the log once.
type auditorOnce struct {
	session *session
	once    sync.Once
	events  events
	err     error
}

// Audit returns the requests to move or record the model, oldest first.
func (a *auditorOnce) Audit(ctx context.Context, model facts.Model) (facts.Audit, error) {
	a.once.Do(func() { a.events, a.err = readEvents(ctx, a.session) })
	return a.events.of(model), a.err
}

// events are the newest requests to move or record models, with JIMM's clock.
type events struct {
	now      time.Time
	requests []event
}

// event is one request, of whichever model.
type event struct {
	facts.Request
	spec jimm.MigrationRequest
}

// of returns the requests about a model.
func (e events) of(model facts.Model) facts.Audit {
	out := facts.Audit{Now: e.now}
	for _, r := range e.requests {
		if r.spec.Names(model.UUID, model.FullName()) {
			out.Requests = append(out.Requests, r.Request)
		}
	}
	facts.Sort(out.Requests, func(x, y facts.Request) int { return x.At.Compare(y.At) })
	return out
}

// readEvents reads the log. With an error it returns nothing.
func readEvents(ctx context.Context, s *session) (events, error) {
	client, err := s.get(ctx)
	if err != nil {
		return events{}, err
	}
	now, err := newest(ctx, client)
	if err != nil {
		return events{}, err
	}
	out := events{now: now}
	for method, kind := range map[string]facts.RequestKind{"MigrateModel": facts.RequestMigrate, "UpdateMigratedModel": facts.RequestRecord} {
		list, err := requests(ctx, client, method, kind)
		if err != nil {
			return events{}, err
		}
		out.requests = append(out.requests, list...)
	}
	return out, nil
}

// newest returns the time of the newest event: JIMM logs every call, this one
// too, so it is JIMM's clock.
func newest(ctx context.Context, client *jimm.Client) (time.Time, error) {
	events, err := client.FindAuditEvents(ctx, jimm.AuditQuery{Limit: 1, NewestFirst: true})
	if err != nil || len(events) == 0 {
		return time.Time{}, err
	}
	return events[0].Time, nil
}

// call is what a request and the answer to it have in common.
type call struct {
	conversation string
	message      uint64
}

// requests returns the requests of one method.
func requests(ctx context.Context, client *jimm.Client, method string, kind facts.RequestKind) ([]event, error) {
	var (
		out      []event
		calls    []call // of out
		answered = map[call]bool{}
		seen     int
	)
	for e, err := range client.NewestAuditEvents(ctx, jimm.AuditQuery{Method: method}) {
		if err != nil {
			return nil, err
		}
		if seen++; seen > maxEvents {
			break
		}
		id := call{e.ConversationID, e.MessageID}
		if e.Response {
			answered[id] = true
			continue
		}
		for _, m := range e.Migrations {
			out = append(out, event{facts.Request{
				Kind: kind, Target: m.TargetController, At: e.Time, User: e.User, Own: e.User == client.Identity(),
			}, m})
			calls = append(calls, id)
		}
	}
	for i := range out {
		out[i].Answered = answered[calls[i]]
	}
	return out, nil
}
