package jimm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"jimm-migrator/src/rpc"
)

// spelling is how MigrateModel wants a model: its meaning changed inside
// facade JIMM 4, in December 2024.
type spelling int32

const (
	spellTag  spelling = iota + 1 // model-<uuid>
	spellUUID                     // <uuid>
)

func (s spelling) of(uuid string) string {
	if s == spellTag {
		return modelTag(uuid)
	}
	return uuid
}

func (s spelling) other() spelling {
	if s == spellTag {
		return spellUUID
	}
	return spellTag
}

// refusedBy reports whether err is exactly the message with which JIMM refuses
// what was sent for its spelling. It does so before anything else happens, so
// that the other spelling may be tried. These errors have no code.
func (s spelling) refusedBy(err error, sent string) bool {
	answer, ok := errors.AsType[*rpc.Error](err)
	if !ok {
		return false
	}
	if s == spellTag {
		return answer.Message == "invalid model target"
	}
	return answer.Message == strconv.Quote(sent)+" is not a valid tag"
}

type migrateSpec struct {
	ModelTag         string `json:"model-tag"`
	TargetController string `json:"target-controller"`
}

type migrateParams struct {
	Specs []migrateSpec `json:"specs"`
}

// MigrateModel asks JIMM to migrate the model with that uuid to the controller
// target, by name, and returns the migration's id, such as "<uuid>:0": it is
// an opaque text that no API takes back (JIMM 4 MigrateModel).
//
// JIMM answers when source and target have run their prechecks; the migration
// itself begins after that. The call waits for three minutes, or longer if
// Options.CallTimeout says so, because some calls are never answered.
//
// Only an error that matches rpc.ErrNotSent proves that no migration was
// started. After any other, including an answered refusal, check the model: the
// controller can have accepted what JIMM then reports as failed. Never repeat
// the call because of an error. (It is repeated here in one case: JIMM refused
// the spelling of the model, which it does before anything else. JIMM before
// December 2024 requires a tag, and newer JIMM the bare uuid. The spelling is
// remembered for the connection.)
//
// Refusals are *rpc.Error values with JIMM's code kept. Those of the
// controllers' prechecks mostly have none; see [AlreadyMigrating] for one that
// is not a failure.
func (c *Client) MigrateModel(ctx context.Context, uuid, target string) (string, error) {
	err := cmp.Or(checkModelUUID(uuid), checkController(target))
	var id string
	if err == nil {
		id, err = c.migrate(ctx, uuid, target)
	}
	if err != nil {
		return "", fmt.Errorf("cannot migrate model %q to controller %q: %w", uuid, target, err)
	}
	return id, nil
}

func (c *Client) migrate(ctx context.Context, uuid, target string) (string, error) {
	spell := c.migrateSpelling()
	id, err := c.migrateAs(ctx, spell, uuid, target)
	if err == nil || !spell.refusedBy(err, spell.of(uuid)) {
		return id, err
	}
	spell = spell.other()
	id, err = c.migrateAs(ctx, spell, uuid, target)
	if err == nil || !spell.refusedBy(err, spell.of(uuid)) {
		c.spelling.Store(int32(spell))
	}
	return id, err
}

// migrateSpelling returns the spelling found out on this connection, or else
// the one that the generation suggests.
func (c *Client) migrateSpelling() spelling {
	if known := spelling(c.spelling.Load()); known != 0 {
		return known
	}
	if c.Generation() == Generation2024 {
		return spellTag
	}
	return spellUUID
}

// migrateAs makes one call for one model.
func (c *Client) migrateAs(ctx context.Context, spell spelling, uuid, target string) (string, error) {
	params := migrateParams{Specs: []migrateSpec{{ModelTag: spell.of(uuid), TargetController: target}}}
	var reply struct {
		Results []struct {
			// ModelTag is empty in most refusals, so results are matched by
			// their order.
			ModelTag    string     `json:"model-tag"`
			MigrationID string     `json:"migration-id"`
			Error       *rpc.Error `json:"error"`
		} `json:"results"`
	}
	if err := c.call(ctx, "MigrateModel", migrateTimeout, params, &reply); err != nil {
		return "", err
	}
	if len(reply.Results) != 1 {
		return "", fmt.Errorf("unexpected answer: %d results for 1 model", len(reply.Results))
	}
	result := reply.Results[0]
	switch {
	case isError(result.Error):
		return "", result.Error
	case result.ModelTag != "" && result.ModelTag != modelTag(uuid):
		return "", fmt.Errorf("unexpected answer: it is about %q", result.ModelTag)
	case result.MigrationID == "":
		return "", errors.New("unexpected answer: neither an error nor a migration ID")
	}
	return result.MigrationID, nil
}

// isError reports whether an item's error says anything. JIMM writes errors
// with empty message and code in places where there is none.
func isError(e *rpc.Error) bool {
	return e != nil && (e.Message != "" || e.Code != "")
}

// AlreadyMigrating reports whether the error of [Client.MigrateModel] says that
// a migration of the model is under way, or is thought to be: by the source
// controller ("already in progress", on Juju 4 "already has an active
// migration") or by JIMM, in which case mode is what it is doing
// ("migrating-internally", or "exporting" to a controller that JIMM does not
// know; JIMM of 2025 and newer). JIMM can be wrong if the client of an earlier
// call went away. None of these errors has a code.
func AlreadyMigrating(err error) (mode string, ok bool) {
	answer, found := errors.AsType[*rpc.Error](err)
	if !found {
		return "", false
	}
	if _, after, marked := strings.Cut(answer.Message, "model is already in migration mode "); marked {
		mode, quoteErr := strconv.Unquote(after)
		if quoteErr != nil {
			mode = after
		}
		return mode, true
	}
	return "", strings.HasSuffix(answer.Message, "already in progress") || strings.HasSuffix(answer.Message, "already has an active migration")
}
