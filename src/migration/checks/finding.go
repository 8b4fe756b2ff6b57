package checks

import (
	"fmt"
	"slices"
	"strings"
)

// The checks of the model's contents, of the target, and of what is known about
// the versions. Those with which Juju would refuse the migration by itself can be
// ignored: Juju decides in the end.
const (
	// VersionHop: the versions can migrate to each other.
	VersionHop ID = "version-hop"
	// Machines: all machines are alive and running, and their agents are
	// connected.
	Machines ID = "machines"
	// Units: all units are alive, and their agents are connected.
	Units ID = "units"
	// Applications: all applications are alive, with as many units as they
	// should have, and charms that the target accepts.
	Applications ID = "applications"
	// Upgrade: no agent has a version other than the model's, and no unit a
	// charm other than its application's.
	Upgrade ID = "upgrade"
	// Relations: all units have joined their relations.
	Relations ID = "relations"
	// Credential: the model's cloud credential is valid.
	Credential ID = "credential"
	// Users: no user of the model exists only on the source.
	Users ID = "users"
	// Cloud: the target knows the model's cloud and region.
	Cloud ID = "cloud"
	// TargetName: the target has no other model of that name and owner.
	TargetName ID = "target-name"
	// TargetAnswers: the target can be reached from here.
	TargetAnswers ID = "target-answers"
	// TargetAddresses: the agents can be expected to reach the target.
	TargetAddresses ID = "target-addresses"
	// Offers: no other model uses what the model offers.
	Offers ID = "offers"
	// Remotes: the model uses no offers of others.
	Remotes ID = "remotes"
	// Storage: the model has no storage.
	Storage ID = "storage"
	// SecretBackends: the model's secrets are in backends that every
	// controller has.
	SecretBackends ID = "secret-backends"
	// Mode: JIMM does not wrongly consider a migration to be running.
	Mode ID = "jimm-mode"
	// HostsJIMM: the model does not host the JIMM that this charm uses.
	HostsJIMM ID = "hosts-jimm"
	// Advisories: no known bug of Juju affects these versions.
	Advisories ID = "advisories"
	// ControllerAccess: the accounts on source and target work.
	ControllerAccess ID = "controller-access"
	// Facades: the source offers the facades that the target needs.
	Facades ID = "facade-support"
	// TargetPrechecks: the target itself would accept the model.
	TargetPrechecks ID = "target-prechecks"
	// LeftOvers: the target has no half-imported copies of other models.
	LeftOvers ID = "left-overs"
	// JIMMRecords: this JIMM can record the model on the target.
	JIMMRecords ID = "jimm-records"
	// ServerDryRun: source and target accept the model in a dry run.
	ServerDryRun ID = "server-dry-run"
)

// List lists problems, but not more than a reader can use.
func List(problems []string) string {
	const most = 5
	if rest := len(problems) - most; rest > 0 {
		return strings.Join(problems[:most], "; ") + fmt.Sprintf("; and %d more", rest)
	}
	return strings.Join(problems, "; ")
}

// ID names a check. The ids are stable: scripts and ignore-checks use them.
type ID string

// The checks.
const (
	// Model: JIMM knows the model.
	Model ID = "model"
	// OwnModel: the model is not the one that hosts this charm. Its own
	// agent would wait for the action to end, and the migration for the agent.
	OwnModel ID = "own-model"
	// ControllerModel: the model is not a controller's own.
	ControllerModel ID = "controller-model"
	// ModelLife: the model is alive.
	ModelLife ID = "model-life"
	// Target: JIMM knows the target controller.
	Target ID = "target"
	// TargetAvailable: JIMM reports the target as available.
	TargetAvailable ID = "target-available"
	// TargetCopy: the target has no copy of the model yet.
	TargetCopy ID = "target-copy"
	// Source: the source has the model, as far as it can be asked.
	Source ID = "source"
	// OtherMigration: no other migration of the model runs.
	OtherMigration ID = "other-migration"
	// Conflict: not more than one controller hosts the model.
	Conflict ID = "conflict"
	// Versions: the target is not older than the source's minor version,
	// nor than the model.
	Versions ID = "versions"
	// EarlierAttempt: the last migration of the model was not a failure.
	EarlierAttempt ID = "earlier-attempt"
	// Freeze reminds that changes made while a model moves may be lost.
	Freeze ID = "freeze-changes"
)

// Level is the verdict of a check.
type Level string

// The levels. Only a fail blocks; a skip says what could not be known.
const (
	Pass Level = "pass"
	Warn Level = "warn"
	Fail Level = "fail"
	Skip Level = "skip"
)

// Finding is what one check found.
type Finding struct {
	Check ID
	Level Level
	// Evidence is what was seen, in one sentence without its full stop.
	Evidence string
	// Remedy is the command that helps, or what to do; "" if there is none.
	Remedy string
	// Ignored reports that the user accepted this failure.
	Ignored bool
	// Lasting reports that the failure is a refusal for a known reason that does not
	// resolve by itself.
	Lasting bool
	// Items are the parts of a finding about several things, such as one for each known
	// bug: each is to be read by itself. Evidence and Remedy have all of them.
	Items []Item
}

// Item is one part of a finding: what it is about, what was seen, and what helps.
type Item struct{ ID, Evidence, Remedy string }

// Blocks reports whether the finding forbids the start.
func (f Finding) Blocks() bool { return f.Level == Fail && !f.Ignored }

// Settled reports that the finding forbids the start, and will until an administrator changes what it
// is about: which model it is, which versions there are, or what the target has.
func (f Finding) Settled() bool {
	lasting := []ID{OwnModel, ControllerModel, HostsJIMM, JIMMRecords, VersionHop, Versions, Cloud, Users, TargetName, Facades}
	return f.Blocks() && (f.Lasting || slices.Contains(lasting, f.Check))
}

// Names lists names, but not more than a reader can use.
func Names(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + ", …"
}
