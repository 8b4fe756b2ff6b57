package sim

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"time"

	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/jimm"
	"jimm-migrator/tests/sim/wire"
)

// Options configure how a world is served. The zero value serves it on free ports of loopback.
type Options struct {
	// Network serves the world in memory, for virtual time: JIMM at jimm.example.com:443 (with TLS) or :80, the
	// controllers at 10.0.0.1:17070 and so on, in their order. Nil: loopback.
	Network *wire.Network
	// Listen makes the listener of a server, by name; "jimm" is JIMM. Nil: on Network.
	Listen func(name string) (net.Listener, error)
	// DialContext is how the servers reach each other. Nil: over Network.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// CA signs the servers' certificates; nil: a new one. Making one takes time, so tests may share it.
	CA *wire.CA
	// Log sees every message of every server, in addition to Messages; may be nil. It must not block. See LogTo.
	Log func(wire.Event)
	// Plain makes the servers connect to each other without TLS, and accepts clients without TLS. It is for worlds that
	// connect very often and test something else.
	Plain bool
	// Keys sign JIMM's tokens; nil: new ones, small ones in memory. Making them takes time, so tests may share them.
	Keys *jimm.Keys
	// Wait is how the migrations of all controllers wait for a duration of the world's pace; nil: it takes that long,
	// divided by the world's speed.
	Wait func(ctx context.Context, d time.Duration) error
	// NoMessages keeps Messages, Count and Logins empty, for worlds that run for a long time.
	NoMessages bool

	// Addresses are where servers listen, host:port by name; a server without an entry listens on Network. A world's
	// controller may name its own.
	Addresses map[string]string
	// TLSNames are additional names and IP addresses in the certificates. Those of controllers always have
	// juju-apiserver, which Juju's clients and the sources of migrations require; that of JIMM has its host, localhost
	// and its own name.
	TLSNames []string
	// JWKSURL is where the controllers of StartControllers find the keys of a real JIMM, over http or https:
	// https://jimm.example.com/.well-known/jwks.json. They read it for a key that they do not know. Empty: no login by
	// token.
	JWKSURL string
	// JWKSRoots verify the certificate of that server; nil: the system's.
	JWKSRoots *x509.CertPool
}

// SharedOptions are those of many worlds in virtual time: they share what takes time to make, a certificate without a
// chain and equal tokens. Each world needs a network of its own.
func SharedOptions() (Options, error) {
	ca, err := wire.NewLoneCA(wire.ControllerName)
	return Options{CA: ca, Plain: true, Keys: jimm.NewThriftyKeys(), NoMessages: true}, err
}

// Start makes a world and serves it. The context limits the start only.
func Start(ctx context.Context, world World, options Options) (*JAAS, error) {
	world, err := world.filled()
	if err != nil {
		return nil, err
	}
	if options.CA == nil {
		if options.CA, err = wire.NewCA("simulated JAAS"); err != nil {
			return nil, err
		}
	}
	if options.Keys == nil && options.Network != nil {
		options.Keys = jimm.NewQuickKeys()
	}
	j := newJAAS(world, options)
	if err := j.build(ctx); err != nil {
		return nil, fmt.Errorf("cannot start the world: %w", err)
	}
	return j, nil
}

func newJAAS(world World, options Options) *JAAS {
	j := &JAAS{
		world: world, options: options, ca: options.CA, servers: map[string]*server{},
		closed: make(chan struct{}), logins: map[string]*bucket{},
	}
	if options.DialContext == nil && options.Network != nil {
		j.options.DialContext = options.Network.DialContext
	}
	return j
}

