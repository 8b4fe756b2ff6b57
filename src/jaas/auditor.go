package jaas

import (
	"context"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration/facts"
)

// auditor reads JIMM's audit log for the engine.
type auditor struct{ session *session }

// maxEvents bounds how far back the log is searched: requests about the model
// in question are nearly always among the newest.
const maxEvents = 1000

// Audit returns the requests to move or record the model, oldest first.
func (a *auditor) Audit(ctx context.Context, model facts.Model) (facts.Audit, error) {
	client, err := a.session.get(ctx)
	if err != nil {
		return facts.Audit{}, err
	}
	now, err := newest(ctx, client)
	if err != nil {
		return facts.Audit{}, err
	}
	out := facts.Audit{Now: now}
	for method, kind := range map[string]facts.RequestKind{"MigrateModel": facts.RequestMigrate, "UpdateMigratedModel": facts.RequestRecord} {
		requests, err := requests(ctx, client, method, kind, model)
		if err != nil {
			return facts.Audit{}, err
		}
		out.Requests = append(out.Requests, requests...)
	}
	facts.Sort(out.Requests, func(x, y facts.Request) int { return x.At.Compare(y.At) })
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

// requests returns the requests of one method that are about the model.
func requests(ctx context.Context, client *jimm.Client, method string, kind facts.RequestKind, model facts.Model) ([]facts.Request, error) {
	var (
		out      []facts.Request
		calls    []call // of out
		answered = map[call]bool{}
		seen     int
	)
	for event, err := range client.NewestAuditEvents(ctx, jimm.AuditQuery{Method: method}) {
		if err != nil {
			return nil, err
		}
		if seen++; seen > maxEvents {
			break
		}
		id := call{event.ConversationID, event.MessageID}
		if event.Response {
			answered[id] = true
			continue
		}
		for _, m := range event.Migrations {
			if m.Names(model.UUID, model.FullName()) {
				out = append(out, facts.Request{
					Kind: kind, Target: m.TargetController, At: event.Time, User: event.User, Own: event.User == client.Identity(),
				})
				calls = append(calls, id)
			}
		}
	}
	for i := range out {
		out[i].Answered = answered[calls[i]]
	}
	return out, nil
}
