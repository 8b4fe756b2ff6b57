package controller

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"jimm-migrator/tests/sim/wire"
)

// watcher answers Next with the changes since the last one. The first Next returns everything (documented).
type watcher struct {
	facade string                                // that serves it
	state  func(c *Controller) map[string]entity // by key; called with mu held
	next   chan struct{}                         // one slot: one Next at a time
	seen   map[string]string
	done   chan struct{}
	once   sync.Once
}

// entity is one watched thing.
type entity struct {
	kind string
	info any
}

func (w *watcher) stop() { w.once.Do(func() { close(w.done) }) }

func (s *session) watch(facade string, state func(*Controller) map[string]entity) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	id := itoa(s.last)
	s.watchers[id] = &watcher{facade: facade, state: state, next: make(chan struct{}, 1), done: make(chan struct{})}
	return map[string]string{"watcher-id": id}, nil
}

func (s *session) watcher(req *wire.Request) (*watcher, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.watchers[req.ID]
	switch {
	case w != nil && w.facade == req.Facade:
		return w, nil
	case s.c.release.has(juju4):
		return nil, wire.Errorf("not found", "worker %q not found", req.ID)
	default:
		return nil, wire.Errorf("not found", "unknown watcher id")
	}
}

// watcherNext waits until something has changed.
func watcherNext(ctx context.Context, s *session, req *wire.Request) (any, error) {
	w, err := s.watcher(req)
	if err != nil {
		return nil, err
	}
	select {
	case w.next <- struct{}{}:
		defer func() { <-w.next }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for {
		s.c.mu.Lock()
		state, changed := w.state(s.c), s.c.changed
		s.c.mu.Unlock()
		if deltas, first := w.deltas(state); first || len(deltas) > 0 {
			if w.facade == "ModelSummaryWatcher" {
				return map[string]any{"models": bodies(deltas)}, nil
			}
			return map[string]any{"deltas": deltas}, nil
		}
		select {
		case <-changed:
		case <-w.done:
			return nil, wire.Errorf("stopped", "watcher has been stopped")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func watcherStop(_ context.Context, s *session, req *wire.Request) (any, error) {
	w, err := s.watcher(req)
	if err != nil {
		return nil, err
	}
	w.stop()
	s.mu.Lock()
	delete(s.watchers, req.ID)
	s.mu.Unlock()
	return nil, nil
}

// delta is ["model","change",{…}] on the wire.
type delta [3]any

func bodies(deltas []delta) []any {
	list := []any{}
	for _, d := range deltas {
		list = append(list, d[2])
	}
	return list
}

// deltas compares a state with the last one.
func (w *watcher) deltas(state map[string]entity) (deltas []delta, first bool) {
	first = w.seen == nil
	seen := map[string]string{}
	deltas = []delta{}
	for _, key := range slices.Sorted(maps.Keys(state)) {
		data, _ := json.Marshal(state[key].info)
		seen[key] = string(data)
		if w.seen[key] != seen[key] {
			deltas = append(deltas, delta{state[key].kind, "change", json.RawMessage(data)})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(w.seen)) {
		if _, ok := seen[key]; !ok {
			kind, id := removed(key, w.seen[key])
			deltas = append(deltas, delta{kind, "remove", id})
		}
	}
	w.seen = seen
	return deltas, first
}

// removed is the body of a removal: what identifies the entity.
func removed(key, data string) (kind string, body any) {
	var id struct {
		ModelUUID string `json:"model-uuid,omitempty"`
		UUID      string `json:"uuid,omitempty"`
		Name      string `json:"name,omitempty"`
		ID        string `json:"id,omitempty"`
		Removed   bool   `json:"removed,omitempty"`
	}
	_ = json.Unmarshal([]byte(data), &id) // it was marshalled here
	id.Removed = id.UUID != ""
	kind, _, _ = strings.Cut(key, " ")
	return kind, id
}

type statusInfo struct {
	Current string `json:"current"`
	Message string `json:"message"`
	Since   string `json:"since,omitempty"`
	Version string `json:"version"`
}

// modelEntities are a model and its contents as all-watchers report them: kinds model, application, machine and unit.
// Names are those of Juju's multiwatcher (documented); fields that no client here reads are left out.
func modelEntities(c *Controller, h *hosted, into map[string]entity) {
	m := h.model
	add := func(kind, id string, info map[string]any) {
		info["model-uuid"] = m.UUID
		into[kind+" "+m.UUID+" "+id] = entity{kind: kind, info: info}
	}
	st := c.entityStatus(h)
	add("model", "", map[string]any{
		"name": m.Name, "life": m.Life, "owner": m.Owner, "controller-uuid": c.config.UUID,
		"is-controller": m.IsController, "status": statusInfo{Current: st.Status, Message: st.Info},
		"constraints": map[string]any{}, "config": map[string]any{"name": m.Name, "uuid": m.UUID},
		"sla": sla{Level: "unsupported"},
	})
	for _, machine := range m.Machines {
		add("machine", machine.ID, map[string]any{
			"id": machine.ID, "instance-id": machine.InstanceID, "life": machine.Life, "base": machine.Base,
			"agent-status":             statusInfo{Current: machine.AgentStatus, Version: machine.AgentVersion},
			"instance-status":          statusInfo{Current: machine.InstanceStatus},
			"hardware-characteristics": instanceHardware(machine.Hardware), "jobs": []string{"JobHostUnits"},
			"has-vote": false, "wants-vote": false, "addresses": []any{},
		})
	}
	for _, application := range m.Applications {
		add("application", application.Name, map[string]any{
			"name": application.Name, "exposed": application.Exposed, "charm-url": application.charmURL(),
			"owner-tag": "user-" + m.Owner, "life": application.Life, "min-units": application.MinUnits,
			"constraints": map[string]any{}, "subordinate": false,
			"status":           statusInfo{Current: application.Status, Message: application.Message},
			"workload-version": application.WorkloadVersion,
		})
		for _, unit := range application.Units {
			add("unit", unit.Name, map[string]any{
				"name": unit.Name, "application": application.Name, "charm-url": application.charmURL(),
				"life": unit.Life, "machine-id": unit.Machine, "public-address": unit.Address,
				"agent-status":    statusInfo{Current: unit.AgentStatus, Version: unit.AgentVersion},
				"workload-status": statusInfo{Current: unit.Status, Message: unit.Message},
				"principal":       "", "subordinate": false,
			})
		}
	}
}

// instanceHardware is hardware with the name that all-watchers have for the cores (documented).
func instanceHardware(text string) map[string]any {
	list := hardware(text)
	if cores, ok := list["cores"]; ok {
		list["cpu-cores"] = cores
		delete(list, "cores")
	}
	return list
}

func watchAllModels(_ context.Context, s *session, _ *wire.Request) (any, error) {
	if err := s.superuser(); err != nil {
		return nil, err
	}
	if s.c.release.has(juju4) {
		return nil, wire.Errorf("not implemented", "WatchAllModels not implemented")
	}
	return s.watch("AllModelWatcher", func(c *Controller) map[string]entity {
		state := map[string]entity{}
		for _, h := range c.models {
			modelEntities(c, h, state)
		}
		return state
	})
}

// watchAll watches the model of the connection; JIMM of 2024 asks once per ImportModel (recorded).
func watchAll(_ context.Context, s *session, _ *wire.Request) (any, error) {
	if !s.mayRead(s.model) {
		return nil, errPermission()
	}
	uuid := s.model
	return s.watch("AllWatcher", func(c *Controller) map[string]entity {
		state := map[string]entity{}
		if h := c.models[uuid]; h != nil {
			modelEntities(c, h, state)
		}
		return state
	})
}

func watchAllModelSummaries(_ context.Context, s *session, _ *wire.Request) (any, error) {
	switch err := s.superuser(); {
	case err != nil && !s.c.release.has(unfinished): // 4.0.15, recorded
		return nil, err
	case s.c.release.has(juju4):
		return nil, wire.Errorf("not supported", "WatchAllModelSummaries not supported")
	}
	return s.watch("ModelSummaryWatcher", func(c *Controller) map[string]entity { return summaries(c, "") })
}

func watchModelSummaries(_ context.Context, s *session, _ *wire.Request) (any, error) {
	if s.c.release.has(juju4) {
		return nil, wire.Errorf("not supported", "WatchModelSummaries not supported")
	}
	user := s.loggedIn().user
	return s.watch("ModelSummaryWatcher", func(c *Controller) map[string]entity { return summaries(c, user) })
}

// summaries are ModelAbstracts (documented). They contain nothing about migrations.
func summaries(c *Controller, user string) map[string]entity {
	state := map[string]entity{}
	for uuid, h := range c.models {
		m := h.model
		if user != "" && !m.hasUser(user) {
			continue
		}
		admins := []string{}
		for _, u := range m.Users {
			if u.Access == "admin" {
				admins = append(admins, u.Name)
			}
		}
		state["model "+uuid] = entity{kind: "model", info: map[string]any{
			"uuid": uuid, "controller": c.config.Name, "name": m.Name, "admins": admins, "cloud": m.Cloud,
			"region": m.Region, "credential": m.Cloud + "/" + m.Owner + "/" + m.Credential, "status": "green",
			"size": map[string]int{
				"applications": len(m.Applications), "machines": len(m.Machines), "containers": 0,
				"units": m.agents() - len(m.Machines), "relations": len(m.Relations),
			},
		}}
	}
	return state
}
