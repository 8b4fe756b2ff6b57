package controller

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// Migration is a migration as its source records it.
type Migration struct {
	ID        string // <model uuid>:<attempt>, counted from 0; in 4.x a UUID of its own
	ModelUUID string
	Attempt   int
	Phase     Phase
	Text      string // status text
	Start     time.Time
	End       *time.Time // set in a terminal phase
	Target    string     // controller tag of the target
	Addrs     []string   // where it is
}

// migration is the record and the state of the engine. Everything but target, users, outcome and channels is guarded by
// the controller's mu.
type migration struct {
	Migration
	target  targetInfo
	users   map[string]bool // users who had access when it was created
	outcome Outcome
	loops   int
	aborts  int           // how often ABORT began
	resume  chan struct{} // closed by Resume
	resumed bool
}

// targetInfo is the target-info of Controller.InitiateMigration. The alias came to JIMM in 2025 (recorded).
type targetInfo struct {
	ControllerTag   string   `json:"controller-tag"`
	ControllerAlias string   `json:"controller-alias,omitempty"`
	Addrs           []string `json:"addrs"`
	CACert          string   `json:"ca-cert"`
	AuthTag         string   `json:"auth-tag"`
	Password        string   `json:"password"`
	Macaroons       string   `json:"macaroons"`
	Token           string   `json:"token"`
	SkipUserChecks  bool     `json:"skip-user-checks"`
}

type migrationSpec struct {
	ModelTag   string     `json:"model-tag"`
	TargetInfo targetInfo `json:"target-info"`
}

type initiateResult struct {
	ModelTag    string      `json:"model-tag"`
	Error       *wire.Error `json:"error,omitempty"`
	MigrationID string      `json:"migration-id"`
}

