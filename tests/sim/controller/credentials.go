package controller

import (
	"context"
	"maps"
	"slices"
	"strings"

	"jimm-migrator/tests/sim/wire"
)

// userCredentials is Cloud.UserCredentials: the tags of a user's credentials, including those of models. Users who are
// not superusers see only their own.
func userCredentials(_ context.Context, s *session, req *wire.Request) (any, error) {
	var params struct {
		UserClouds []struct {
			User  string `json:"user-tag"`
			Cloud string `json:"cloud-tag"`
		} `json:"user-clouds"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	answer := results{Results: []result{}}
	for _, uc := range params.UserClouds {
		name, err := userTag(uc.User)
		if err == nil && name != s.loggedIn().user {
			err = s.superuser()
		}
		if err != nil {
			answer.Results = append(answer.Results, result{Error: wire.AsError(err)})
			continue
		}
		answer.Results = append(answer.Results, result{Result: s.c.credentialTags(name, strings.TrimPrefix(uc.Cloud, "cloud-"))})
	}
	return answer, nil
}

// credentialsByTag is Cloud.Credential, for superusers (others see only their own, which no test
// requests): the kind, the attributes, and the names of the secret attributes (source of 3.5.4).
// Worlds assume that every credential has the kind userpass and only secret attributes.
func credentialsByTag(_ context.Context, s *session, req *wire.Request) (any, error) {
	return each(req, func(tag string) (any, error) {
		if s.superuser() != nil {
			return nil, wire.Errorf("unauthorized access", "permission denied")
		}
		s.c.mu.Lock()
		defer s.c.mu.Unlock()
		attributes, found := map[string]string{}, false
		for _, h := range s.c.models {
			if h.model.credentialTag() == tag {
				attributes, found = h.model.CredentialAttributes, true
			}
		}
		for _, known := range s.c.creds {
			if "cloudcred-"+known.Cloud+"_"+known.Owner+"_"+known.Name == tag {
				attributes, found = known.Attributes, true
			}
		}
		if !found {
			return nil, wire.Errorf("not found", "credential %q not found", tag[strings.LastIndex(tag, "_")+1:])
		}
		return struct {
			AuthType string   `json:"auth-type"`
			Redacted []string `json:"redacted,omitempty"`
		}{"userpass", slices.Sorted(maps.Keys(attributes))}, nil
	})
}

func (c *Controller) credentialTags(owner, cloud string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	tags := []string{}
	for _, credential := range c.creds {
		if credential.Owner == owner && credential.Cloud == cloud {
			tags = append(tags, "cloudcred-"+cloud+"_"+owner+"_"+credential.Name)
		}
	}
	for _, h := range c.models {
		if h.model.Owner == owner && h.model.Cloud == cloud && !h.model.IsController {
			tags = append(tags, h.model.credentialTag())
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// checkCredentials answers what JIMM asks when a credential that models use is uploaded (JIMM's source): every model
// accepts it. The credential is not stored.
func checkCredentials(_ context.Context, s *session, req *wire.Request) (any, error) {
	if err := s.superuser(); err != nil {
		return nil, err
	}
	type item struct {
		Tag string `json:"tag"`
	}
	var params struct {
		Credentials []item `json:"credentials"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	return map[string][]item{"results": append([]item{}, params.Credentials...)}, nil
}
