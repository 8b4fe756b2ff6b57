package hooks

import (
	"context"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
)

// The bounds of [finishRecords].
const (
	// recentRequests is how many of our own requests are looked at, the newest.
	recentRequests = 100
	// mostRecords is how many models are recorded in one hook.
	mostRecords = 3
)

// finishRecords records migrations whose action was killed before it could (config
// finish-records). It records a model only where JIMM's audit log has our own
// request to migrate it to that controller, it is the latest of ours for that
// model, and the source itself says that it has moved the model there. The engine
// demands its own proof as well. It starts nothing. The UUIDs of the models that
// it recorded are returned.
func finishRecords(ctx context.Context, u *charm.Unit, settings config.Settings, client *jimm.Client) (recorded []string, err error) {
	if !settings.ProbeControllers {
		return nil, nil // The sources cannot be asked.
	}
	j := jaas.Borrow(settings, client)
	defer j.Close()
	unfinished, err := unfinishedModels(ctx, j, client)
	if err != nil {
		return nil, err
	}
	for _, m := range unfinished[:min(len(unfinished), mostRecords)] {
		done, err := m.record(ctx, u, settings, j)
		if err != nil {
			return recorded, err
		}
		if done {
			recorded = append(recorded, m.model.UUID)
		}
	}
	return recorded, nil
}

// unfinished is a model that we have asked JIMM to migrate and that it does not
// record where it should be then.
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
	// A list may come with an error about single models.
	models, err := j.Engine.Fleet.Models(ctx)
	if err != nil && len(models) == 0 {
		return nil, err
	}
	byUUID, byName := map[string]facts.Controller{}, map[string]facts.Controller{}
	for _, c := range controllers {
		byUUID[c.UUID], byName[c.Name] = c, c
	}
	var out []unfinished
	for _, m := range models {
		for _, r := range requests { // the newest first
			if !r.Names(m.UUID, m.FullName()) {
				continue
			}
			target := byName[r.TargetController]
			if target.Known() && target.UUID != m.Recorded && byUUID[m.Recorded].Known() {
				out = append(out, unfinished{model: m, source: byUUID[m.Recorded], target: target})
			}
			break
		}
	}
	return out, nil
}

// ownRequests returns what we have asked JIMM to migrate, the newest first.
func ownRequests(ctx context.Context, client *jimm.Client) ([]jimm.MigrationRequest, error) {
	var out []jimm.MigrationRequest
	seen := 0
	for event, err := range client.NewestAuditEvents(ctx, jimm.AuditQuery{Method: "MigrateModel", User: client.Identity()}) {
		if err != nil {
			return nil, err
		}
		if seen++; seen > recentRequests {
			break
		}
		if !event.Response && event.User == client.Identity() {
			out = append(out, event.Migrations...)
		}
	}
	return out, nil
}

// record lets the engine record the model, if the source says that it is there.
func (m unfinished) record(ctx context.Context, u *charm.Unit, settings config.Settings, j *jaas.JAAS) (done bool, err error) {
	says := j.Engine.Witness.Copy(ctx, m.source, m.model.UUID)
	if says.State != facts.CopyMoved || says.To != m.target.UUID {
		return false, nil
	}
	limit := time.Second
	if deadline, ok := ctx.Deadline(); ok {
		limit = max(time.Until(deadline), time.Nanosecond)
	}
	events := report.OpenEventLog(ctx, u, report.EventLogOptions{
		Action: "finish-records", Model: m.model.UUID, Target: m.target.Name, Patience: time.Second / 2,
	})
	defer events.Close(ctx)
	result, err := migration.Finish(ctx, j.Engine, j.Recorder(), migration.Options{
		Model: m.model.UUID, Target: m.target.Name, Unit: u.Env().Unit, OwnModel: u.Env().ModelUUID,
		Probe: true, PollInterval: settings.PollInterval, Timeout: limit, Unattended: true, Report: events.Event,
	})
	if err != nil {
		return false, err
	}
	events.Finish(result)
	return result.Outcome == facts.Recorded, nil
}
