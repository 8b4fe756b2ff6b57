package scenario_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/rpc"
	jimmsim "jimm-migrator/tests/sim/jimm"
)

// operate carries out a command of the administrator.
func (s *stage) operate(ctx context.Context, args []string) error {
	name := strings.Join(args[:min(2, len(args))], " ")
	rest := args[min(2, len(args)):]
	if args[0] == "jimmctl" || name == "juju jaas" {
		return s.jaasCommand(ctx, args)
	}
	switch name {
	case "juju run":
		return s.run(ctx, rest)
	case "juju config":
		return s.config(ctx, rest)
	case "juju integrate":
		return s.integrate(ctx, rest[0], rest[1])
	case "juju remove-relation":
		return s.separate(ctx, rest[0], rest[1])
	case "juju cancel-task":
		return s.agent.Cancel(rest[0])
	case "juju show-model":
		return s.asOperator(ctx, func(c *jimm.Client) error {
			_, err := c.ModelInfo(ctx, s.jaas.UUID(rest[0]))
			return err
		})
	case "juju add-model":
		return s.jaas.JIMM().AddModelFor(ctx, "alice@example.com", rest[0])
	case "juju migrate":
		return s.jaas.JujuMigrate(ctx, s.jaas.UUID(rest[0]), rest[1])
	case "juju add-secret":
		uri, err := s.agent.AddSecret(charmtest.Secret{Label: rest[0], Content: s.content(rest[1:]), NotGranted: true})
		s.secrets[rest[0]] = uri
		return err
	case "juju update-secret":
		_, err := s.agent.UpdateSecret(s.uri(rest[0]), s.content(rest[1:]))
		return err
	case "juju grant-secret":
		return s.agent.GrantSecret(s.uri(rest[0]))
	case "juju revoke-secret":
		return s.agent.RevokeSecret(s.uri(rest[0]))
	case "juju remove-secret":
		return s.agent.RemoveSecret(s.uri(rest[0]))
	default:
		return fmt.Errorf("%s: no such command", name)
	}
}

// uri is the URI of a secret that is given by name or URI.
func (s *stage) uri(secret string) string {
	if uri, ok := s.secrets[secret]; ok {
		return uri
	}
	return secret
}

// content is the content of a secret from key=value…. "key#file=NAME" reads the value from a file of the story, in
// which {names} are replaced.
func (s *stage) content(args []string) map[string]string {
	out := map[string]string{}
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		if name, isFile := strings.CutSuffix(key, "#file"); isFile {
			key = name
			text, err := s.fill(s.story.files[value])
			if err != nil {
				s.t.Errorf("%s: %s: %v", s.story.file, value, err)
			}
			value = text
		}
		out[key] = value
	}
	return out
}

// config is juju config APP key=value… or --reset key,…; a unit that is
// installed gets the hook config-changed.
func (s *stage) config(ctx context.Context, args []string) error {
	values := map[string]any{}
	for i, arg := range args {
		if i == 0 {
			continue
		}
		if args[i-1] == "--reset" {
			for key := range strings.SplitSeq(arg, ",") {
				values[key] = nil
			}
		}
		if key, value, ok := strings.Cut(arg, "="); ok {
			values[key] = s.readable(value)
		}
	}
	if len(values) == 0 {
		return errors.New("juju config needs options")
	}
	if err := s.agent.SetConfig(values); err != nil {
		return err
	}
	if s.agent.Status().Message == "installing agent" {
		return nil
	}
	return s.hook(ctx, "config-changed")
}

// readable reads a value from a file if it begins with "@": ca.pem is the world's, others are in the story.
func (s *stage) readable(value string) string {
	switch name, ok := strings.CutPrefix(value, "@"); {
	case !ok:
		return value
	case name == "ca.pem":
		return s.jaas.CA()
	default:
		return s.story.files[name]
	}
}

