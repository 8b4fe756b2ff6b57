package jaas

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration/facts"
)

// recently is how far back [JAAS.RecentMigrations] searches.
const recently = 24 * time.Hour

// Recent are the requests to migrate of the last day, by JIMM's clock.
type Recent struct {
	now      time.Time
	requests map[string][]facts.Request // By what they name, the oldest first.
}

// Of returns the requests about a model.
func (r Recent) Of(m facts.Model) facts.Audit {
	audit := facts.Audit{Now: r.now}
	for _, name := range []string{m.UUID, m.FullName()} {
		audit.Requests = append(audit.Requests, r.requests[name]...)
	}
	facts.Sort(audit.Requests, func(x, y facts.Request) int { return x.At.Compare(y.At) })
	return audit
}

// RecentMigrations reads the requests of the last day from JIMM's audit log. With
// an error it returns those that it has read.
func (j *JAAS) RecentMigrations(ctx context.Context) (Recent, error) {
	client, err := j.session.get(ctx)
	if err != nil {
		return Recent{}, err
	}
	out := Recent{requests: map[string][]facts.Request{}}
	defer func() {
		for _, list := range out.requests {
			slices.Reverse(list)
		}
	}()
	if out.now, err = newest(ctx, client); err != nil || out.now.IsZero() {
		return out, err
	}
	seen := 0
	for event, err := range client.NewestAuditEvents(ctx, jimm.AuditQuery{Method: "MigrateModel", After: out.now.Add(-recently), Limit: eventsAtOnce}) {
		if err != nil {
			return out, err
		}
		if seen++; seen > mostHistory {
			return out, fmt.Errorf("only its newest %d events were read", mostHistory)
		}
		if event.Response {
			continue
		}
		for _, m := range event.Migrations {
			name := cmp.Or(m.ModelUUID, m.ModelPath)
			out.requests[name] = append(out.requests[name], facts.Request{
				Kind: facts.RequestMigrate, Target: m.TargetController, At: event.Time, User: event.User, Own: event.User == client.Identity(),
			})
		}
	}
	return out, nil
}
