package hooks

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/report"
	"jimm-migrator/src/status"
)

// The bounds of [finishRecords].
const (
	// leastToRecord is how much time must be left to begin with a model: the engine
	// asks several times before it records.
	leastToRecord = 700 * time.Millisecond
	// rememberRequests is how long before our latest request an earlier one still
	// matters, and leastRequests how many matter however old they are.
	rememberRequests = 7 * 24 * time.Hour
	leastRequests    = 100
	// eventsAtOnce is the most that JIMM gives in one answer.
	eventsAtOnce = 1000
)

// finishRecords records migrations that an action was killed before it could record
// (config finish-records). It records a model only if JIMM's audit log has our own
// request to migrate it to that controller, this is our latest request for the
// model, and the source itself reports that it has moved the model there. The engine
// requires its own proof as well. finishRecords starts nothing. It handles the
// unfinished models one after another, as time allows, beginning after the last one
// of the previous hook, so that one source that does not answer does not hold up the
// others.
func finishRecords(ctx context.Context, u *charm.Unit, settings config.Settings, client *jimm.Client, after string) (done status.Finished, err error) {
	done.Last = after
	if !settings.ProbeControllers {
		return done, nil // The sources cannot be asked.
	}
	j := jaas.Borrow(settings, client)
	defer j.Close()
	list, err := unfinishedModels(ctx, j, client)
	if err != nil {
		return done, err
	}
	silent, errs := map[facts.ControllerUUID]bool{}, []error{}
	for _, m := range behind(list, after) {
		deadline, bounded := ctx.Deadline()
		if ctx.Err() != nil || bounded && time.Until(deadline) < leastToRecord {
			done.More = true
			break
		}
		done.Last = m.model.UUID
		if silent[m.source.UUID] {
			continue
		}
		says, answered := m.released(ctx, j)
		silent[m.source.UUID] = !answered
		if !says {
			continue
		}
		recorded, err := m.record(ctx, u, settings, j)
		errs = append(errs, err)
		if recorded {
			done.Recorded = append(done.Recorded, m.model.UUID)
		}
	}
	return done, errors.Join(errs...)
}

// behind rotates the list, which is sorted by UUID, so that it begins after a
// model.
func behind(list []unfinished, after string) []unfinished {
	at := slices.IndexFunc(list, func(m unfinished) bool { return m.model.UUID > after })
	if at < 0 {
		return list
	}
	return slices.Concat(list[at:], list[:at])
}

// unfinished is a model that we have asked JIMM to migrate, and that JIMM does
// not record on the target.
type unfinished struct {
	model          facts.Model
	source, target facts.Controller
}

// unfinishedModels compares our own requests with JIMM's record.
func unfinishedModels(ctx context.Context, j *jaas.JAAS, client *jimm.Client) ([]unfinished, error) {
	requests, err := ownRequests(ctx, client)
	if err != nil || len(requests) == 0 {
		return nil, err
	}
	controllers, err := j.Engine.Fleet.Controllers(ctx)
	if err != nil {
		return nil, err
	}
	models, err := j.Engine.Fleet.Models(ctx)
	if err != nil {
		return nil, err
	}
	byUUID, byName := map[facts.ControllerUUID]facts.Controller{}, map[string]facts.Controller{}
	for _, c := range controllers {
		byUUID[c.UUID], byName[c.Name] = c, c
	}
	var out []unfinished
	latest := map[string]int{} // By what they name.
	for i, r := range slices.Backward(requests) {
		latest[cmp.Or(r.ModelUUID, r.ModelPath)] = i
	}
	for _, m := range models.Models {
		at, asked := latest[m.UUID]
		if byPath, also := latest[m.FullName()]; also && (!asked || byPath < at) {
			at, asked = byPath, true
		}
		if !asked {
			continue
		}
		target := byName[requests[at].TargetController]
		if target.Known() && target.UUID != m.Recorded && byUUID[m.Recorded].Known() {
			out = append(out, unfinished{model: m, source: byUUID[m.Recorded], target: target})
		}
	}
	facts.Sort(out, func(x, y unfinished) int { return strings.Compare(x.model.UUID, y.model.UUID) })
	return out, nil
}

// ownRequests returns what we have asked JIMM to migrate, the newest first.
func ownRequests(ctx context.Context, client *jimm.Client) ([]jimm.MigrationRequest, error) {
	var out []jimm.MigrationRequest
	var latest time.Time
	seen := 0
	for event, err := range client.NewestAuditEvents(ctx, jimm.AuditQuery{Method: "MigrateModel", User: client.Identity(), Limit: eventsAtOnce}) {
		if err != nil {
			return nil, err
		}
		if latest.IsZero() {
			latest = event.Time
		}
		if seen++; seen > leastRequests && latest.Sub(event.Time) > rememberRequests {
			break
		}
		if !event.Response && event.User == client.Identity() {
			out = append(out, event.Migrations...)
		}
	}
	return out, nil
}

// released reports whether the source reports that it has moved the model to the target,
// and whether it answered at all. Half of the remaining time is left for others.
func (m unfinished) released(ctx context.Context, j *jaas.JAAS) (says, answered bool) {
	if deadline, ok := ctx.Deadline(); ok {
		var end context.CancelFunc
		ctx, end = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer end()
	}
	got := j.Engine.Witness.Copy(ctx, m.source, m.model.UUID)
	return got.State == facts.CopyMoved && got.To == m.target.UUID, got.State != facts.CopyUnknown
}

// record has the engine record the model.
func (m unfinished) record(ctx context.Context, u *charm.Unit, settings config.Settings, j *jaas.JAAS) (done bool, err error) {
	limit := time.Second
	if deadline, ok := ctx.Deadline(); ok {
		limit = max(time.Until(deadline), time.Nanosecond)
	}
	events := report.OpenEventLog(ctx, u, report.EventLogOptions{
		Action: "finish-records", Model: m.model.UUID, Target: m.target.Name, Patience: time.Second / 2,
	})
	defer events.Close(ctx)
	result, err := migration.Finish(ctx, j.Engine, j.Recorder(), migration.Options{
		Options: survey.Options{
			Model:    m.model.UUID,
			Target:   m.target.Name,
			Unit:     u.Env().Unit,
			OwnModel: u.Env().ModelUUID,
			Probe:    true,
		},
		PollInterval: settings.PollInterval,
		Timeout:      limit,
		Until:        migration.UntilRecorded,
		Report:       events.Event,
	})
	if err != nil {
		return false, err
	}
	events.Finish(result, report.Summary(result))
	return result.Outcome == facts.Recorded, nil
}
