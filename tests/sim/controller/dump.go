package controller

import (
	"context"

	"jimm-migrator/tests/sim/wire"
)

// dumpModels is not there in 4.0-beta8 (recorded). In 4.0.15 a model's description is YAML with the version of its format
// (recorded; the rest, which holds credentials, is left out here). Up to 3.6 no one asks a simulated controller.
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
