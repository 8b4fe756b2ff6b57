package controller

import (
	"context"
	"errors"
	"strings"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// upgradeResult is the answer of ModelUpgrader.UpgradeModel: refusals are in it (3.6.28, recorded).
type upgradeResult struct {
	Chosen string      `json:"chosen-version"`
	Error  *wire.Error `json:"error,omitempty"`
}

// upgradeModel tells the agents of a model to run a version and restarts them: first the model has the new version,
// then its agents (3.6.28, recorded, except for the agents). Neither a migration nor a block of the model prevents it,
// only a block of the controller model (recorded).
func upgradeModel(_ context.Context, s *session, req *wire.Request) (any, error) {
	var params struct {
		ModelTag string  `json:"model-tag"`
		Target   *string `json:"target-version"`
		DryRun   bool    `json:"dry-run"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	uuid, err := modelTag(params.ModelTag)
	if err != nil {
		return nil, err
	}
	c := s.c
	access, _ := c.modelAccess(s.loggedIn(), uuid)
	if s.superuser() != nil && access != "admin" {
		if c.release.has(released4) { // by Juju's source
			return nil, wire.Errorf("unauthorized access", "unauthorized to upgrade model")
		}
		return nil, errPermission()
	}
	target := "0.0.0"
	if params.Target != nil {
		target = *params.Target
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.models[uuid]
	if h == nil {
		return nil, wire.Errorf("not found", "model %q not found", uuid)
	}
	chosen, err := c.chooseUpgrade(h.model, target)
	if c.release.has(released4) {
		chosen, err = c.chooseUpgrade4(h.model, target)
	}
	if whole, is := errors.AsType[*callError](err); is {
		return nil, whole.error
	}
	if err != nil {
		return upgradeResult{Chosen: "0.0.0", Error: wire.AsError(err)}, nil
	}
	if !params.DryRun {
		h.model.AgentVersion = chosen
		c.touch()
		if !h.model.AgentsStay {
			c.running.Go(func() { c.followUpgrade(uuid, chosen) })
		}
	}
	return upgradeResult{Chosen: chosen}, nil
}

// chooseUpgrade returns the version that a model gets. The caller holds mu.
func (c *Controller) chooseUpgrade(m Model, target string) (string, error) {
	wanted, err := parseVersion(target)
	current, currentErr := parseVersion(m.AgentVersion)
	switch {
	case err != nil:
		return "", wire.Errorf("", "invalid version %q", target)
	case c.config.ControllerBlock != "":
		return "", &callError{wire.Errorf("operation is blocked", "%s", c.config.ControllerBlock)}
	case m.Life != "alive":
		return "", wire.Errorf("not valid", "model is not alive")
	case wanted == version{}:
		return c.Version(), nil
	case wanted.compare(c.release.version) > 0:
		return "", wire.Errorf("", "cannot upgrade to a version %q greater than that of the controller %q", target, c.Version())
	case currentErr == nil && wanted.compare(current) < 0:
		return "", wire.Errorf("not supported", "downgrade not supported")
	case strings.Count(target, ".") == 3: // a build
		return "", wire.Errorf("not found", "cannot find agents from simple streams: no matching agent binaries available")
	}
	return target, nil
}

// callError is a refusal that is the error of the call, not part of its answer.
type callError struct{ error }

// chooseUpgrade4 is chooseUpgrade of Juju 4.0.0 and newer, where refusals have other texts (ModelUpgrader 2, by Juju's
// source). A version above the controller's is refused with the text about patch versions. A block of changes on the
// model is respected; which releases of 4.0 check that of the controller model instead is not known.
func (c *Controller) chooseUpgrade4(m Model, target string) (string, error) {
	wanted, err := parseVersion(target)
	current, currentErr := parseVersion(m.AgentVersion)
	switch {
	case err != nil:
		return "", &callError{wire.Errorf("", "invalid version %q", target)}
	case m.ChangeBlock != "":
		return "", &callError{wire.Errorf("operation is blocked", "%s", m.ChangeBlock)}
	case wanted == version{}:
		return c.Version(), nil
	case wanted.compare(c.release.version) > 0:
		return "", &callError{wire.Errorf("not valid", "cannot upgrade the model to a version that is more than a patch version increase")}
	case currentErr == nil && wanted.compare(current) < 0:
		return "", wire.Errorf("not supported", "cannot upgrade the model agent to version %q because it is lower than the current running version", target)
	case strings.Count(target, ".") == 3: // a build
		return "", wire.Errorf("not found", "model agent binaries are not available for version %q", target)
	}
	return target, nil
}

// agentsFollow is how long the agents of a model take for an upgrade, before Speed. With real agents it depends on the
// agents.
const agentsFollow = 20 * time.Second

// followUpgrade gives the agents of a model its version after a while; those of a controller that restarts get it
// sooner.
func (c *Controller) followUpgrade(uuid, version string) {
	ctx, cancel := c.run()
	defer cancel()
	_ = wire.Wait(ctx, time.Duration(float64(agentsFollow)/c.config.Speed))
	_ = c.Update(uuid, func(m *Model) { // unless it has migrated away
		if m.AgentVersion == version {
			m.setAgents(version)
		}
	})
}

func (m *Model) setAgents(version string) {
	for i := range m.Machines {
		m.Machines[i].AgentVersion = version
	}
	for _, application := range m.Applications {
		setAgents(application.Units, version)
	}
}

func setAgents(units []Unit, version string) {
	for i := range units {
		units[i].AgentVersion = version
		setAgents(units[i].Subordinates, version)
	}
}

// abortUpgrade finds nothing to abort (3.6.28, recorded).
func abortUpgrade(context.Context, *session, *wire.Request) (any, error) { return nil, nil }
