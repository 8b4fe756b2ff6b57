package actions

import (
	"context"
	"errors"

	"jimm-migrator/charm"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/operator"
	"jimm-migrator/src/rpc"
)

// All returns the handlers by the names in actions.yaml.
func All() map[string]charm.ActionFunc {
	return map[string]charm.ActionFunc{
		"locate-model":     locateModel,
		"migrate-model":    migrateModel,
		"list-controllers": listControllers,
		"check-access":     checkAccess,
	}
}

// jaas is a JAAS that an action talks to.
type jaas struct {
	session  *session
	settings operator.Settings
	engine   migration.JAAS
}

// connect reads the settings and logs in to JIMM, as an administrator.
func connect(ctx context.Context, a *charm.Action) (*jaas, error) {
	settings, err := operator.Read(ctx, a)
	if err != nil {
		return nil, err
	}
	return connectTo(ctx, settings)
}

func connectTo(ctx context.Context, settings operator.Settings) (*jaas, error) {
	s, err := openSession(ctx, settings)
	if err != nil {
		return nil, err
	}
	fleet := &fleet{session: s}
	return &jaas{session: s, settings: settings, engine: migration.JAAS{
		Fleet:   fleet,
		Witness: &witness{session: s, fleet: fleet, network: settings.JIMM},
		Auditor: &auditor{session: s},
		Traits:  traits(s.first.generation),
	}}, nil
}

func (j *jaas) close() { j.session.close() }

// traits are what the engine has to know of a generation of JIMM.
func traits(g jimm.Generation) migration.Traits {
	if g == jimm.Generation2025 {
		return migration.Traits{Completes: true, CLI: "juju jaas"}
	}
	return migration.Traits{CLI: "jimmctl"}
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
