package juju

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"jimm-migrator/src/rpc"
)

// dryRunTimeout is for the prechecks of both controllers. A source waits a minute for a
// target that it cannot reach (59.9 s, 3.6.28 observed).
const dryRunTimeout = 2 * time.Minute

// DryRun is a migration that a source is asked about. Nothing in it can ask for a real one.
type DryRun struct {
	// ModelUUID is the model, which the source has.
	ModelUUID string
	// TargetUUID and TargetName are those of the target controller, Addresses where the
	// source reaches it, and CACert its certificate authorities as PEM.
	TargetUUID, TargetName string
	Addresses              []string
	CACert                 string
	// Account is a superuser of the target, with which the source logs in there: the source
	// gets the password.
	Account Credentials
}

// DryRunIgnoredError reports that a server was not asked for a dry run, because it would
// migrate the model, or is not known not to.
type DryRunIgnoredError struct {
	// Version is the release that the server reported at login; "" if it reported none.
	Version string
}

// Error names the release.
func (e *DryRunIgnoredError) Error() string {
	if e.Version == "" {
		return "the server does not report its release, and some releases ignore dry-run and migrate the model"
	}
	return fmt.Sprintf("Juju %s may ignore dry-run and migrate the model", e.Version)
}

// Is reports whether target is [rpc.ErrNotSent].
func (e *DryRunIgnoredError) Is(target error) bool { return target == rpc.ErrNotSent }

// MigrationStartedError reports that a server answered a dry run with the id of a migration:
// it has started one.
type MigrationStartedError struct {
	// ID is that of the migration.
	ID string
}

// Error names the migration.
func (e *MigrationStartedError) Error() string {
	return fmt.Sprintf("the server was asked for a dry run and started migration %q", e.ID)
}

// DryRun asks the source of a migration for its prechecks and those of the target
// (Controller.InitiateMigration with dry-run). Refusal is why it would not start the migration, in
// its own words; nil if it would. An error means that it did not answer the question.
//
// A server that does not know dry-run ignores it and migrates, and no version of the facade shows
// whether it does (juju/juju#21552, #22113). Therefore the request is sent only on a connection
// on which the server itself reported at login a release that honours it; with any other the error is a
// [*DryRunIgnoredError], and nothing is sent.
//
// The answer does not include what the source checks when the migration begins: a migration that is
// running (3.6.28 observed), and, for a target that takes envelopes, a clash of names (4.0.15 and
// 4.1-beta2 observed).
func (c *Conn) DryRun(ctx context.Context, d DryRun) (refusal *rpc.Error, err error) {
	if !honoursDryRun(c.login.ServerVersion) {
		return nil, &DryRunIgnoredError{Version: c.login.ServerVersion}
	}
	refusal, err = c.initiateDryRun(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("cannot request a dry run for model %q: %w", d.ModelUUID, err)
	}
	return refusal, nil
}

// initiateDryRun sends the request: the only InitiateMigration that this client can send.
func (c *Conn) initiateDryRun(ctx context.Context, d DryRun) (*rpc.Error, error) {
	model, err := ModelTag(d.ModelUUID)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", rpc.ErrNotSent, err)
	case !IsUUID(d.TargetUUID), len(d.Addresses) == 0, d.Account.User == "", d.Account.Password.IsZero():
		return nil, fmt.Errorf("%w: the target needs a UUID, an address and an account", rpc.ErrNotSent)
	}
	version, err := c.login.Facades.choose("Controller", 11, 12, 13, 14)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", rpc.ErrNotSent, err)
	}
	params := initiateParams{Specs: []initiateSpec{{ModelTag: model, Target: initiateTarget{
		ControllerTag: KindController + "-" + d.TargetUUID, Alias: d.TargetName, Addresses: d.Addresses, CACert: d.CACert,
		AuthTag: UserTag(d.Account.User), Password: d.Account.Password.Reveal(),
	}}}}
	var reply struct {
		Results []struct {
			MigrationID string     `json:"migration-id"`
			Error       *rpc.Error `json:"error"`
		} `json:"results"`
	}
	req := rpc.Request{Facade: "Controller", Version: version, Method: "InitiateMigration", Timeout: dryRunTimeout}
	err = c.Call(ctx, req, params, &reply)
	for _, r := range reply.Results { // Also of an answer that is an error.
		if r.MigrationID != "" {
			return nil, &MigrationStartedError{ID: r.MigrationID}
		}
	}
	answer, _ := errors.AsType[*rpc.Error](err)
	if len(reply.Results) == 1 && answer == nil {
		answer = reply.Results[0].Error
	}
	if answer != nil { // In case it repeats what it was given.
		answer.Message = strings.ReplaceAll(answer.Message, d.Account.Password.Reveal(), redacted)
	}
	switch {
	case err != nil:
		return nil, err
	case len(reply.Results) != 1:
		return nil, errors.New("unexpected answer: it is not about one model")
	case answer != nil && (answer.Message != "" || answer.Code != ""):
		return answer, nil
	default:
		return nil, nil //nolint:nilnil // No refusal and no error: the migration would start.
	}
}

// initiateParams are the parameters of Controller.InitiateMigration (11 to 14). Of them only a dry
// run can be written: its member is a type with one value.
type initiateParams struct {
	Specs []initiateSpec `json:"specs"`
	// DryRun is beside the specs; a server ignores one inside a spec.
	DryRun alwaysTrue `json:"dry-run"`
}

type initiateSpec struct {
	ModelTag string         `json:"model-tag"`
	Target   initiateTarget `json:"target-info"`
}

type initiateTarget struct {
	ControllerTag string   `json:"controller-tag"`
	Alias         string   `json:"controller-alias,omitempty"`
	Addresses     []string `json:"addrs"`
	CACert        string   `json:"ca-cert"`
	AuthTag       string   `json:"auth-tag"`
	Password      string   `json:"password"`
}

// alwaysTrue is true on the wire, whatever it is set to.
type alwaysTrue struct{}

// MarshalJSON returns true.
func (alwaysTrue) MarshalJSON() ([]byte, error) { return []byte("true"), nil }

// honoursDryRun reports whether a server of that release only checks: Juju 3.6.13 and later of 3.6
// (juju/juju#21552; 3.6.28 observed), 4.0.15 and later of 4.0, and 4.1 from beta2 on (4.0.15 and
// 4.1-beta2 observed). 3.6.12 and 4.0-beta8 ignore it. Releases that are not known count as ignoring it:
// 4.0.0 to 4.0.14, 4.1-beta1, other lines, and development builds ("3.6.13.1"), which have the number of
// a release before they have all that is in it.
func honoursDryRun(release string) bool {
	for _, stage := range []struct {
		begin string
		first uint64
	}{{"4.1-beta", 2}, {"4.1-rc", 1}} {
		if number, is := strings.CutPrefix(release, stage.begin); is {
			n, err := strconv.ParseUint(number, 10, 32)
			return err == nil && n >= stage.first
		}
	}
	parts := strings.Split(release, ".")
	if len(parts) != 3 { // major, minor, patch
		return false
	}
	var numbers [3]uint64
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return false
		}
		numbers[i] = n
	}
	switch major, minor, patch := numbers[0], numbers[1], numbers[2]; major {
	case 3:
		return minor == 6 && patch >= 13
	case 4:
		return minor == 1 || minor == 0 && patch >= 15
	default:
		return false
	}
}