// jaasCommand is a command of jimmctl, or of its successor, the plugin juju jaas: each year has only one of them. The
// plugin was released in April 2025, after our JIMM of 2025.
func (s *stage) jaasCommand(ctx context.Context, args []string) error {
	there := map[string]string{"2024": "jimmctl", "2025": "jimmctl", "2026": "juju"}[s.age.year]
	if args[0] != there {
		return fmt.Errorf("%s: command not found in %s", args[0], s.age.year)
	}
	args = args[1:]
	if there == "juju" {
		args = args[1:]
	}
	command := strings.Join(args[:len(args)-min(2, len(args))], " ")
	switch {
	case strings.HasPrefix(strings.Join(args, " "), "auth relation add ") && there == "jimmctl" && len(args) == 6:
		return s.grant(args[3:])
	case strings.HasPrefix(strings.Join(args, " "), "auth relation remove ") && there == "jimmctl" && len(args) == 6:
		return s.revoke(args[3:])
	case args[0] == "add-permission" && there == "juju" && len(args) == 4:
		return s.grant(args[1:])
	case args[0] == "remove-permission" && there == "juju" && len(args) == 4:
		return s.revoke(args[1:])
	case args[0] == "import-model" && len(args) == 5 && args[3] == "--owner":
		return s.importModel(ctx, args[1], args[2], args[4])
	case command == "update-migrated-model":
		return s.asOperator(ctx, func(c *jimm.Client) error { return c.UpdateMigratedModel(ctx, args[2], args[1]) })
	case command == "migrate-model":
		return s.asOperator(ctx, func(c *jimm.Client) error {
			_, err := c.MigrateModel(ctx, args[2], args[1])
			return err
		})
	default:
		return fmt.Errorf("%s: no such command", strings.Join(args, " "))
	}
}

func (s *stage) grant(tuple []string) error {
	if !s.jaas.JIMM().Grant(jimmsim.Tuple{Object: tuple[0], Relation: tuple[1], Target: tuple[2]}) {
		return errors.New("this was granted already")
	}
	return nil
}

func (s *stage) revoke(tuple []string) error {
	if !s.jaas.JIMM().Revoke(jimmsim.Tuple{Object: tuple[0], Relation: tuple[1], Target: tuple[2]}) {
		return errors.New("this was not granted")
	}
	return nil
}

// dialContext is how JIMM and the controllers are reached.
func (s *stage) dialContext() func(ctx context.Context, network, address string) (net.Conn, error) {
	if s.network == nil {
		return nil
	}
	return s.network.DialContext
}

// asOperator calls JIMM as the administrator.
func (s *stage) asOperator(ctx context.Context, call func(*jimm.Client) error) error {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(s.jaas.CA()))
	account := s.jaas.Account(operatorAccount)
	client, err := jimm.Connect(ctx, jimm.Options{
		URL: s.jaas.URL(), ClientID: account.ID, ClientSecret: jimm.NewSecret(account.Secret), RootCAs: pool,
		DialContext: s.dialContext(),
	})
	if err != nil {
		return err
	}
	defer client.Close()
	return call(client)
}

// importModel imports a model of a controller into JIMM. The charm has no such call.
func (s *stage) importModel(ctx context.Context, controller, model, owner string) error {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(s.jaas.CA()))
	address, err := jimm.ParseAddress(s.jaas.URL())
	if err != nil {
		return err
	}
	conn, err := rpc.Dial(ctx, address.API(), rpc.DialOptions{RootCAs: pool, DialContext: s.dialContext()})
	if err != nil {
		return err
	}
	defer conn.Close()
	account := s.jaas.Account(operatorAccount)
	if err := conn.Call(ctx, rpc.Request{Facade: "Admin", Version: 4, Method: "LoginWithClientCredentials"},
		map[string]any{"client-id": account.ID, "client-secret": account.Secret}, nil); err != nil {
		return err
	}
	return conn.Call(ctx, rpc.Request{Facade: "JIMM", Version: 4, Method: "ImportModel"},
		map[string]any{"controller": controller, "model-tag": "model-" + model, "owner": owner}, nil)
}
