package controller

import (
	"context"
	"slices"
	"strings"

	"jimm-migrator/tests/sim/wire"
)

// listBlockedModels is for superusers. Nothing is blocked here; every model is listed all the same (4.0-beta8, recorded).
func listBlockedModels(_ context.Context, s *session, req *wire.Request) (any, error) {
	if err := s.superuser(); err != nil {
		return nil, err
	}
	type blocked struct {
		UUID      string   `json:"model-uuid"`
		Name      string   `json:"name"`
		OwnerTag  string   `json:"owner-tag,omitempty"`
		Qualifier string   `json:"qualifier,omitempty"`
		Blocks    []string `json:"blocks"`
	}
	list := []blocked{}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	for _, h := range s.c.sorted() {
		b := blocked{UUID: h.model.UUID, Name: h.model.Name, OwnerTag: "user-" + h.model.Owner, Blocks: []string{}}
		if req.Version >= 13 {
			b.OwnerTag, b.Qualifier = "", h.model.Owner
		}
		list = append(list, b)
	}
	return map[string]any{"models": list}, nil
}

// userCredentials is Cloud.UserCredentials: the tags of a user's credentials, those of models included. Others than
// superusers see their own.
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

// dumpModels is not there in 4.0-beta8 (recorded). In 4.0.15 a model's description is YAML with the version of its format
// (recorded; the rest, which holds credentials, is left out here). Up to 3.6 nobody asks a simulated controller.
func dumpModels(_ context.Context, s *session, req *wire.Request) (any, error) {
	if !s.c.release.has(juju4) {
		return nil, s.unknownMethod(req)
	}
	type dump struct {
		Error  *wire.Error `json:"error"`
		Result string      `json:"result"`
	}
	var params entities
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	list := []dump{}
	for _, entity := range params.Entities {
		uuid, err := modelTag(entity.Tag)
		s.c.mu.Lock()
		h := s.c.models[uuid]
		s.c.mu.Unlock()
		switch {
		case s.c.release.has(unfinished):
			err = wire.Errorf("not implemented", "not implemented")
		case err == nil && !s.mayRead(uuid):
			err = errPermission()
		case err == nil && h == nil:
			err = s.c.errNoDatabase()
		}
		item := dump{Error: wire.AsError(err)}
		if err == nil {
			item.Result = "version: " + payloadVersion + "\nmodel:\n  name: " + h.model.Name + "\n  uuid: " + uuid + "\n"
		}
		list = append(list, item)
	}
	return map[string]any{"results": list}, nil
}

// payloadVersion is the format of descriptions of 4.0.15 (recorded).
const payloadVersion = "4.0.12"
