package config

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"jimm-migrator/charm"
	"jimm-migrator/src/jimm"
)

// neighbour is a JIMM that a relation leads to.
type neighbour struct {
	endpoint string   // ours
	remote   string   // the application, as this model calls it
	app      string   // as its own model calls it
	model    string   // UUID of that model
	hosts    []string // where it may be, best first; none: nothing is published yet
}

// same reports whether two relations lead to one application.
func (n neighbour) same(other neighbour) bool {
	return n.app == other.app && n.model == other.model
}

// removal is the command that ends the relation.
func (n neighbour) removal(app string) string {
	return fmt.Sprintf("juju remove-relation %s:%s %s", app, n.endpoint, n.remote)
}

func (n neighbour) String() string { return n.remote + " (" + n.endpoint + ")" }

// discover returns where the relations say that JIMM is, best address first. A
// relation with prometheus_scrape takes precedence over juju-info, which proves
// nothing about the other side.
func discover(ctx context.Context, u Unit, c options) (n neighbour, addresses []string, err error) {
	var found, silent []neighbour
	for _, read := range []func(context.Context, Unit) ([]neighbour, error){scraped, informed} {
		list, err := read(ctx, u)
		if err != nil {
			return neighbour{}, nil, err
		}
		for _, n := range list {
			if len(n.hosts) == 0 {
				silent = append(silent, n)
				continue
			}
			found = append(found, n)
		}
	}
	app := u.Env().App()
	switch {
	case len(found) > 0:
	case len(silent) > 0:
		return neighbour{}, nil, &WaitError{For: fmt.Sprintf("%s to publish its address", silent[0])}
	default:
		return neighbour{}, nil, &ProblemError{
			What:   "JIMM's address is not set",
			Remedy: fmt.Sprintf("juju integrate %s:%s jimm, or juju config %s jimm-url=wss://jimm.example.com", app, EndpointInfo, app),
		}
	}
	first := found[0]
	if i := slices.IndexFunc(found, func(n neighbour) bool { return !n.same(first) }); i >= 0 {
		other := found[i]
		return neighbour{}, nil, &ProblemError{
			What:   fmt.Sprintf("related to two different JIMMs, %s and %s", first, other),
			Remedy: other.removal(app),
		}
	}
	addresses, err = first.addresses(c, u.Env())
	return first, addresses, err
}

// addresses turns hosts into addresses. Charms of JIMM serve its API without TLS
// on their units, so the rule for plaintext decides which may be used.
func (n neighbour) addresses(c options, env charm.Env) ([]string, error) {
	port := c.Port
	if port <= 0 || port > 65535 {
		return nil, &ProblemError{
			What:   fmt.Sprintf("jimm-port %d is not a port", port),
			Remedy: "juju config " + env.App() + " jimm-port=8080",
		}
	}
	var usable, refused []string
	for _, host := range n.hosts {
		at, err := jimm.ParseAddress("ws://" + net.JoinHostPort(host, strconv.Itoa(port)))
		switch {
		case err != nil || slices.Contains(usable, at.String()):
		case c.AllowPlaintext || private(at.Hostname(), env.KubernetesHost != ""):
			usable = append(usable, at.String())
		default:
			refused = append(refused, at.String())
		}
	}
	switch {
	case len(usable) > 0:
		return usable, nil
	case len(refused) > 0:
		return nil, &ProblemError{
			What:   "the secret would be sent unencrypted to " + refused[0],
			Remedy: fmt.Sprintf("juju config %s jimm-url=wss://jimm.example.com, or, if that network is trusted, juju config %s allow-plaintext=true", env.App(), env.App()),
		}
	default:
		return nil, &WaitError{For: fmt.Sprintf("%s to publish an address", n)}
	}
}

// scrapeMetadata is what a provider of prometheus_scrape publishes about
// itself.
type scrapeMetadata struct {
	Model       string `json:"model"`
	ModelUUID   string `json:"model_uuid"`
	Application string `json:"application"`
	CharmName   string `json:"charm_name"`
}

// scraped returns the JIMMs that jimm-metrics leads to. JIMM's charm opens no
// port, so the service of its application leads nowhere; the headless service
// leads to every pod.
func scraped(ctx context.Context, u Unit) ([]neighbour, error) {
	ids, err := u.RelationIDs(ctx, EndpointMetrics)
	if err != nil {
		return nil, err
	}
	var out []neighbour
	for _, id := range ids {
		n := neighbour{endpoint: EndpointMetrics}
		if n.remote, err = u.RelationApp(ctx, id); err != nil {
			return nil, err
		}
		data, err := u.RelationData(ctx, id, n.remote)
		if err != nil {
			return nil, err
		}
		if raw := data["scrape_metadata"]; raw != "" {
			if err := n.identify(ctx, u, id, raw); err != nil {
				return nil, err
			}
		}
		out = append(out, n)
	}
	return out, nil
}

// identify reads what the other side of jimm-metrics publishes about itself.
func (n *neighbour) identify(ctx context.Context, u Unit, id, raw string) error {
	var meta scrapeMetadata
	err := json.Unmarshal([]byte(raw), &meta)
	if err != nil || !isJIMM(meta.CharmName) || !isLabel(meta.Application) || !isLabel(meta.Model) {
		app := u.Env().App()
		what := fmt.Sprintf("%s is related as JIMM, but reports that its charm is %q", n, meta.CharmName)
		if err != nil || isJIMM(meta.CharmName) {
			what = n.String() + " does not name its application in scrape_metadata"
		}
		return &ProblemError{
			What:   what,
			Remedy: n.removal(app),
			Err:    err,
		}
	}
	n.app, n.model = meta.Application, meta.ModelUUID
	n.hosts = []string{headless(meta.Application, meta.Model)}
	units, err := UnitData(ctx, u, id, "prometheus_scrape_unit_fqdn", "prometheus_scrape_unit_address")
	n.hosts = append(n.hosts, units...)
	return err
}

// isJIMM reports whether a charm is one of JIMM: juju-jimm-k8s, juju-jimm, or a
// fork that has kept the word.
func isJIMM(charmName string) bool {
	return slices.Contains(strings.Split(charmName, "-"), "jimm")
}

// informed returns the JIMMs that jimm-info leads to: any application can be on
// the other side, so only an answer like JIMM's proves that it is JIMM.
func informed(ctx context.Context, u Unit) ([]neighbour, error) {
	ids, err := u.RelationIDs(ctx, EndpointInfo)
	if err != nil {
		return nil, err
	}
	env := u.Env()
	var out []neighbour
	for _, id := range ids {
		n := neighbour{endpoint: EndpointInfo, model: env.ModelUUID}
		if n.remote, err = u.RelationApp(ctx, id); err != nil {
			return nil, err
		}
		n.app = n.remote
		// Juju itself writes these, for every unit.
		if n.hosts, err = UnitData(ctx, u, id, "ingress-address", "private-address"); err != nil {
			return nil, err
		}
		if env.KubernetesHost != "" {
			// An ingress address may be that of a service which forwards nothing.
			n.hosts = append([]string{headless(n.app, env.ModelName)}, n.hosts...)
		}
		out = append(out, n)
	}
	return out, nil
}

// headless is the name of the service that Juju makes for the pods of an
// application, whether they are ready or not.
func headless(app, model string) string {
	return app + "-endpoints." + model + ".svc.cluster.local"
}

// isLabel reports whether a text can be a part of a host name.
func isLabel(s string) bool {
	return s != "" && len(s) <= 63 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}
