package juju

import (
	"context"
	"fmt"

	"jimm-migrator/src/rpc"
)

// Cloud calls the facade Cloud of a Juju controller, version 7 (2.9 to 4.x).
type Cloud struct{ caller rpc.Caller }

// NewCloud returns a client of the facade.
func NewCloud(caller rpc.Caller) *Cloud { return &Cloud{caller} }

// Clouds returns the regions of each cloud that the controller knows, by the
// cloud's name.
func (c *Cloud) Clouds(ctx context.Context) (map[string][]string, error) {
	var reply struct {
		Clouds map[string]struct {
			Regions []struct {
				Name string `json:"name"`
			} `json:"regions"`
		} `json:"clouds"`
	}
	if err := c.caller.Call(ctx, rpc.Request{Facade: "Cloud", Version: 7, Method: "Clouds"}, nil, &reply); err != nil {
		return nil, fmt.Errorf("cannot list clouds: %w", err)
	}
	clouds := make(map[string][]string, len(reply.Clouds))
	for tag, cloud := range reply.Clouds {
		var regions []string
		for _, r := range cloud.Regions {
			regions = append(regions, r.Name)
		}
		clouds[TagID(KindCloud, tag)] = regions
	}
	return clouds, nil
}

// Cloud returns a client of the facade. It needs a login.
func (c *Conn) Cloud() (*Cloud, error) {
	if _, err := c.login.Facades.choose("Cloud", 7); err != nil {
		return nil, err
	}
	return NewCloud(c), nil
}
