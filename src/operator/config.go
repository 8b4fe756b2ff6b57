package operator

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
)

// Settings are what the operator has configured, checked.
type Settings struct {
	// JIMM says where JIMM is and who connects. The secret in it never prints.
	// Of several addresses that a relation brought it has the first; see
	// [Settings.Connect].
	JIMM jimm.Options
	// ProbeControllers allows to ask the controllers themselves.
	ProbeControllers bool
	// PollInterval is the time between two looks at a migration.
	PollInterval time.Duration
	// FinishRecords lets update-status record what was migrated and not
	// recorded.
	FinishRecords bool
	// Controllers are the accounts with which controllers are asked as one of
	// their administrators, by JIMM's names of the controllers. Nil without the
	// option controller-credentials, or if its secret cannot be used.
	Controllers map[string]juju.Credentials
	// ControllersProblem is why that secret cannot be used; nil if it can, or if
	// the option is not set. Nothing depends on those accounts.
	ControllersProblem *ProblemError

	addresses []string // where JIMM may be, best first
	related   bool     // a relation said so
	neighbour neighbour
	secret    string // URI of the secret with the credentials
	// controllersSecret is the URI of the secret with the accounts of controllers.
	controllersSecret string
	// authorities is what the operator has set for jimm-ca-certificate.
	authorities string
	// received reads the authorities of receive-ca-cert: only when a server
	// is not trusted without them, since each tool is a process.
	received func(ctx context.Context) ([]*x509.Certificate, error)
}

// Unit is what this package needs of the unit that runs the charm.
type Unit interface {
	Reader
	Keeper
	Relations
}

// Reader is what this package needs of what the operator has told a unit.
type Reader interface {
	Env() charm.Env
	Config(ctx context.Context, into any) error
	Secret(ctx context.Context, uri string, opts charm.SecretOptions) (map[string]string, error)
	Logger() *slog.Logger
	Redact(values ...string)
}

// Keeper is what this package needs of what Juju keeps for a unit.
type Keeper interface {
	Status(ctx context.Context) (status charm.Status, message string, err error)
	SetStatus(ctx context.Context, status charm.Status, message string) error
	State(ctx context.Context) (map[string]string, error)
	SetState(ctx context.Context, values map[string]string) error
	IsLeader(ctx context.Context) (bool, error)
}

// ProblemError is something that only the operator can put right. The unit is
// blocked until then.
type ProblemError struct {
	// What is wrong, in a few words that begin a status message.
	What string
	// Remedy is the command that helps, or an act in words.
	Remedy string
	// Err is the error behind it, or nil.
	Err error
}

// Error is the problem and its remedy, as the unit's status shows it.
func (p *ProblemError) Error() string {
	if p.Remedy == "" {
		return p.What
	}
	return p.What + ": " + p.Remedy
}

// Unwrap returns the error behind the problem.
func (p *ProblemError) Unwrap() error { return p.Err }

// config is config.yaml.
type config struct {
	URL              string `json:"jimm-url"`
	Port             int    `json:"jimm-port"`
	CACertificate    string `json:"jimm-ca-certificate"`
	Credentials      string `json:"jimm-credentials"`
	AllowPlaintext   bool   `json:"allow-plaintext"`
	ProbeControllers bool   `json:"probe-controllers"`
	PollInterval     string `json:"poll-interval"`
	FinishRecords    bool   `json:"finish-records"`
	Controllers      string `json:"controller-credentials"`
}

// The limits of poll-interval.
const (
	minPollInterval = time.Second
	maxPollInterval = 5 * time.Minute
)

// defaultPort is where charms of JIMM serve its API.
const defaultPort = 8080

// Read reads and checks the configuration and the secrets. What the operator has
// to put right is a [*ProblemError]; only one is told at a time, the one to begin
// with. The secrets are read afresh each time and kept nowhere. A problem with the
// optional one, controller-credentials, is no error.
func Read(ctx context.Context, u Unit) (Settings, error) {
	c := config{ProbeControllers: true, Port: defaultPort}
	if err := u.Config(ctx, &c); err != nil {
		return Settings{}, err
	}
	s := Settings{ProbeControllers: c.ProbeControllers, FinishRecords: c.FinishRecords}
	var err error
	if s.PollInterval, err = pollInterval(c.PollInterval, u.Env().App()); err != nil {
		return Settings{}, err
	}
	if err = s.locate(ctx, u, c); err != nil {
		return Settings{}, err
	}
	s.secret = c.Credentials
	s.JIMM.ClientID, s.JIMM.ClientSecret, err = credentials(ctx, u, c.Credentials)
	if err != nil {
		return Settings{}, err
	}
	s.controllersSecret = c.Controllers
	s.Controllers, err = controllerCredentials(ctx, u, c.Controllers)
	if err != nil && !errors.As(err, &s.ControllersProblem) {
		return Settings{}, err
	}
	return s, nil
}

func pollInterval(text, app string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < minPollInterval || d > maxPollInterval {
		return 0, &ProblemError{
			What:   fmt.Sprintf("poll-interval %q is no duration from 1s to 5m", text),
			Remedy: "juju config " + app + " poll-interval=5s",
			Err:    err,
		}
	}
	return d, nil
}

