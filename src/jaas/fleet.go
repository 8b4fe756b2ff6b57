package jaas

import (
	"context"
	"strings"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// lister lists JIMM's controllers and models for the engine.
type lister struct{ session *session }

// Controllers returns all controllers, ordered by name.
func (f *lister) Controllers(ctx context.Context) ([]facts.Controller, error) {
	client, err := f.session.get(ctx)
	if err != nil {
		return nil, err
	}
	return controllers(ctx, client)
}

// controllers lists JIMM's controllers, ordered by name.
func controllers(ctx context.Context, client *jimm.Client) ([]facts.Controller, error) {
	list, err := client.ListControllers(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]facts.Controller, len(list))
	for i, c := range list {
		out[i] = controllerOf(c)
	}
	facts.Sort(out, func(a, b facts.Controller) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func controllerOf(c jimm.Controller) facts.Controller {
	return facts.Controller{
		Name:          c.Name,
		UUID:          facts.ControllerUUID(c.UUID),
		AgentVersion:  c.AgentVersion,
		Status:        c.Status.Status,
		Addresses:     c.APIAddresses,
		PublicAddress: c.PublicAddress,
		CACert:        c.CACertificate,
		Cloud:         juju.TagID("cloud", c.CloudTag),
		Region:        c.CloudRegion,
	}
}

// Models returns all models with the controller on record. If JIMM leaves out models
// because the account lacks rights, the error matches [survey.RightsError].
func (f *lister) Models(ctx context.Context) (facts.ModelList, error) {
	client, err := f.session.get(ctx)
	if err != nil {
		return facts.ModelList{}, err
	}
	if err := f.session.rights.denied(); err != nil {
		return facts.ModelList{}, err
	}
	list, err := client.ListModelSummaries(ctx)
	if err != nil && len(list) == 0 {
		return facts.ModelList{}, err
	}
	if err == nil {
		if err := f.session.rights.check(ctx, client, len(list)); err != nil {
			return facts.ModelList{}, err
		}
	}
	live := f.session.first.Generation == jimm.Generation2025
	out := facts.ModelList{Models: make([]facts.Model, len(list)), Gaps: err}
	for i, m := range list {
		out.Models[i] = modelOf(m, live)
	}
	return out, nil
}

func modelOf(m juju.ModelSummary, live bool) facts.Model {
	out := facts.Model{
		UUID:         m.UUID,
		Name:         m.Name,
		Owner:        m.Owner(),
		Recorded:     facts.ControllerUUID(m.ControllerUUID),
		Type:         m.Type,
		Life:         m.Life,
		IsController: m.IsController,
		AgentVersion: m.AgentVersion,
		Cloud:        juju.TagID("cloud", m.CloudTag),
		Region:       m.CloudRegion,
		CloudType:    m.ProviderType,
		Machines:     m.Count("machines"),
		Units:        m.Count("units"),
		Cores:        m.Count("cores"),
	}
	if live {
		out.Entry = entryOf(m)
	}
	return out
}

// unlisted is the status that JIMM gives a model which its recorded controller
// does not list, or which it could not ask about (JIMM of December 2024 and
// later).
const unlisted = "unavailable"

// entryOf reads an entry of a list that JIMM has asked the controllers for.
func entryOf(m juju.ModelSummary) facts.Entry {
	if m.Status.Status == unlisted && m.Type == "" {
		return facts.Entry{Kind: facts.InfoUnlisted}
	}
	return facts.Entry{
		Kind:         facts.InfoListed,
		Recorded:     facts.ControllerUUID(m.ControllerUUID),
		Status:       m.Status.Status,
		StatusText:   redact.Raw(m.Status.Info),
		Attempt:      attemptOf(m.Migration, m.Status),
		Life:         m.Life,
		IsController: m.IsController,
		AgentVersion: m.AgentVersion,
	}
}

// attemptOf reads the migration that a controller shows for a model. Builds of Juju 4
// derive it from the model's status, and its start is the time of that status. What
// 4.0.x shows for a half-imported copy is not a migration of its source.
func attemptOf(m *juju.MigrationStatus, s juju.EntityStatus) facts.Attempt {
	if m == nil || m.Status == facts.TextImporting {
		return facts.Attempt{}
	}
	drifts := m.End == nil && m.Start != nil && s.Since != nil && m.Start.Equal(*s.Since)
	return facts.Attempt{Text: redact.Raw(m.Status), Start: timeOf(m.Start), End: timeOf(m.End), StartUnstable: drifts}
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
