package config

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
)

// Settings are the checked configuration.
type Settings struct {
	// JIMM has the address of JIMM and the account that connects. The secret in it never prints.
	// Of several addresses from a relation it has the first; see
	// [Settings.Connect].
	JIMM jimm.Options
	// ProbeControllers allows the charm to ask the controllers themselves.
	ProbeControllers bool
	// PollInterval is the time between two observations of a migration.
	PollInterval time.Duration
	// FinishRecords makes update-status record models that were migrated and
	// not recorded.
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
	// authorities is the value of jimm-ca-certificate.
	authorities string
	// received reads the authorities of receive-ca-cert: only when a server is
	// not trusted without them, because each tool is a process.
	received func(ctx context.Context) ([]*x509.Certificate, error)
}

// options are those of config.yaml.
type options struct {
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

// Read reads and checks the configuration and the secrets. Something that the
// administrator has to correct is a [*ProblemError]; only one is reported at a time,
// the first to correct. The secrets are read again each time and stored nowhere. A
// problem with the optional one, controller-credentials, is not an error.
func Read(ctx context.Context, u Unit) (Settings, error) {
	c := options{ProbeControllers: true, Port: defaultPort}
	if err := u.Config(ctx, &c); err != nil {
		return Settings{}, err
	}
	c.URL = strings.TrimSpace(c.URL) // As @file gives it.
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
			What:   fmt.Sprintf("poll-interval %q must be a duration between 1s and 5m", text),
			Remedy: "juju config " + app + " poll-interval=5s",
			Err:    err,
		}
	}
	return d, nil
}

// locate finds out where JIMM is and how it proves itself.
func (s *Settings) locate(ctx context.Context, u Unit, c options) (err error) {
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
	s.JIMM = jimm.Options{URL: s.addresses[0], Proxy: Proxy(env, s.neighbours()), DialContext: env.DialContext}
	if c.CACertificate != "" {
		s.JIMM.RootCAs = x509.NewCertPool()
		if !s.JIMM.RootCAs.AppendCertsFromPEM([]byte(c.CACertificate)) {
			return &ProblemError{What: "jimm-ca-certificate has no certificate in PEM format", Remedy: "juju config " + env.App() + " jimm-ca-certificate=@ca.pem"}
		}
	}
	s.received = func(ctx context.Context) ([]*x509.Certificate, error) { return ReceivedCAs(ctx, u) }
	return nil
}

// neighbours returns the hosts from a relation.
func (s *Settings) neighbours() []string {
	var hosts []string
	for _, raw := range s.addresses {
		if at, err := jimm.ParseAddress(raw); err == nil && s.related {
			hosts = append(hosts, at.Hostname())
		}
	}
	return hosts
}

// JIMMModel returns the UUID of the model that hosts JIMM, as a relation says;
// "" if the address of JIMM is configured, or the relation does not say it.
func (s Settings) JIMMModel() string { return s.neighbour.model }

// AddressOf returns the address at which a client is connected, as statuses show
// it: the configured one, or that of the related unit that answered.
func (s Settings) AddressOf(client *jimm.Client) string {
	if s.related {
		return client.Address().String()
	}
	return s.JIMM.URL
}

// Fingerprint identifies JIMM and the account. It reveals no secret.
func (s Settings) Fingerprint() string {
	sum := sha256.Sum256([]byte(strings.Join(s.addresses, " ") + "\n" + s.JIMM.ClientID + "\n" + s.secret + "\n" + s.authorities))
	return hex.EncodeToString(sum[:8])
}
