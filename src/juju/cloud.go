package juju

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

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

// Credential is a cloud credential as a controller shows it to its administrators: secret attributes
// have only their names.
type Credential struct {
	AuthType   string            `json:"auth-type"`
	Attributes map[string]string `json:"attrs"`
	Redacted   []string          `json:"redacted"`
}

// Credential returns the credential with that tag, as ModelInfo has it. The error matches
// rpc.CodeNotFound if there is none.
func (c *Cloud) Credential(ctx context.Context, tag string) (Credential, error) {
	type entity struct {
		Tag string `json:"tag"`
	}
	params := struct {
		Entities []entity `json:"entities"`
	}{[]entity{{tag}}}
	var reply struct {
		Results []struct {
			Result *Credential `json:"result"`
			Error  *rpc.Error  `json:"error"`
		} `json:"results"`
	}
	err := c.caller.Call(ctx, rpc.Request{Facade: "Cloud", Version: 7, Method: "Credential"}, params, &reply)
	switch {
	case err != nil:
	case len(reply.Results) != 1:
		err = fmt.Errorf("unexpected answer: %d results", len(reply.Results))
	case reply.Results[0].Error != nil:
		err = reply.Results[0].Error
	case reply.Results[0].Result == nil:
		err = errors.New("unexpected answer: no result")
	default:
		return *reply.Results[0].Result, nil
	}
	return Credential{}, fmt.Errorf("cannot read a cloud credential: %w", err)
}

// CredentialOwner returns the owner in the tag of a credential, such as "bob" for
// cloudcred-aws_bob_main; "" if it is not such a tag.
func CredentialOwner(tag string) string {
	parts := strings.Split(TagID("cloudcred", tag), "_")
	if len(parts) != 3 {
		return ""
	}
	owner, err := url.QueryUnescape(parts[1])
	if err != nil {
		return ""
	}
	return owner
}

// Cloud returns a client of the facade. It needs a login.
func (c *Conn) Cloud() (*Cloud, error) {
	if _, err := c.login.Facades.choose("Cloud", 7); err != nil {
		return nil, err
	}
	return NewCloud(c), nil
}
