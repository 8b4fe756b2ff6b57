package controller

import (
	"context"

	"jimm-migrator/tests/sim/wire"
)

// dumpModels does not exist in 4.0-beta8 (recorded). In 4.0.15 a model's description is YAML with the version of its
// format (recorded; the rest, which holds credentials, is left out here). Up to 3.6 a model that has migrated away
// answers with a redirect (3.5.4, observed; 3.6.28, recorded).
func dumpModels(_ context.Context, s *session, req *wire.Request) (any, error) {
	if !s.c.release.has(juju4) {
		return dumpEach(req, s.dumpOf)
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

// dumpOf is the description of a model up to 3.6 (3.5.4, observed).
func (s *session) dumpOf(tag string) (string, error) {
	uuid, err := modelTag(tag)
	if err != nil {
		return "", err
	}
	if m := s.c.departed(uuid, s.loggedIn().user); m != nil {
		return "", redirection(m.redirectInfo())
	}
	readable := s.mayRead(uuid)
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	switch h := s.c.models[uuid]; {
	case h == nil:
		return "", wire.Errorf("not found", "model %q not found", uuid)
	case !readable:
		return "", errPermission()
	default:
		return "version: 10\ntype: " + h.model.Type + "\nowner: " + h.model.Owner + "\n", nil
	}
}

// dumpEach answers each tag with a text or an error.
func dumpEach(req *wire.Request, dump func(tag string) (string, error)) (any, error) {
	type item struct {
		Error  *wire.Error `json:"error,omitempty"`
		Result string      `json:"result"`
	}
	var params entities
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	list := []item{}
	for _, entity := range params.Entities {
		text, err := dump(entity.Tag)
		list = append(list, item{wire.AsError(err), text})
	}
	return map[string]any{"results": list}, nil
}
