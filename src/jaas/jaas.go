// Package jaas lets the engine see and change a JAAS: it implements the interfaces of
// package migration with connections to JIMM and to controllers.
package jaas

import (
	"context"
	"time"

	"jimm-migrator/src/config"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// JAAS is a JAAS that an action talks to.
type JAAS struct {
	// Engine is what the engine reads.
	Engine survey.JAAS

	session     *session
	login       *modelLogin
	connections *connections
}

// Connect logs in to JIMM, as an administrator.
func Connect(ctx context.Context, settings config.Settings) (*JAAS, error) {
	s, err := openSession(ctx, settings)
	if err != nil {
		return nil, err
	}
	return over(settings, s), nil
}

// Borrow is a JAAS over a connection that the caller closes. It does not connect
// again.
func Borrow(settings config.Settings, client *jimm.Client) *JAAS {
	return over(settings, &session{settings: settings, client: client, retryAt: time.Now().Add(time.Hour), first: accountOf(client)})
}

func over(settings config.Settings, s *session) *JAAS {
	fleet, login := &fleet{session: s}, &modelLogin{session: s}
	conns := &connections{logins: settings.Controllers, network: settings.JIMM}
	return &JAAS{session: s, login: login, connections: conns, Engine: survey.JAAS{
		Fleet:     fleet,
		Witness:   &witness{session: s, fleet: fleet, login: login, controllers: reader{conns}, network: settings.JIMM},
		Auditor:   &auditor{session: s},
		Inspector: &inspector{session: s, login: login, controllers: reader{conns}},

		Controllers: reader{conns},
		Traits:      traits(s.first.Generation),
	}}
}

// Writer returns what can start migrations and record models.
func (j *JAAS) Writer() migration.Writer { return &writer{recorder{j.session}} }

// Recorder returns what can record models and can start nothing.
func (j *JAAS) Recorder() migration.Recorder { return &recorder{j.session} }

// Client returns a connection to JIMM that was alive a moment ago.
func (j *JAAS) Client(ctx context.Context) (*jimm.Client, error) { return j.session.get(ctx) }

// Account returns the account of the first login.
func (j *JAAS) Account() Account { return j.session.first }

// Close ends all connections.
func (j *JAAS) Close() {
	j.login.close()
	j.connections.close()
	j.session.close()
}

// traits are what the engine has to know of a generation of JIMM.
func traits(g jimm.Generation) facts.Traits {
	if g == jimm.Generation2025 {
		return facts.Traits{AutoRecords: true, CLI: "juju jaas"}
	}
	return facts.Traits{LogsSecrets: true, CLI: "jimmctl"}
}
