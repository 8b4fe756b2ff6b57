package operator

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/jimm"
)

// Settings are what the operator has configured, checked.
type Settings struct {
	// JIMM says where JIMM is and who connects. The secret in it never prints.
	JIMM jimm.Options
	// ProbeControllers allows to ask the controllers themselves.
	ProbeControllers bool
	// PollInterval is the time between two looks at a migration.
	PollInterval time.Duration
}

// Unit is what this package needs of the unit that runs the charm.
type Unit interface {
	Env() charm.Env
	Config(ctx context.Context, into any) error
	Secret(ctx context.Context, uri string, opts charm.SecretOptions) (map[string]string, error)
	SetStatus(ctx context.Context, status charm.Status, message string) error
	SetWorkloadVersion(ctx context.Context, version string) error
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
	CACertificate    string `json:"jimm-ca-certificate"`
	Credentials      string `json:"jimm-credentials"`
	AllowPlaintext   bool   `json:"allow-plaintext"`
	ProbeControllers bool   `json:"probe-controllers"`
	PollInterval     string `json:"poll-interval"`
}

// The limits of poll-interval.
const (
	minPollInterval = time.Second
	maxPollInterval = 5 * time.Minute
)

// Read reads and checks the configuration and the secret. What the operator has
// to put right is a [*ProblemError]; only one is told at a time, the one to begin
// with. The secret is read afresh each time and kept nowhere.
func Read(ctx context.Context, u Unit) (Settings, error) {
	c := config{ProbeControllers: true}
	if err := u.Config(ctx, &c); err != nil {
		return Settings{}, err
	}
	s := Settings{ProbeControllers: c.ProbeControllers}
	var err error
	if s.PollInterval, err = pollInterval(c.PollInterval); err != nil {
		return Settings{}, err
	}
	if s.JIMM, err = address(c, u.Env()); err != nil {
		return Settings{}, err
	}
	s.JIMM.ClientID, s.JIMM.ClientSecret, err = credentials(ctx, u, c.Credentials)
	if err != nil {
		return Settings{}, err
	}
	return s, nil
}

func pollInterval(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < minPollInterval || d > maxPollInterval {
		return 0, &ProblemError{
			What:   fmt.Sprintf("poll-interval %q is no duration from 1s to 5m", text),
			Remedy: "juju config jimm-migrator poll-interval=5s",
			Err:    err,
		}
	}
	return d, nil
}

// address checks where JIMM is and how it proves itself.
func address(c config, env charm.Env) (jimm.Options, error) {
	if c.URL == "" {
		return jimm.Options{}, &ProblemError{What: "JIMM's address is not set", Remedy: "juju config " + env.App() + " jimm-url=wss://jimm.example.com"}
	}
	at, err := jimm.ParseAddress(c.URL)
	if err != nil {
		return jimm.Options{}, &ProblemError{What: "jimm-url is no address of a JIMM", Remedy: "juju config " + env.App() + " jimm-url=wss://jimm.example.com", Err: err}
	}
	if at.Plaintext() && !c.AllowPlaintext && !private(at.Hostname(), env.KubernetesHost != "") {
		return jimm.Options{}, &ProblemError{
			What:   "the secret would cross the network in clear to " + at.String(),
			Remedy: "juju config " + env.App() + " jimm-url=wss://" + at.Hostname(),
		}
	}
	opts := jimm.Options{URL: c.URL, Proxy: proxy(env)}
	if c.CACertificate != "" {
		opts.RootCAs = x509.NewCertPool()
		if !opts.RootCAs.AppendCertsFromPEM([]byte(c.CACertificate)) {
			return jimm.Options{}, &ProblemError{What: "jimm-ca-certificate holds no certificate in PEM", Remedy: "juju config " + env.App() + " jimm-ca-certificate=@ca.pem"}
		}
	}
	return opts, nil
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
		return addr.IsPrivate()
	default:
		return strings.HasSuffix(host, ".svc") || strings.HasSuffix(host, ".svc.cluster.local") || strings.Contains(host, ".svc.")
	}
}

// proxy makes the model's proxy settings usable for connections.
func proxy(env charm.Env) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) { return env.Proxy.For(r.URL) }
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
		return "", secret, &ProblemError{What: "jimm-credentials is not set", Remedy: "juju config " + app + " jimm-credentials=secret:... (see the option's description)"}
	}
	content, err := u.Secret(ctx, uri, charm.SecretOptions{Label: "jimm-credentials", Refresh: true, Public: []string{keyClientID}})
	switch {
	case errors.Is(err, charm.ErrSecretNotGranted):
		return "", secret, &ProblemError{What: "the secret in jimm-credentials is not granted", Remedy: "juju grant-secret " + uri + " " + app, Err: err}
	case errors.Is(err, charm.ErrSecretNotFound), errors.Is(err, charm.ErrSecretURI):
		return "", secret, &ProblemError{What: "the secret in jimm-credentials does not exist", Remedy: "juju config " + app + " jimm-credentials=secret:... with a secret that juju secrets lists", Err: err}
	case err != nil:
		return "", secret, err
	case content[keyClientID] == "" || content[keyClientSecret] == "":
		return "", secret, &ProblemError{What: "the secret in jimm-credentials lacks client-id or client-secret", Remedy: "juju update-secret " + uri + " client-id=ID client-secret=SECRET"}
	}
	return content[keyClientID], jimm.NewSecret(content[keyClientSecret]), nil
}