// initiateMigration checks and starts migrations. From 3.6.13 on, "dry-run" stops before the record is made; an older
// controller does not know the member and migrates (juju/juju#21552, #22113).
func initiateMigration(_ context.Context, s *session, req *wire.Request) (any, error) {
	if err := s.superuser(); err != nil {
		return nil, err
	}
	var params struct {
		Specs  []migrationSpec `json:"specs"`
		DryRun bool            `json:"dry-run"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	// The server continues when the client disconnects: Juju does not tie a call to its connection (documented).
	ctx, cancel := s.c.run()
	defer cancel()
	list := []initiateResult{}
	for _, spec := range params.Specs {
		item := initiateResult{ModelTag: spec.ModelTag}
		id, err := s.c.initiate(ctx, spec, params.DryRun && s.c.release.has(dryRun))
		if err != nil {
			item.Error = wire.AsError(err)
		}
		item.MigrationID = id
		list = append(list, item)
	}
	return map[string]any{"results": list}, nil
}

// initiate runs the checks in Juju's order: tags, source, connection and users, target, record (documented; recorded
// with 4.0-beta8, which stops after those of the source).
func (c *Controller) initiate(ctx context.Context, spec migrationSpec, dry bool) (id string, err error) {
	uuid, err := c.migratingTags(spec)
	if err != nil {
		return "", err
	}
	outcome := c.nextOutcome(uuid, dry)
	if outcome.Refuse != "" {
		return "", wire.Errorf(outcome.RefuseCode, "%s", outcome.Refuse)
	}
	if err := c.prechecks(ctx, uuid, spec.TargetInfo); err != nil {
		return "", err
	}
	if dry {
		return "", nil
	}
	m, err := c.record(uuid, spec.TargetInfo, outcome)
	if err != nil {
		return "", err
	}
	c.running.Go(func() { c.drive(m) })
	return m.ID, nil
}

// migratingTags checks the tags of a spec, and that this controller hosts the model.
func (c *Controller) migratingTags(spec migrationSpec) (uuid string, err error) {
	if uuid, err = modelTag(spec.ModelTag); err != nil {
		return "", prefixed("model tag: ", err)
	}
	c.mu.Lock()
	h := c.models[uuid]
	c.mu.Unlock()
	switch newer := c.release.has(juju4); {
	case h == nil && newer:
		return "", wire.Errorf("not found", "model %q not found", uuid)
	case h == nil:
		return "", wire.Errorf("not found", "model not found")
	}
	if kind, _, err := splitTag(spec.TargetInfo.ControllerTag); err != nil || kind != "controller" {
		return "", wire.Errorf("", "controller tag: %q is not a valid tag", spec.TargetInfo.ControllerTag)
	}
	if _, err := userTag(spec.TargetInfo.AuthTag); err != nil {
		return "", prefixed("auth tag: ", err)
	}
	if text := spec.TargetInfo.Macaroons; text != "" {
		var list []json.RawMessage
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return "", wire.Errorf("", "invalid macaroons: %v", err)
		}
	}
	return uuid, nil
}

func (c *Controller) prechecks(ctx context.Context, uuid string, target targetInfo) error {
	c.mu.Lock()
	h := c.models[uuid]
	if h == nil {
		c.mu.Unlock()
		return wire.Errorf("not found", "model not found")
	}
	model := h.model
	err := c.precheckSource(h)
	c.mu.Unlock()
	switch {
	case err != nil:
		return prefixed("source prechecks failed: ", err)
	case c.release.has(unfinished):
		return wire.Errorf("", "model export not implemented")
	}
	peer, err := c.connect(ctx, target)
	if err != nil {
		return prefixed("connect to target controller: ", err)
	}
	defer peer.close()
	if c.release.has(namedIssues) {
		if err := c.precheckBlockers(model.withSeriesLock(), peer.serverVersion); err != nil {
			return prefixed("source prechecks failed: ", err)
		}
	}
	if err := c.precheckPeer(peer, target); err != nil {
		return err
	}
	if !target.SkipUserChecks || !c.release.has(skipUserChecks) {
		users, identityURL, err := peer.users(ctx)
		if err != nil {
			return prefixed("", err)
		}
		if err := checkUsers(model, c.config.IdentityURL, identityURL, users); err != nil {
			return err
		}
	}
	if peer.version >= envelopeVersion && c.release.has(silentSource) {
		return nil // only the worker checks this, so a clash of names is not found here (4.1-beta2, recorded)
	}
	return prefixed("target prechecks failed: ", peer.prechecks(ctx, c, model))
}

// record makes the record of a migration and marks the model.
func (c *Controller) record(uuid string, target targetInfo, outcome Outcome) (*migration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.models[uuid]
	latest := c.latest[uuid]
	switch {
	case h == nil:
		return nil, wire.Errorf("not found", "model not found")
	case h.model.IsController && !c.release.has(migratesItself):
		return nil, wire.Errorf("", "controllers can't be migrated")
	case target.ControllerTag == "controller-"+c.config.UUID:
		return nil, wire.Errorf("", "model already attached to target controller")
	case latest != nil && !latest.Phase.Terminal() && c.release.has(silentSource):
		return nil, wire.Errorf("", "model %q already has an active migration: model already has an active migration", uuid)
	case latest != nil && !latest.Phase.Terminal():
		return nil, wire.Errorf("", "failed to create migration: already in progress")
	case h.model.Life != "alive":
		return nil, wire.Errorf("", "failed to create migration: model is not alive")
	case target.Password == "" && target.Macaroons == "" && target.Token == "":
		return nil, wire.Errorf("not valid", "missing Password & Macaroons not valid")
	}
	attempt := c.attempts[uuid]
	c.attempts[uuid]++
	users := map[string]bool{}
	for _, user := range h.model.Users {
		users[user.Name] = true
	}
	id := uuid + ":" + itoa(attempt)
	if c.release.has(juju4) {
		id = newUUID()
	}
	m := &migration{
		Migration: Migration{
			ID: id, ModelUUID: uuid, Attempt: attempt, Phase: Quiesce, Text: "starting",
			Start: c.now(), Target: target.ControllerTag, Addrs: target.Addrs,
		},
		target: target, users: users, outcome: outcome, resume: make(chan struct{}),
	}
	c.latest[uuid] = m
	h.mode = modeExporting
	if !c.release.has(silentSource) {
		h.status = status{Status: "busy", Info: "migrating: starting", Since: m.Start}
	}
	c.touch()
	return m, nil
}

// now is the time as Juju stores it: nanoseconds, in UTC (documented).
func now() time.Time { return time.Now().UTC() }

// now is the time by the controller's own clock, which migrations use.
func (c *Controller) now() time.Time { return now().Add(c.config.Skew) }

// setText sets the status text of a migration. ModelInfo and FullStatus show it, with the prefix "migrating: ", as the
// status of the model; in REAP they show the last text before it (3.5.4, observed).
func (c *Controller) setText(m *migration, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.Text = text
	c.texts[m.ModelUUID] = append(c.texts[m.ModelUUID], text)
	if h := c.models[m.ModelUUID]; h != nil && m.Phase != Reap && !c.release.has(silentSource) {
		h.status = status{Status: "busy", Info: "migrating: " + text, Since: now()}
	}
	c.touch()
}

// setPhase moves a migration to a phase and applies the effects of the phase to the model on the source.
func (c *Controller) setPhase(m *migration, phase Phase) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.Phase = phase
	h := c.models[m.ModelUUID]
	if phase.Terminal() {
		end := c.now()
		m.End = &end
	}
	if h != nil && (phase == AbortDone || phase == ReapFailed) && !c.release.has(silentSource) {
		h.status = status{Status: "available", Info: "migrating: " + m.Text, Since: now()}
	}
	// A model that could not be removed stays in mode exporting, except in 4.x, where it looks as if no migration had
	// happened (4.1-beta2, recorded).
	if h != nil && (phase == AbortDone || phase == ReapFailed && c.release.has(juju4)) {
		h.mode = modeNone
	}
	c.touch()
}

func (c *Controller) phase(m *migration) Phase {
	c.mu.Lock()
	defer c.mu.Unlock()
	return m.Phase
}

// Script sets the outcomes of the next migrations of a model; later ones succeed. The empty UUID stands for all models
// that have no script of their own. A dry run does not consume an outcome.
func (c *Controller) Script(uuid string, outcomes ...Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scripts[uuid] = outcomes
}

func (c *Controller) nextOutcome(uuid string, keep bool) Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := uuid
	if len(c.scripts[key]) == 0 {
		key = ""
	}
	script := c.scripts[key]
	if len(script) == 0 {
		return Outcome{}
	}
	if !keep {
		c.scripts[key] = script[1:]
	}
	return script[0]
}

// Resume ends a stall (Outcome.Stall) of a model's migration; a later stall of the same migration does not happen.
func (c *Controller) Resume(uuid string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.latest[uuid]; m != nil && !m.resumed {
		m.resumed = true
		close(m.resume)
	}
}

func (m *migration) stallsAt(text string) bool {
	return m.outcome.Stall != "" && strings.HasPrefix(text, m.outcome.Stall)
}
