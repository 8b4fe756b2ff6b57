package migration

import (
	"context"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
)

// Diagnosis is everything that one observation of a model shows, for a bug report.
// Its errors and texts have not been redacted.
type Diagnosis struct {
	Model       facts.Model
	Controllers []facts.Controller
	// Source is the controller on JIMM's record.
	Source facts.Controller
	Record facts.Record
	// Info is what a survey uses, Entry the row of JIMM's list.
	Info  facts.Info
	Entry facts.Entry
	Host  facts.Host
	// Copies has the answers of the controllers, by controller UUID.
	Copies   map[facts.ControllerUUID]facts.Copy
	Audit    facts.Audit
	AuditErr error
	// Placement is where this places the model, and Undecided why that is not known; "" if it is.
	Placement judge.Placement
	Undecided string
}

// Diagnose observes a model as a migration does, and changes nothing. An error
// means that JIMM did not list its controllers or models, or does not know the
// model ([*facts.SelectError]).
func Diagnose(ctx context.Context, jaas survey.JAAS, opts Options) (Diagnosis, error) {
	s, err := newRun(jaas, opts).Survey(ctx)
	if err != nil {
		return Diagnosis{}, err
	}
	if !s.ModelKnown() && !s.Lost() {
		return Diagnosis{}, s.ModelErr
	}
	d := Diagnosis{
		Model: s.Model, Controllers: s.Controllers, Source: s.Source,
		Record: jaas.Witness.Record(ctx, s.Model.UUID), Entry: s.Model.Entry,
		Info: s.Observation.Info, Host: s.Observation.Host, Copies: s.Observation.Copies, Audit: s.Audit, AuditErr: s.AuditErr,
		Placement: s.Placement(),
	}
	if d.Placement == judge.Undecided {
		d.Undecided = s.Undecided()
	}
	return d, nil
}
