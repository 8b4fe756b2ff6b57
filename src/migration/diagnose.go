package migration

import "context"

// Diagnosis is everything that one look at a model has brought, for a bug report.
// Its errors and texts have not been redacted.
type Diagnosis struct {
	Model       Model
	Controllers []Controller
	// Source is the controller on JIMM's record.
	Source Controller
	Record Record
	// Info is what a survey goes by, Summary the entry of JIMM's list.
	Info    Info
	Summary Info
	Host    Host
	// Copies holds the answers of the controllers, by controller UUID.
	Copies   map[string]Copy
	Audit    Audit
	AuditErr error
}

// Diagnose looks at a model as a migration does, and changes nothing. An error
// means that JIMM did not list its controllers or models, or does not know the
// model ([*SelectError]).
func Diagnose(ctx context.Context, jaas JAAS, opts Options) (Diagnosis, error) {
	s, err := newRun(jaas, opts).survey(ctx)
	if err != nil {
		return Diagnosis{}, err
	}
	if !s.modelKnown() {
		return Diagnosis{}, s.modelErr
	}
	return Diagnosis{
		Model: s.model, Controllers: s.controllers, Source: s.source,
		Record: jaas.Witness.Record(ctx, s.model.UUID), Summary: s.model.Live,
		Info: s.seen.Info, Host: s.seen.Host, Copies: s.seen.Copies, Audit: s.audit, AuditErr: s.auditErr,
	}, nil
}

// String says in one word how the recorded controller answered.
func (k InfoKind) String() string {
	return [...]string{"not-asked", "live", "redirected", "denied", "broken", "refused", "unlisted", "unavailable"}[k]
}

// String says in one word how a login to the model ended.
func (k HostKind) String() string {
	return [...]string{"not-asked", "serves", "refused", "unavailable"}[k]
}

// String says in one word what a controller says of its copy.
func (s CopyState) String() string {
	return [...]string{"unknown", "absent", "present", "moved", "importing", "active", "exporting"}[s]
}

// String says in one word what is known of JIMM's record.
func (s RecordState) String() string {
	return [...]string{"unknown", "at", "lost"}[s]
}

// String says in one word what was asked.
func (k RequestKind) String() string {
	return [...]string{"", "migrate", "record"}[k]
}
