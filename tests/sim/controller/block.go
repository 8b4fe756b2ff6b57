package controller

import (
	"context"

	"jimm-migrator/tests/sim/wire"
)

// listBlocks is Block.List. It requires access to the model: a superuser of the controller has none by that alone.
// Without a block the answer has no member (source of 3.5.4, where an id is that of the document; the facade has one
// version from 2.9 to 4.1).
func listBlocks(_ context.Context, s *session, _ *wire.Request) (any, error) {
	if access, _ := s.c.modelAccess(s.loggedIn(), s.model); access == "" {
		return nil, s.noRead()
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	h := s.c.models[s.model]
	if h == nil {
		return nil, wire.Errorf("not found", "model %q not found", s.model)
	}
	type block struct {
		ID      string `json:"id"`
		Tag     string `json:"tag"`
		Type    string `json:"type"`
		Message string `json:"message,omitempty"`
	}
	type blockResult struct {
		Result block `json:"result"`
	}
	var list struct {
		Results []blockResult `json:"results,omitempty"`
	}
	if h.model.ChangeBlock != "" {
		list.Results = append(list.Results, blockResult{block{ID: s.model + ":0", Tag: "model-" + s.model, Type: "BlockChange", Message: h.model.ChangeBlock}})
	}
	return list, nil
}
