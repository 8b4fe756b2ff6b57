package controller

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// The facade MigrationTarget, versions 1 to 8 (documented; 4 to 7 recorded with 4.0-beta8): what the source of a
// migration asks of the target. All of it requires a superuser, which session.allowed ensures.

func targetPrechecks(_ context.Context, s *session, req *wire.Request) (any, error) {
	var params migratingModel
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	return nil, s.c.precheckTarget(params, req.Version)
}

// importModel makes an importing copy: ModelInfo and AllModels show it, summaries do not. Problems that no precheck
// finds fail here: cloud, region, credential, secret backends.
func importModel(_ context.Context, s *session, req *wire.Request) (any, error) {
	var params serializedModel
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	var m Model
	switch err := json.Unmarshal(params.Bytes, &m); {
	case len(params.Bytes) == 0: // recorded with 4.0-beta8, as the next
		return nil, wire.Errorf("", "version: expected int, got nothing")
	case err != nil:
		return nil, wire.Errorf("", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `%s` into map[string]interface {}",
			params.Bytes)
	}
	c := s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.importable(m); err != nil {
		return nil, err
	}
	h := &hosted{
		model: m, mode: modeImporting, status: c.importingStatus(), came: true,
		hidden: req.Version >= envelopeVersion && c.release.has(hiddenCopies),
	}
	if c.release.has(unfinished) { // a normal model at once (4.0-beta8, recorded)
		h.mode, h.status = modeNone, status{Status: "available", Since: now()}
	}
	if c.release.has(silentSource) { // 4.0.15 and 4.1-beta2, recorded with models without agents
		h.model.AgentVersion = c.Version()
	}
	c.models[m.UUID] = h
	c.touch()
	return nil, nil
}

// importable returns why an import fails. The caller holds mu.
func (c *Controller) importable(m Model) error {
	if c.models[m.UUID] != nil {
		return wire.Errorf("already exists", "model %s already exists", m.UUID)
	}
	cloud, ok := c.cloud(m.Cloud)
	if !ok {
		return wire.Errorf("not found", "cloud %q not found", m.Cloud)
	}
	if m.Region != "" && !slices.Contains(cloud.Regions, m.Region) {
		return wire.Errorf("not found", "region %q not found (expected one of %q)", m.Region, cloud.Regions)
	}
	for _, known := range c.creds {
		if known.Cloud != m.Cloud || known.Owner != m.Owner || known.Name != m.Credential {
			continue
		}
		switch {
		case known.Revoked:
			return wire.Errorf("", "credential %q is revoked", m.Credential)
		case !maps.Equal(known.Attributes, m.CredentialAttributes):
			// Juju prints both sets of attributes, secrets included (2.9 to 4.0, documented).
			return wire.Errorf("", "credential attribute mismatch: %v != %v", known.Attributes, m.CredentialAttributes)
		}
	}
	for _, offer := range m.Offers {
		if offer.connections() > 0 && c.release.has(lostOffers) {
			return wire.Errorf("not found", "remoteentitites: offer for app %q not found", offer.UUID)
		}
	}
	for _, backend := range m.SecretBackends {
		if !slices.Contains(c.config.SecretBackends, backend) {
			return wire.Errorf("", "secrets: target controller does not have all required secret backends set up")
		}
	}
	return nil
}

// credentialInvalid reports whether the controller has marked the credential of the model. The caller holds mu.
func (c *Controller) credentialInvalid(m Model) bool {
	return slices.ContainsFunc(c.creds, func(known Credential) bool {
		return known.Invalid && known.Cloud == m.Cloud && known.Owner == m.Owner && known.Name == m.Credential
	})
}

type modelArg struct {
	ModelTag string `json:"model-tag"`
}

