package juju

import (
	"context"
	"errors"
	"fmt"

	"jimm-migrator/src/rpc"
)

// SecretBackends returns the names of the secret backends that a controller has, by their ids (SecretBackends 1
// ListSecretBackends, Juju 3.1 and newer), also of those that it could not reach just now. Their
// configuration, which is in the answer, is not decoded. It needs a login.
func (c *Conn) SecretBackends(ctx context.Context) (map[string]string, error) {
	version, err := c.login.Facades.choose("SecretBackends", 1)
	if err != nil {
		return nil, err
	}
	params := struct {
		Names  []string `json:"names"`
		Reveal bool     `json:"reveal"`
	}{}
	var reply struct {
		Results []struct {
			ID     string `json:"id"`
			Result struct {
				Name string `json:"name"`
			} `json:"result"`
		} `json:"results"`
	}
	if err := c.Call(ctx, rpc.Request{Facade: "SecretBackends", Version: version, Method: "ListSecretBackends"}, params, &reply); err != nil {
		return nil, fmt.Errorf("cannot list secret backends: %w", err)
	}
	if len(reply.Results) == 0 {
		return nil, errors.New("cannot list secret backends: unexpected answer: no backend, not even the controller's own")
	}
	names := map[string]string{}
	for _, r := range reply.Results {
		names[r.ID] = r.Result.Name
	}
	return names, nil
}
