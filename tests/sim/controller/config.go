package controller

import (
	"context"
	"crypto"
	"crypto/x509"
	"net"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// Config describes a controller. The zero value works: a Juju 3.6.14 controller with one cloud, the superuser "admin"
// with the password "password", and a CA of its own.
type Config struct {
	Name    string // in the log and as controller-name; default "controller"
	UUID    string // default: random
	Version string // Juju version; default 3.6.14

	CA            *wire.CA // signs the leaf; default: its own
	LeafNames     []string // names in the leaf; default only juju-apiserver
	Addresses     []string // host:port, as sent to clients at login; default: the address of the first listener
	PublicDNSName string

	Users       []User  // local users; default admin
	Clouds      []Cloud // default one lxd cloud named localhost
	Credentials []Credential
	// SecretBackends are the ids of external secret backends that exist here.
	SecretBackends []string
	// ControllerModelUUID is the UUID of the controller model; default random.
	ControllerModelUUID string
	// IdentityURL is what Controller.IdentityProviderURL returns.
	IdentityURL string
	// Tokens verifies token logins.
	Tokens Tokens
	// RedirectAnyUser makes a migrated model redirect every user, not only those who had access to it when the
	// migration was created, whatever the version.
	RedirectAnyUser bool

	// Followed reports whether the consumers of an offer have found its model after it migrated to this controller;
	// nil: at once. Until then the offer has no connections (juju/juju#23311).
	Followed func(offering, consumer string) bool
	// AgentLogins is how long the agents of a model take to log in to the controller with a tag; nil: no time.
	AgentLogins func(controllerTag string, agents int) time.Duration
	// ControllerBlock is the message of a block of changes on the controller model. While it is set, no model can be
	// upgraded.
	ControllerBlock string

	// Machines are those of the controller model; an empty list means that all are ready.
	Machines []Machine

	// DialContext reaches other controllers and the key set; nil: the network of the machine.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)

	// DialTimeout is how long an address of a migration's target is tried; default one minute, divided by Speed, but
	// not less than three seconds (3.6.28, recorded); with 4.0-beta8 three seconds (recorded).
	DialTimeout time.Duration

	Pace  Pace    // how long the steps of a migration take; default DefaultPace
	Speed float64 // divides every duration of Pace; 0: 1
	// Wait is how a migration waits for a duration of Pace; nil: it takes that long, divided by Speed. A test can let it
	// wait for something else, so that what the test sees does not depend on the machine's speed.
	Wait func(ctx context.Context, d time.Duration) error

	Log    func(wire.Event) // every message both ways
	Faults *wire.Faults     // scripted faults of the transport
	// Guard sees every call of a logged-in client before it is answered; nil: no guard. See Forbid.
	Guard func(Call)
	// Claims is the release that the controller reports at login, if it is a build with a wrong number.
	Claims string
	// Skew is how far the controller's clock is ahead. The times of its migrations are read from it.
	Skew time.Duration
	// Plain connects to other controllers without TLS, and also serves clients without it.
	Plain bool
}

// User is a local user.
type User struct {
	Name        string `yaml:"name"`
	Password    string `yaml:"password"`
	DisplayName string `yaml:"display-name,omitempty"`
	Access      string `yaml:"access,omitempty"` // superuser, add-model, login (default); "none": no access
	Disabled    bool   `yaml:"disabled,omitempty"`
}

// Cloud is a cloud that the controller knows.
type Cloud struct {
	Name      string   `yaml:"name"`
	Type      string   `yaml:"type,omitempty"` // default lxd
	Endpoint  string   `yaml:"endpoint,omitempty"`
	Regions   []string `yaml:"regions,omitempty"` // default one that is named like the cloud
	AuthTypes []string `yaml:"auth-types,omitempty"`
}

// Credential is a cloud credential that exists on the controller. An imported model comes with its own.
type Credential struct {
	Cloud      string            `yaml:"cloud"`
	Owner      string            `yaml:"owner"`
	Name       string            `yaml:"name"`
	Attributes map[string]string `yaml:"attributes,omitempty"`
	Revoked    bool              `yaml:"revoked,omitempty"`
	// Invalid suspends the models that use it here. It does not prevent an import, but in VALIDATION the target cannot
	// compare machines with the cloud, so the source keeps retrying the phase (3.5.4 and 3.6.28, recorded).
	Invalid bool `yaml:"invalid,omitempty"`
}

// Tokens configures whose login tokens a controller accepts (controller config login-token-refresh-url). The zero value
// accepts none.
type Tokens struct {
	// URL of a JSON web key set, e.g. https://jimm.example.com/.well-known/jwks.json.
	URL string
	// RootCAs for the URL; nil: those of the system.
	RootCAs *x509.CertPool
	// Key, if set, is used instead of the URL.
	Key func(ctx context.Context, keyID string) (crypto.PublicKey, error)
}

func (t Tokens) accepted() bool { return t.URL != "" || t.Key != nil }

// fill replaces zero values.
func (c Config) fill() Config {
	orDefault(&c.Name, "controller")
	orDefault(&c.UUID, newUUID())
	orDefault(&c.Version, "3.6.14")
	orDefault(&c.ControllerModelUUID, newUUID())
	if len(c.Users) == 0 {
		c.Users = []User{{Name: "admin", Password: "password", Access: "superuser"}}
	}
	users := make([]User, 0, len(c.Users))
	for _, user := range c.Users {
		orDefault(&user.DisplayName, user.Name)
		orDefault(&user.Access, "login")
		users = append(users, user)
	}
	c.Users = users
	if len(c.Clouds) == 0 {
		c.Clouds = []Cloud{{Name: "localhost"}}
	}
	clouds := make([]Cloud, 0, len(c.Clouds))
	for _, cloud := range c.Clouds {
		orDefault(&cloud.Type, "lxd")
		if cloud.Type == "lxd" && cloud.Endpoint == "" {
			cloud.Endpoint = "https://10.0.0.1:8443"
		}
		if len(cloud.Regions) == 0 {
			cloud.Regions = []string{cloud.Name}
		}
		if len(cloud.AuthTypes) == 0 {
			cloud.AuthTypes = []string{"certificate"}
			if cloud.Type == "dummy" {
				cloud.AuthTypes = []string{"empty", "userpass"} // 3.5.4, observed
			}
		}
		clouds = append(clouds, cloud)
	}
	c.Clouds = clouds
	if c.Pace == (Pace{}) {
		c.Pace = DefaultPace()
	}
	if c.Speed <= 0 {
		c.Speed = 1
	}
	if c.DialContext == nil {
		c.DialContext = (&net.Dialer{}).DialContext
	}
	return c
}

func (c *Controller) cloud(name string) (Cloud, bool) {
	for _, cloud := range c.config.Clouds {
		if cloud.Name == name {
			return cloud, true
		}
	}
	return Cloud{}, false
}

func (c *Controller) user(name string) (User, bool) {
	for _, user := range c.config.Users {
		if user.Name == name {
			return user, true
		}
	}
	return User{}, false
}
