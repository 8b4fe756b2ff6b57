package config

import (
	"context"
	"log/slog"

	"jimm-migrator/charm"
)

// Unit is what this package needs of the unit that runs the charm.
type Unit interface {
	Reader
	Keeper
	Relations
}

// Reader reads the configuration and the secrets.
type Reader interface {
	Env() charm.Env
	Config(ctx context.Context, into any) error
	Secret(ctx context.Context, uri string, opts charm.SecretOptions) (map[string]string, error)
	Logger() *slog.Logger
	Redact(values ...string)
}

// Keeper reads and writes what Juju stores for a unit.
type Keeper interface {
	Status(ctx context.Context) (status charm.Status, message string, err error)
	SetStatus(ctx context.Context, status charm.Status, message string) error
	State(ctx context.Context) (map[string]string, error)
	SetState(ctx context.Context, values map[string]string) error
	Leader(ctx context.Context) (bool, error)
}