// build makes the servers in an order in which each finds what it depends on.
func (j *JAAS) build(ctx context.Context) error {
	j.servers[nameJIMM] = &server{faults: &wire.Faults{}}
	j.jimm = jimm.New(j.jimmOptions())
	for _, c := range j.world.Controllers {
		if err := j.addController(ctx, c); err != nil {
			return j.failed(err)
		}
	}
	if err := j.addModels(ctx); err != nil {
		return j.failed(err)
	}
	j.administer()
	j.jimm.Start()
	if err := j.serve(ctx, nameJIMM); err != nil {
		return j.failed(err)
	}
	if err := j.startMigrations(ctx); err != nil {
		return j.failed(err)
	}
	return j.finish()
}

// finish does the last steps: the faults, and the servers that are down.
func (j *JAAS) finish() error {
	for _, f := range j.world.Faults {
		if s := j.servers[f.Server]; s != nil {
			s.faults.Add(f.Fault)
		}
	}
	for _, c := range j.world.Controllers {
		j.Controller(c.Name).SetUpgrading(c.Upgrading)
		if c.Stopped {
			if err := j.Stop(c.Name); err != nil {
				return j.failed(err)
			}
		}
	}
	j.addLater()
	if j.world.Fleet != nil {
		j.BeginRun(*j.world.Fleet)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.begun = true
	return nil
}

func (j *JAAS) failed(err error) error {
	_ = j.Close() // the first error counts
	return err
}

func (j *JAAS) jimmOptions() jimm.Options {
	w := j.world.JIMM
	options := jimm.Options{
		Generation: generations()[w.Version](), UUID: w.UUID, DNSName: w.DNSName, PathPrefix: w.PathPrefix,
		Version: w.Release, DialContext: j.options.DialContext, Log: j.log, Faults: j.servers[nameJIMM].faults,
		Poller: *w.Poller, Pings: w.Pings, Watchers: w.Watchers, Called: j.jimmCalled, Forgot: j.jimmForgot,
		Skew: w.Skew, Plain: j.options.Plain, Keys: j.options.Keys, Mended: w.Mended,
		Cancels: w.Cancels, UnknownOffers: j.world.unknownOffers(),
	}
	options.DNSName = j.dnsName()
	for _, a := range w.ServiceAccounts {
		options.Accounts = append(options.Accounts, jimm.Account{ID: a.ID, Secret: a.Secret})
	}
	if len(w.Administrators) > 0 {
		options.DeviceUser = w.Administrators[0]
	}
	return options
}

// dnsName is JIMM's own name in its login result; Juju's client then requires that name in its certificate.
func (j *JAAS) dnsName() string {
	switch {
	case j.world.JIMM.DNSName != "":
		return j.world.JIMM.DNSName
	case j.options.Network != nil:
		return hostOfJIMM
	default:
		return "localhost"
	}
}

// administer writes the tuples of JIMM's administrators.
func (j *JAAS) administer() {
	grant := func(user string) {
		j.jimm.Grant(jimm.Tuple{Object: "user-" + user, Relation: "administrator", Target: "controller-jimm"})
	}
	for _, a := range j.world.JIMM.ServiceAccounts {
		if a.Administrator {
			grant(a.ID + "@serviceaccount")
		}
	}
	for _, user := range j.world.JIMM.Administrators {
		grant(user)
	}
}

// ownUser is the user as whom JIMM logs in on controllers.
func (j *JAAS) ownUser() string {
	return generations()[j.world.JIMM.Version]().OwnUser(j.world.JIMM.UUID)
}

func (j *JAAS) addController(ctx context.Context, c Controller) error {
	s := &server{faults: &wire.Faults{}}
	users := c.Users
	if !slices.ContainsFunc(users, isSuperuser) {
		users = append([]controller.User{superuser(c)}, users...)
	}
	config := controller.Config{
		Name: c.Name, UUID: c.UUID, Version: c.Version, CA: j.ca,
		Users: users, Credentials: c.Credentials, SecretBackends: c.SecretBackends,
		Clouds:              []controller.Cloud{{Name: c.Cloud, Type: c.CloudType, Regions: []string{c.Region}}},
		ControllerModelUUID: c.ModelUUID, RedirectAnyUser: c.Redirects == redirectAll,
		LeafNames: j.leafNames(), Tokens: j.tokens(), DialContext: j.options.DialContext,
		ControllerBlock: c.ChangeBlock, Machines: c.Machines, Followed: j.followed, AgentLogins: j.agentLogins,
		Speed: j.world.Speed, Log: j.log, Faults: s.faults, Guard: j.guard(), Plain: j.options.Plain, Skew: c.Skew,
		Claims: c.Claims, Wait: j.options.Wait,
	}
	if j.jimm == nil {
		config.Addresses = c.Addresses
	}
	if j.world.Pace != nil {
		config.Pace = *j.world.Pace
	}
	var err error
	if s.controller, err = controller.New(config); err != nil {
		return err
	}
	j.servers[c.Name] = s
	if err := j.serve(ctx, c.Name); err != nil {
		return err
	}
	if !c.Unregistered && j.jimm != nil {
		j.register(c, s)
	}
	return nil
}

// leafNames are those in the certificate of a controller.
func (j *JAAS) leafNames() []string {
	return append([]string{wire.ControllerName}, j.options.TLSNames...)
}

// tokens returns the tokens that the controllers accept.
func (j *JAAS) tokens() controller.Tokens {
	if j.jimm != nil {
		return controller.Tokens{Key: j.jimm.PublicKey}
	}
	return controller.Tokens{URL: j.options.JWKSURL, RootCAs: j.options.JWKSRoots}
}

func isSuperuser(u controller.User) bool { return u.Access == "superuser" }

// superuser is the user that JIMM knows: the first superuser, or admin.
func superuser(c Controller) controller.User {
	if i := slices.IndexFunc(c.Users, isSuperuser); i >= 0 {
		return c.Users[i]
	}
	return controller.User{Name: "admin", Password: "password of " + c.Name, Access: "superuser"}
}

// guard reports calls that only JIMM and other controllers may send to a controller, and checks two
// that the charm may send in one case each: the removal of a copy that an earlier migration has
// left there, and a dry run.
func (j *JAAS) guard() func(controller.Call) {
	patterns := slices.Concat(controller.NeverSent(), j.world.Forbidden)
	return controller.Forbid(func(c controller.Call) {
		j.mu.Lock()
		begun := j.begun
		j.mu.Unlock()
		name := c.Facade + "." + c.Method
		switch {
		case !begun:
		case name == callAbort && !j.world.forbids(name):
			j.checkAbort(c)
		case name == callInitiate && !j.world.forbids(name):
			j.checkInitiate(c)
		default:
			j.violation(Violation{
				Server: c.Controller, User: c.User, Call: name, Rule: name, Why: "only JIMM may do that",
			})
		}
	}, patterns...)
}

// register adds a controller to JIMM.
func (j *JAAS) register(c Controller, s *server) {
	user := superuser(c)
	row := jimm.Controller{
		Name: c.Name, UUID: c.UUID, PublicAddress: s.address, Addresses: []string{s.address},
		CACertificate: j.ca.PEM(), TLSHostname: wire.ControllerName, Cloud: c.Cloud, Region: c.Region, CloudType: c.CloudType,
		AgentVersion: cmp.Or(c.Claims, c.Version), Username: user.Name, Password: user.Password,
		Deprecated: c.Status == statusDeprecated,
	}
	if len(c.Addresses) > 0 {
		row.Addresses = c.Addresses
	}
	if c.Status == statusUnavailable {
		row.UnavailableSince = time.Now().UTC().Truncate(time.Millisecond)
	}
	j.jimm.SetController(row)
	if c.CordonedFor > 0 {
		j.jimm.LogPast(time.Now().Add(-c.CordonedFor), "SetControllerDeprecated", fmt.Sprintf(`{"name":%q,"deprecated":true}`, c.Name))
	}
}
