package actions

import (
	"context"
	"errors"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/rpc"
)

// All returns the handlers by the names in actions.yaml.
func All() map[string]charm.ActionFunc { return AllOf("dev") }

// AllOf is [All] for a charm of that version.
func AllOf(version string) map[string]charm.ActionFunc {
	return map[string]charm.ActionFunc{
		"locate-model":     redacting(locateModel),
		"migrate-model":    redacting(migrateModel),
		"check-migration":  redacting(checkMigration),
		"record-model":     redacting(recordModel),
		"migration-status": redacting(migrationStatus),

		"collect-diagnostics": redacting(collectDiagnostics(version)),

		"list-controllers": redacting(listControllers),
		"check-access":     redacting(checkAccess),
	}
}

// redacting is the gate through which every error of a handler goes: what fails
// an action may quote a server.
func redacting(handler charm.ActionFunc) charm.ActionFunc {
	return func(ctx context.Context, a *charm.Action) error {
		if err := handler(ctx, a); err != nil {
			return &redactedError{err}
		}
		return nil
	}
}

// redactedError is an error whose text may be shown.
type redactedError struct{ err error }

// Error is the redacted text of the error inside.
func (e *redactedError) Error() string { return migration.Redact(e.err.Error()) }

// Unwrap returns the error inside, whose text may not be shown.
func (e *redactedError) Unwrap() error { return e.err }

// jaas is a JAAS that an action talks to.
type jaas struct {
	session  *session
	login    *modelLogin
	admins   *admins
	settings config.Settings
	engine   migration.JAAS
}

// connect reads the settings and logs in to JIMM, as an administrator.
func connect(ctx context.Context, a *charm.Action) (*jaas, error) {
	settings, err := config.Read(ctx, a)
	if err != nil {
		return nil, err
	}
	return connectTo(ctx, settings)
}

func connectTo(ctx context.Context, settings config.Settings) (*jaas, error) {
	s, err := openSession(ctx, settings)
	if err != nil {
		return nil, err
	}
	return jaasOver(settings, s), nil
}

// jaasOver is a JAAS over a session.
func jaasOver(settings config.Settings, s *session) *jaas {
	fleet, login := &fleet{session: s}, &modelLogin{session: s}
	admins := &admins{logins: settings.Controllers, network: settings.JIMM}
	return &jaas{session: s, login: login, admins: admins, settings: settings, engine: migration.JAAS{
		Fleet:     fleet,
		Witness:   &witness{session: s, fleet: fleet, login: login, admins: admins, network: settings.JIMM},
		Auditor:   &auditor{session: s},
		Inspector: &inspector{session: s, login: login, admins: admins},

		Administrator: admins,
		Traits:        traits(s.first.generation),
	}}
}

func (j *jaas) close() {
	j.login.close()
	j.admins.close()
	j.session.close()
}

// traits are what the engine has to know of a generation of JIMM.
func traits(g jimm.Generation) migration.Traits {
	if g == jimm.Generation2025 {
		return migration.Traits{Completes: true, CLI: "juju jaas"}
	}
	return migration.Traits{OneLogin: true, CLI: "jimmctl"}
}

// wireCode returns the code of the error as a server gave it, or "".
func wireCode(err error) string {
	if wire, ok := errors.AsType[*rpc.Error](err); ok {
		return string(wire.Code)
	}
	if errors.Is(err, rpc.ErrConnection) {
		return "connection lost"
	}
	return ""
}
