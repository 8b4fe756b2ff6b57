package controller

import (
	"net"
	"strconv"
	"strings"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// hostPort is flat on the wire. Its members are in alphabetical order because in a redirect it is a map; that order
// does no harm at login.
type hostPort struct {
	Value string `json:"value"`
	Type  string `json:"type"`
	Scope string `json:"scope"`
	Port  int    `json:"port"`
}

// hostPorts splits host:port. Type and scope are derived from the host (documented; recorded with 4.0-beta8).
func hostPorts(addresses []string) []hostPort {
	list := []hostPort{}
	for _, address := range addresses {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			continue
		}
		n, _ := strconv.Atoi(port)
		hp := hostPort{Value: host, Type: "hostname", Port: n}
		if ip := net.ParseIP(host); ip != nil {
			hp.Type = "ipv6"
			if ip.To4() != nil {
				hp.Type = "ipv4"
			}
			switch {
			case ip.IsLoopback():
				hp.Scope = "local-machine"
			case ip.IsPrivate():
				hp.Scope = "local-cloud"
			default:
				hp.Scope = "public"
			}
		}
		list = append(list, hp)
	}
	return list
}

// redirect returns the error for a user of a model that migrated away, or nil. Only a model that is gone and whose
// latest migration is DONE redirects, and only users who had access when the migration was created, and the anonymous
// user (Juju 2.9 to 3.6, documented). 4.0.15 and 4.1-beta2 also redirect every external user (recorded), 4.0-beta8
// every user tag (recorded). Servers, CA, controller tag and alias are those of the target-info.
func (s *session) redirect(user string) error {
	m := s.c.departed(s.model, user)
	if m == nil {
		return nil
	}
	return redirection(m.fullRedirectInfo())
}

func (m *migration) fullRedirectInfo() map[string]any {
	info := m.redirectInfo()
	info["controller-tag"] = m.target.ControllerTag
	return info
}

func redirection(info map[string]any) *wire.Error {
	return &wire.Error{
		Message: "redirection to alternative server required",
		Code:    "redirection required",
		Info:    info,
	}
}

// departed returns the finished migration of a model that is gone, if it redirects this user.
func (c *Controller) departed(uuid, user string) *migration {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.latest[uuid]
	if uuid == "" || c.models[uuid] != nil || m == nil || m.Phase != Done {
		return nil
	}
	anyUser := c.config.RedirectAnyUser || c.release.has(redirectsAll) || user == anonymousUser ||
		c.release.has(released4) && strings.Contains(user, "@")
	if !anyUser && !m.users[user] {
		return nil
	}
	return m
}

// redirectInfo is the error-info without a controller tag. Its members are in alphabetical order because it is a map in
// Juju (4.0-beta8, recorded).
func (m *migration) redirectInfo() map[string]any {
	var servers []map[string]any
	for _, hp := range hostPorts(m.target.Addrs) {
		servers = append(servers, map[string]any{
			"value": hp.Value, "type": hp.Type, "scope": hp.Scope, "port": hp.Port,
		})
	}
	info := map[string]any{"servers": []any{servers}, "ca-cert": m.target.CACert}
	if m.target.ControllerAlias != "" {
		info["controller-alias"] = m.target.ControllerAlias
	}
	return info
}

// dischargeRequired is what a local user without a password gets: a result, not an error (4.0-beta8, recorded). Clients
// must not send an empty password.
func (c *Controller) dischargeRequired() loginResult {
	address := c.config.Name
	if all := c.Addresses(); len(all) > 0 {
		address = all[0]
	}
	macaroon := map[string]any{
		"caveats": []map[string]string{ // 3.5.4, observed
			{"cid": "time-before " + time.Now().Add(24*time.Hour).UTC().Format(time.RFC3339Nano)},
			{"cid": "eyJzaW11bGF0ZWQiOnRydWV9", "cl": "https://" + address + "/auth", "vid": "simulated"},
		},
		"location":   "juju model " + c.config.ControllerModelUUID,
		"identifier": "simulated",
		"signature":  "0000000000000000000000000000000000000000000000000000000000000000",
	}
	return loginResult{
		DischargeRequired:       macaroon,
		BakeryDischargeRequired: macaroon,
		DischargeRequiredReason: "invalid login macaroon",
	}
}
