package scenario_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"slices"

	"jimm-migrator/src/rpc"
	jimmsim "jimm-migrator/tests/sim/jimm"
)

// jujuMigrate is juju migrate MODEL CONTROLLER by a superuser of the controllers: JIMM does not learn of it. The world
// must allow Controller.InitiateMigration.
func (s *stage) jujuMigrate(ctx context.Context, model, target string) error {
	uuid := s.jaas.UUID(model)
	places := s.jaas.Where(uuid)
	if len(places) != 1 {
		return fmt.Errorf("the model is on %d controllers", len(places))
	}
	from, to := s.controller(places[0].Controller), s.controller(target)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(from.CACertificate))
	conn, err := rpc.Dial(ctx, "wss://"+from.PublicAddress+"/api", rpc.DialOptions{
		RootCAs: pool, ServerName: from.TLSHostname, DialContext: s.dialContext(),
	})
	if err != nil {
		return err
	}
	defer conn.Close()
	var login struct {
		Facades []struct {
			Name     string
			Versions []int
		}
	}
	err = conn.Call(ctx, rpc.Request{Facade: "Admin", Version: 3, Method: "Login"}, map[string]any{
		"auth-tag": "user-" + from.Username, "credentials": from.Password, "client-version": from.AgentVersion,
	}, &login)
	if err != nil {
		return err
	}
	version := 0
	for _, f := range login.Facades {
		if f.Name == "Controller" {
			version = slices.Max(f.Versions)
		}
	}
	var reply struct {
		Results []struct {
			Error *rpc.Error `json:"error"`
		} `json:"results"`
	}
	err = conn.Call(ctx, rpc.Request{Facade: "Controller", Version: version, Method: "InitiateMigration"}, map[string]any{
		"specs": []any{map[string]any{
			"model-tag": "model-" + uuid,
			"target-info": map[string]any{
				"controller-tag": "controller-" + to.UUID, "controller-alias": to.Name, "ca-cert": to.CACertificate,
				"addrs": []string{to.PublicAddress}, "auth-tag": "user-" + to.Username, "password": to.Password,
			},
		}},
	}, &reply)
	if err == nil && len(reply.Results) == 1 && reply.Results[0].Error != nil {
		err = reply.Results[0].Error
	}
	return err
}

// controller is JIMM's row of a controller; empty if it has none.
func (s *stage) controller(name string) jimmsim.Controller {
	for _, c := range s.jaas.JIMM().Controllers() {
		if c.Name == name {
			return c
		}
	}
	return jimmsim.Controller{}
}
