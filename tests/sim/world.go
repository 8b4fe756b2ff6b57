package sim

import (
	"time"

	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// World describes a JAAS. Everything but one controller can be left out; Load fills in the rest.
type World struct {
	JIMM        JIMM         `yaml:"jimm"`
	Controllers []Controller `yaml:"controllers"`
	Models      []Model      `yaml:"models,omitempty"`
	// Many adds controllers and models by number.
	Many Many `yaml:"many,omitempty"`

	// Speed divides the time that the steps of migrations take; 0: 1. It does not change JIMM's poller.
	Speed float64 `yaml:"speed,omitempty"`
	// Pace is how long the steps take; absent: controller.DefaultPace, about five minutes.
	Pace *controller.Pace `yaml:"pace,omitempty"`

	Faults []Fault `yaml:"faults,omitempty"`

	// Adds are models that users add while the world runs.
	Adds []Add `yaml:"adds,omitempty"`

	// Fleet holds the promises of a run over many models; see JAAS.BeginRun.
	Fleet *Fleet `yaml:"fleet,omitempty"`

	// Forbidden are calls, "Facade.Method" or "Facade.*", that are violations in addition to those that always are.
	Forbidden []string `yaml:"forbidden,omitempty"`
	// Allowed removes calls or rules (see Rules) from the violations.
	Allowed []string `yaml:"allowed,omitempty"`
}

// Many makes a big world in one line: controllers many-001, …, after those that are described, and models model-00001,
// …, which are spread evenly over all controllers and belong to user-001@example.com, … in turn.
type Many struct {
	Controllers int    `yaml:"controllers,omitempty"`
	Models      int    `yaml:"models,omitempty"`
	Owners      int    `yaml:"owners,omitempty"`  // default 100
	Version     string `yaml:"version,omitempty"` // of the controllers, default 3.6.14
	Units       int    `yaml:"units,omitempty"`   // per model, in one application on one machine; default 0: an empty model
}

// Add is a model that a user adds through JIMM, which chooses the controller, or on a controller without JIMM.
type Add struct {
	After      time.Duration `yaml:"after"`
	Name       string        `yaml:"name"`
	Owner      string        `yaml:"owner,omitempty"`      // default alice@example.com
	Controller string        `yaml:"controller,omitempty"` // the controller, if the model is not added through JIMM
}

// JIMM describes the JIMM of a world.
type JIMM struct {
	Version    string `yaml:"version,omitempty"`     // 2024, 2025 or 2026 (default)
	UUID       string `yaml:"uuid,omitempty"`        //
	DNSName    string `yaml:"dns-name,omitempty"`    // JIMM's own name; default localhost, in memory jimm.example.com
	PathPrefix string `yaml:"path-prefix,omitempty"` // e.g. /jimm
	TLS        bool   `yaml:"tls,omitempty"`         // serve wss with the world's CA; else ws, as behind an ingress
	Release    string `yaml:"release,omitempty"`     // the version in JIMM.Version and /debug/info

	// ServiceAccounts; default: migrator with the secret s3cr3t, administrator.
	ServiceAccounts []ServiceAccount `yaml:"service-accounts,omitempty"`
	// Administrators are users, such as alice@example.com, who administer JIMM. LoginDevice logs the first of them in.
	Administrators []string `yaml:"administrators,omitempty"`

	// Poller is the poller of JIMM of 2026; default true.
	Poller *bool `yaml:"poller,omitempty"`
	// Skew is how far its clock is ahead.
	Skew time.Duration `yaml:"skew,omitempty"`
	// Watchers dial every controller at the start and every ten minutes, and notice dead ones.
	Watchers bool `yaml:"watchers,omitempty"`
	// Cancels makes MigrateModel answer "context canceled" whatever the controller answers, until JIMM is restarted (2024).
	Cancels bool `yaml:"cancels,omitempty"`
	// Mended makes JIMM of 2026 record models on Juju 4 controllers, which that of July cannot: neither after a
	// migration nor by importing or adding one. So only a mended JIMM has a record there. See jimm.Options.
	Mended bool `yaml:"mended,omitempty"`
	// NoCredentials are owners without a cloud credential in JIMM; ImportModel refuses their models.
	NoCredentials []string `yaml:"no-credentials,omitempty"`
	// Pings are sent on JIMM's connections to controllers every 30 s.
	Pings bool `yaml:"pings,omitempty"`
}

// ServiceAccount is a service account at JIMM's identity provider.
type ServiceAccount struct {
	ID            string `yaml:"id"` // without @serviceaccount
	Secret        string `yaml:"secret"`
	Administrator bool   `yaml:"administrator,omitempty"` // of JIMM
}

// String leaves the secret out.
func (a ServiceAccount) String() string { return "service account " + a.ID }

// GoString leaves the secret out.
func (a ServiceAccount) GoString() string { return a.String() }

// Controller describes a controller that JIMM knows.
type Controller struct {
	Name      string `yaml:"name"`
	UUID      string `yaml:"uuid,omitempty"`
	ModelUUID string `yaml:"model-uuid,omitempty"` // of the controller model
	Version   string `yaml:"version,omitempty"`    // Juju, 2.9 to 3.6 and 4.x; default 3.6.14
	Cloud     string `yaml:"cloud,omitempty"`      // default localhost
	Region    string `yaml:"region,omitempty"`     // default: named like the cloud
	CloudType string `yaml:"cloud-type,omitempty"` // default lxd

	// Status is the controller's status in JIMM's list at the start: available (default), deprecated or unavailable. It
	// does not change the controller itself.
	Status string `yaml:"status,omitempty"`
	// CordonedFor is how long before the start of the world an administrator marked the controller as deprecated:
	// JIMM's audit log has the request. Only with the status deprecated.
	CordonedFor time.Duration `yaml:"cordoned-for,omitempty"`
	// Stopped controllers do not listen until Resume.
	Stopped bool `yaml:"stopped,omitempty"`
	// Unregistered controllers are unknown to JIMM.
	Unregistered bool `yaml:"unregistered,omitempty"`
	// Upgrading controllers are being upgraded: logins work, calls do not.
	Upgrading bool `yaml:"upgrading,omitempty"`
	// Claims is the release that it reports at login, if it is a build with a wrong number.
	Claims string `yaml:"claims,omitempty"`
	// Skew is how far its clock is ahead.
	Skew time.Duration `yaml:"skew,omitempty"`
	// Listen is where the controller listens, host:port; Options.Addresses takes precedence.
	Listen string `yaml:"listen,omitempty"`
	// Addresses, host:port, are JIMM's api-addresses, which it sends to the source of a migration, in place of the one
	// that the controller is really served on. JIMM itself uses the public address, which is always the real one.
	// Without a simulated JIMM they are the addresses in the controller's login result, which a real JIMM keeps.
	Addresses []string `yaml:"addresses,omitempty"`

	Users []controller.User `yaml:"users,omitempty"` // local; default admin, the superuser that JIMM knows
	// Redirects: "users" (default, Juju 2.9 to 3.6) redirects only users who had access to the model when its migration
	// began, "all" redirects every user.
	Redirects string `yaml:"redirects,omitempty"`
	// Credentials that exist on the controller besides those of its models.
	Credentials []controller.Credential `yaml:"credentials,omitempty"`
	// SecretBackends are ids of external secret backends.
	SecretBackends []string `yaml:"secret-backends,omitempty"`
	// ChangeBlock is the message of a block of changes on the controller model: no model can be upgraded.
	ChangeBlock string `yaml:"change-block,omitempty"`
	// Machines are those of the controller model; an empty list means that all are ready.
	Machines []controller.Machine `yaml:"machines,omitempty"`
}

// Model describes a model: its contents, its controller, and JIMM's record of it.
type Model struct {
	controller.Model `yaml:",inline"`

	Controller string `yaml:"controller,omitempty"` // the controller that hosts it; default: the first; "none": none
	// RecordedOn is the controller of JIMM's record; default: the one that hosts it in the end; "none": JIMM has no
	// row.
	RecordedOn string `yaml:"recorded-on,omitempty"`
	// Mode is the migration mode of the row (2026): migrating-internally or exporting.
	Mode string `yaml:"mode,omitempty"`
	// Grants are JIMM's own: access (read, write, admin) by user. The owner has admin. They do not make a user one of
	// the model's users on its controller; "users" does.
	Grants map[string]string `yaml:"grants,omitempty"`
	// CreatedHere models were created through this JIMM, which made its own user an administrator of the model on the
	// controller (2024: admin; 2026: jaas-<uuid>@external). Only then does a source redirect JIMM after a migration.
	CreatedHere bool `yaml:"created-here,omitempty"`

	// History are migrations that ended before the world begins; the model starts on "controller". They really run,
	// only fast: an abort stays visible on the source, a success makes it redirect, with leave-copy an importing copy
	// stays on the target, with reap-fails a dead copy on the source. JIMM has no part in them.
	History []Past `yaml:"history,omitempty"`
	// Migrations script the next migrations of the model, one each; later ones succeed.
	Migrations []controller.Outcome `yaml:"migrations,omitempty"`
	// MigratingTo starts a migration through JIMM when the world begins, so that the audit log contains it.
	MigratingTo string `yaml:"migrating-to,omitempty"`
	// Copies are controllers with a second active copy: a conflict.
	Copies []string `yaml:"copies,omitempty"`
}

// Past is a migration that is over.
type Past struct {
	To             string `yaml:"to"`
	SkipUserChecks bool   `yaml:"skip-user-checks,omitempty"` // users whom the target does not know are migrated too

	controller.Outcome `yaml:",inline"`
}

// Fault is a scripted fault of one server.
type Fault struct {
	Server     string `yaml:"server"` // jimm, or the name of a controller
	wire.Fault `yaml:",inline"`
}
