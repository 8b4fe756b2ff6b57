// Package jaas lets the engine see and change a JAAS: it implements the interfaces of
// package migration with connections to JIMM and to controllers.
package jaas

import (
	"context"

	"jimm-migrator/src/config"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// JAAS is the JAAS that an action uses.
type JAAS struct {
	// Engine has the interfaces through which the engine reads.
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
	return over(settings, &session{settings: settings, client: client, borrowed: true, first: accountOf(client)})
}

func over(settings config.Settings, s *session) *JAAS {
	j := &JAAS{session: s, login: newModelLogin(s, false), connections: &connections{logins: settings.Controllers, network: settings.JIMM}}
	j.Engine = j.view(&lister{session: s}, &auditor{session: s}, j.login)
	return j
}

// view is what the engine reads through these lists, this log and this login to a
// model.
func (j *JAAS) view(list survey.Fleet, log survey.Auditor, login *modelLogin) survey.JAAS {
	controllers := reader{j.connections}
	return survey.JAAS{
		Fleet:     list,
		Witness:   &witness{session: j.session, fleet: list, login: login, controllers: controllers, network: j.session.settings.JIMM},
		Auditor:   log,
		Inspector: &inspector{session: j.session, login: login, controllers: controllers},

		Controllers:      controllers,
		ControllerModels: controllers,
		Imports:          controllers,
		Traits:           traits(j.session.first.Generation),
	}
}

// View returns what the engine reads about one of many models. Lists and log are
// shared. The login to the model is its own, because two models cannot share
// one. With quiet there is no login if JIMM would store its secret (2024). The
// function that is returned ends the connections to the model.
func (j *JAAS) View(fleet survey.Fleet, log survey.Auditor, model string, quiet bool) (survey.JAAS, func()) {
	login := newModelLogin(j.session, quiet)
	return j.view(fleet, log, login), func() {
		login.close()
		j.connections.closeModel(model)
	}
}

// Writer returns a value that can start migrations and record models.
func (j *JAAS) Writer() migration.Writer { return &writer{recorder{j.session}} }

// Recorder returns a value that can record models, and cannot start migrations.
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

// traits are what the engine has to know about a generation of JIMM.
func traits(g jimm.Generation) facts.Traits {
	if g == jimm.Generation2025 {
		return facts.Traits{AutoRecords: true, CLI: "juju jaas"}
	}
	return facts.Traits{LogsSecrets: true, CLI: "jimmctl"}
}
