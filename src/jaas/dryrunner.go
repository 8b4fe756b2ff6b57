package jaas

import (
	"context"
	"errors"
	"strings"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
	"jimm-migrator/src/rpc"
)

// DryRunner returns a value that can ask a source for a dry run of a migration, and nothing
// else. It gives the source the account on the target, so only an action with
// server-dry-run=true gets one.
func (j *JAAS) DryRunner() survey.DryRunner { return dryRunner{j.connections} }

type dryRunner struct{ connections *connections }

// DryRun asks the source, with the addresses that JIMM would give it.
func (d dryRunner) DryRun(ctx context.Context, source, target facts.Controller, model string) facts.DryRun {
	conn, _, err := d.connections.get(ctx, source)
	if err != nil {
		return facts.DryRun{State: facts.DryRunNotSent, Err: err}
	}
	at := target.Addresses // JIMM does not give it the public address.
	if len(at) == 0 {
		at = addresses(target)
	}
	refusal, err := conn.DryRun(ctx, juju.DryRun{
		ModelUUID: model, TargetUUID: string(target.UUID), TargetName: target.Name,
		Addresses: at, CACert: target.CACert, Account: d.connections.logins[target.Name],
	})
	if started, is := errors.AsType[*juju.MigrationStartedError](err); is {
		return facts.DryRun{State: facts.DryRunStarted, MigrationID: started.ID}
	}
	switch {
	case errors.Is(err, rpc.ErrNotSent):
		return facts.DryRun{State: facts.DryRunNotSent, Err: err}
	case err != nil:
		return facts.DryRun{State: facts.DryRunNoAnswer, Err: err}
	case refusal == nil:
		return facts.DryRun{State: facts.DryRunAccepted}
	case errors.Is(refusal, rpc.CodeUnauthorized) && strings.HasPrefix(refusal.Message, "connect to target controller: "):
		return facts.DryRun{State: facts.DryRunNoLogin, Err: refusal}
	default:
		return facts.DryRun{State: facts.DryRunRefused, Refusal: redact.Raw(refusal.Error())}
	}
}
