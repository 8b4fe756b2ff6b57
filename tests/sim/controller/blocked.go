package controller

import (
	"context"

	"jimm-migrator/tests/sim/wire"
)

// listBlockedModels requires a superuser. Juju 3 lists the models that have a block; without one the answer has no
// member (both from the source of 3.5.4). Juju 4 lists every model (4.0-beta8, recorded), and panics in version 12 as AllModels does (by its source).
func listBlockedModels(_ context.Context, s *session, req *wire.Request) (any, error) {
	if err := s.superuser(); err != nil {
		return nil, err
	}
	if s.c.release.has(juju4) && req.Version < 13 {
		return nil, wire.Errorf("", "runtime error: index out of range [0] with length 0")
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
		if h.model.ChangeBlock == "" && !s.c.release.has(juju4) {
			continue
		}
		b := blocked{UUID: h.model.UUID, Name: h.model.Name, OwnerTag: "user-" + h.model.Owner, Blocks: []string{}}
		if req.Version >= 13 {
			b.OwnerTag, b.Qualifier = "", h.model.Owner
		}
		if h.model.ChangeBlock != "" {
			b.Blocks = append(b.Blocks, "BlockChange")
		}
		list = append(list, b)
	}
	return struct {
		Models []blocked `json:"models,omitempty"`
	}{list}, nil
}
