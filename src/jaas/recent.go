package jaas

import (
	"context"
	"fmt"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration/facts"
)

// recently is how far back [JAAS.RecentMigrations] searches.
const recently = 24 * time.Hour

// Recent are the requests to migrate of the last day, by JIMM's clock.
type Recent struct {
	now      time.Time
	requests []recentRequest // oldest first
}

type recentRequest struct {
	facts.Request
	about jimm.MigrationRequest
}

// Of returns the requests about a model.
func (r Recent) Of(m facts.Model) facts.Audit {
	audit := facts.Audit{Now: r.now}
	for _, q := range r.requests {
		if q.about.Names(m.UUID, m.FullName()) {
			audit.Requests = append(audit.Requests, q.Request)
		}
	}
	return audit
}

// RecentMigrations reads the requests of the last day from JIMM's audit log. With
// an error it returns those that it has read.
func (j *JAAS) RecentMigrations(ctx context.Context) (Recent, error) {
	client, err := j.session.get(ctx)
	if err != nil {
		return Recent{}, err
	}
	var out Recent
	if out.now, err = newest(ctx, client); err != nil || out.now.IsZero() {
		return out, err
	}
	seen := 0
	for event, err := range client.NewestAuditEvents(ctx, jimm.AuditQuery{Method: "MigrateModel", After: out.now.Add(-recently)}) {
		if err != nil {
			return out, err
		}
		if seen++; seen > maxEvents {
			return out, fmt.Errorf("only its newest %d events were read", maxEvents)
		}
		if event.Response {
			continue
		}
		for _, m := range event.Migrations {
			q := facts.Request{Kind: facts.RequestMigrate, Target: m.TargetController, At: event.Time, User: event.User, Own: event.User == client.Identity()}
			out.requests = append([]recentRequest{{q, m}}, out.requests...)
		}
	}
	return out, nil
}