// locate finds out where JIMM is and how it proves itself.
func (s *Settings) locate(ctx context.Context, u Unit, c config) (err error) {
	env := u.Env()
	if s.related = c.URL == ""; s.related {
		s.neighbour, s.addresses, err = discover(ctx, u, c)
	} else {
		s.addresses, err = []string{c.URL}, checkURL(c, env)
	}
	if err != nil {
		return err
	}
	s.authorities = c.CACertificate
	s.JIMM = jimm.Options{URL: s.addresses[0], Proxy: proxy(env, s.neighbours()), DialContext: env.DialContext}
	if c.CACertificate != "" {
		s.JIMM.RootCAs = x509.NewCertPool()
		if !s.JIMM.RootCAs.AppendCertsFromPEM([]byte(c.CACertificate)) {
			return &ProblemError{What: "jimm-ca-certificate holds no certificate in PEM", Remedy: "juju config " + env.App() + " jimm-ca-certificate=@ca.pem"}
		}
	}
	s.received = func(ctx context.Context) ([]*x509.Certificate, error) { return receivedCAs(ctx, u) }
	return nil
}

// neighbours returns the hosts that a relation has brought.
func (s *Settings) neighbours() []string {
	var hosts []string
	for _, raw := range s.addresses {
		if at, err := jimm.ParseAddress(raw); err == nil && s.related {
			hosts = append(hosts, at.Hostname())
		}
	}
	return hosts
}

// checkURL checks the address that the operator has set.
func checkURL(c config, env charm.Env) error {
	at, err := jimm.ParseAddress(c.URL)
	if err != nil {
		return &ProblemError{What: "jimm-url is no address of a JIMM", Remedy: "juju config " + env.App() + " jimm-url=wss://jimm.example.com", Err: err}
	}
	if at.Plaintext() && !c.AllowPlaintext && !private(at.Hostname(), env.KubernetesHost != "") {
		return &ProblemError{
			What:   "the secret would cross the network in clear to " + at.String(),
			Remedy: "juju config " + env.App() + " jimm-url=wss://" + at.Hostname(),
		}
	}
	return nil
}

// private reports whether what is sent to the host stays on this machine or, on
// Kubernetes, inside the cluster: names of services and addresses of pods.
func private(host string, kubernetes bool) bool {
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	switch {
	case host == "localhost" || err == nil && addr.IsLoopback():
		return true
	case !kubernetes:
		return false
	case err == nil:
		return addr.IsPrivate() || sharedAddresses().Contains(addr.Unmap())
	default:
		return inCluster(host)
	}
}

// sharedAddresses is the range of RFC 6598, which some clouds give to pods.
func sharedAddresses() netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10) }

// inCluster reports whether the name is that of a service in a Kubernetes
// cluster with the usual domain. Another name with ".svc." in it may be anybody's.
func inCluster(host string) bool {
	host = strings.TrimSuffix(host, ".")
	return strings.HasSuffix(host, ".svc") || strings.HasSuffix(host, ".svc.cluster.local")
}

// proxy makes the model's proxy settings usable for connections. What is inside
// the cluster or was found by a relation is reached directly: no proxy of the
// model's network leads there.
func proxy(env charm.Env, neighbours []string) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		host := r.URL.Hostname()
		if env.KubernetesHost != "" && inCluster(host) || slices.Contains(neighbours, host) {
			return nil, nil //nolint:nilnil // Go's way to say: no proxy.
		}
		return env.Proxy.For(r.URL)
	}
}

// The keys of the secret jimm-credentials.
const (
	keyClientID     = "client-id"
	keyClientSecret = "client-secret"
)

// credentials reads the service account from the secret.
func credentials(ctx context.Context, u Unit, uri string) (id string, secret jimm.Secret, err error) {
	app := u.Env().App()
	if uri == "" {
		return "", secret, &ProblemError{What: "jimm-credentials is not set", Remedy: newSecret(app, optionCredentials)}
	}
	content, err := userSecret(ctx, u, optionCredentials, uri, keyClientID)
	switch {
	case err != nil:
		return "", secret, err
	case content[keyClientID] == "" || content[keyClientSecret] == "":
		return "", secret, &ProblemError{What: "the secret in jimm-credentials lacks client-id or client-secret", Remedy: "juju update-secret " + uri + " client-id=ID client-secret=SECRET"}
	}
	return content[keyClientID], jimm.NewSecret(content[keyClientSecret]), nil
}

// The options that name a user secret.
const (
	optionCredentials = "jimm-credentials"
	optionControllers = "controller-credentials"
)

// newSecret is the command that makes a user secret and names it in the option.
// It is not granted then, which the next status says.
func newSecret(app, option string) string {
	content := app + " client-id=ID client-secret=SECRET"
	if option == optionControllers {
		content = "controllers " + keyControllers + "#file=controllers.json"
	}
	return fmt.Sprintf("juju config %s %s=$(juju add-secret %s)", app, option, content)
}

// userSecret reads the user secret that an option names, at its latest revision.
// What the operator has to put right is a [*ProblemError]. public are the keys
// whose values need not be hidden.
func userSecret(ctx context.Context, u Reader, option, uri string, public ...string) (map[string]string, error) {
	app := u.Env().App()
	// Without a label: Juju would refuse the same one for the next secret that the
	// option names.
	content, err := u.Secret(ctx, uri, charm.SecretOptions{Refresh: true, Public: public, Examples: []string{"SECRET"}})
	switch {
	case errors.Is(err, charm.ErrSecretNotGranted):
		return nil, &ProblemError{What: "the secret in " + option + " is not granted", Remedy: "juju grant-secret " + uri + " " + app + ", then juju run " + u.Env().Unit + " check-access", Err: err}
	case errors.Is(err, charm.ErrSecretNotFound), errors.Is(err, charm.ErrSecretURI):
		return nil, &ProblemError{What: "the secret in " + option + " does not exist", Remedy: newSecret(app, option), Err: err}
	default:
		return content, err
	}
}
