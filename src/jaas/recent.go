package jaas

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration/facts"
)

// recently is how far back [JAAS.RecentMigrations] searches.
const recently = 24 * time.Hour

// Recent are the requests to migrate and to record of the last day, by JIMM's clock.
type Recent struct {
	now      time.Time
	requests map[string][]facts.Request // By what they name.
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
	if out.now, err = newest(ctx, client); err != nil || out.now.IsZero() {
		return out, err
	}
	if err := out.read(ctx, client, "UpdateMigratedModel", facts.RequestRecord); err != nil {
		return out, err
	}
	return out, out.read(ctx, client, "MigrateModel", facts.RequestMigrate)
}

// read adds the requests of one method.
func (r Recent) read(ctx context.Context, client *jimm.Client, method string, kind facts.RequestKind) error {
	seen := 0
	for event, err := range client.NewestAuditEvents(ctx, jimm.AuditQuery{Method: method, After: r.now.Add(-recently), Limit: eventsAtOnce}) {
		if err != nil {
			return err
		}
		if seen++; seen > mostHistory {
			return fmt.Errorf("only its newest %d events were read", mostHistory)
		}
		if event.Response {
			continue
		}
		for _, m := range event.Migrations {
			name := cmp.Or(m.ModelUUID, m.ModelPath)
			r.requests[name] = append(r.requests[name], facts.Request{
				Kind: kind, Target: m.TargetController, At: event.Time, User: event.User, Own: event.User == client.Identity(),
			})
		}
	}
	return nil
}