// withModel finds the model of a call and runs a function with mu held.
func withModel(s *session, req *wire.Request, do func(h *hosted) (any, error)) (any, error) {
	var params modelArg
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	uuid, err := modelTag(params.ModelTag)
	if err != nil {
		return nil, err
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	h := s.c.models[uuid]
	switch {
	case h != nil:
		return do(h)
	case s.c.release.has(released4):
		return nil, wire.Errorf("", "invoking getDB: database not found") // the text before it is left out
	default:
		return nil, wire.Errorf("not found", "model %q not found", uuid)
	}
}

// activateModel turns an importing copy into the model. From here on this controller no longer redirects for it.
func activateModel(_ context.Context, s *session, req *wire.Request) (any, error) {
	if s.c.release.has(unfinished) {
		return nil, wire.Errorf("", "activating an imported model is not implemented")
	}
	return withModel(s, req, func(h *hosted) (any, error) {
		if h.mode != modeImporting {
			return nil, wire.Errorf("", "migration mode for the model is not importing")
		}
		if !h.hidden { // otherwise AdoptResources does it
			s.c.activate(h)
		}
		return nil, nil
	})
}

// activate turns an importing copy into the model. The caller holds mu.
func (c *Controller) activate(h *hosted) {
	h.mode, h.hidden = modeNone, false
	h.status = status{Status: "available", Since: now()}
	h.model.strand()
	h.model.settle()
	c.touch()
}

// strand removes the agents that do not migrate.
func (m *Model) strand() {
	for i, machine := range m.Machines {
		if machine.Strands {
			m.Machines[i].AgentStatus = "down"
		}
	}
	m.eachUnit(func(u *Unit) {
		if u.Strands {
			u.AgentStatus = "lost"
		}
	})
}

// settle gives the units the workload that they have after the move.
func (m *Model) settle() {
	m.eachUnit(func(u *Unit) {
		if u.After != nil {
			u.Status, u.Message, u.After = u.After.Status, u.After.Message, nil
		}
	})
}

func abortImport(ctx context.Context, s *session, req *wire.Request) (any, error) {
	if s.c.release.has(unfinished) {
		return nil, wire.Errorf("", "aborting the import of a model is not implemented")
	}
	uuid := ""
	if _, err := withModel(s, req, func(h *hosted) (any, error) {
		uuid = h.model.UUID
		switch {
		case h.mode == modeImporting:
			return nil, nil
		case s.c.release.has(released4): // by its source
			return nil, wire.Errorf("", "model %q is not importing", h.model.UUID)
		default: // 3.5.4 and 3.6.28, observed
			return nil, wire.Errorf("", "migration mode for the model is not importing")
		}
	}); err != nil {
		return nil, err
	}
	if s.c.release.has(released4) && s.c.config.Pace.AbortHidden > 0 {
		s.c.running.Go(func() { s.c.removeLater(uuid) })
		return nil, nil
	}
	if err := s.c.removeCopy(ctx, uuid); err != nil {
		return nil, err
	}
	s.c.dropCopy(uuid)
	return nil, nil
}

// removeLater removes a half-imported copy as Juju 4 does: the answer comes first; the copy is only marked as dead and
// removed in the background (by its source and its own tests). That no answer shows the mark is assumed.
func (c *Controller) removeLater(uuid string) {
	ctx, cancel := c.run()
	defer cancel()
	w := &worker{c: c, speed: c.config.Speed}
	_ = w.wait(ctx, c.config.Pace.AbortHidden) // a controller that goes down meanwhile has removed the copy when it is back
	c.dropCopy(uuid)
}

// dropCopy removes a half-imported copy, if it still exists.
func (c *Controller) dropCopy(uuid string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.models[uuid]; h != nil && h.mode == modeImporting {
		delete(c.models, uuid)
		c.touch()
	}
}

func caCert(_ context.Context, s *session, _ *wire.Request) (any, error) {
	return map[string]string{"result": base64.StdEncoding.EncodeToString([]byte(s.c.CACert()))}, nil
}

// checkMachines reports machines that the cloud does not know; the texts only reach the source's log. A credential that
// is marked as invalid is identified only by its name (3.5.4, observed); the same is assumed of Juju 4.
func checkMachines(_ context.Context, s *session, req *wire.Request) (any, error) {
	if s.c.release.has(unfinished) { // for unknown models too
		return results{Results: []result{}}, nil
	}
	return withModel(s, req, func(h *hosted) (any, error) {
		if s.c.credentialInvalid(h.model) {
			return nil, wire.Errorf("not valid", "credential %q not valid", h.model.Credential)
		}
		list := results{} // null if there is nothing to report (3.5.4, observed)
		if s.c.release.has(juju4) {
			list.Results = []result{}
		}
		for _, machine := range h.model.Machines {
			if machine.LostInstance {
				text := fmt.Sprintf("couldn't find instance %q for machine %s", machine.InstanceID, machine.ID)
				if s.c.release.has(juju4) { // by its source
					text = fmt.Sprintf("could not find cloud instance %q for machine %q", machine.InstanceID, machine.ID)
				}
				list.Results = append(list.Results, result{Error: &wire.Error{Message: text}})
			}
		}
		return list, nil
	})
}

func adoptResources(_ context.Context, s *session, req *wire.Request) (any, error) {
	return withModel(s, req, func(h *hosted) (any, error) {
		if h.hidden {
			s.c.activate(h)
		}
		return nil, nil
	})
}

// latestLogTime answers with a time, not an object (4.0-beta8, recorded), in 4.x also for unknown models (4.0.15,
// recorded).
func latestLogTime(_ context.Context, s *session, req *wire.Request) (any, error) {
	if s.c.release.has(juju4) {
		return time.Time{}, nil
	}
	return withModel(s, req, func(*hosted) (any, error) { return time.Time{}, nil })
}
