package controller

import (
	"context"
	"slices"
	"strings"

	"jimm-migrator/tests/sim/wire"
)

// upgradeSeriesValidate is MachineManager.UpgradeSeriesValidate of Juju 3 for a request that names
// no release: for each machine it first reports a lock (source and recordings of 3.5.4). Juju 4 has
// no such upgrades; the answers of 2.9 were not recorded.
func upgradeSeriesValidate(_ context.Context, s *session, req *wire.Request) (any, error) {
	if s.c.release.has(juju4) || req.Version < 9 {
		return nil, s.unknownMethod(req)
	}
	var params struct {
		Args []struct {
			Machine struct {
				Tag string `json:"tag"`
			} `json:"tag"`
			Channel string `json:"channel"`
		} `json:"args"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	h := s.c.models[s.model]
	if h == nil {
		return nil, wire.Errorf("not found", "model %q not found", s.model)
	}
	type validated struct {
		Error     *wire.Error `json:"error,omitempty"`
		UnitNames []string    `json:"unit-names"`
	}
	list := []validated{}
	for _, arg := range params.Args {
		list = append(list, validated{Error: h.model.validateUpgrade(arg.Machine.Tag, arg.Channel)})
	}
	return struct {
		Results []validated `json:"Results"` // That is its name on the wire (3.5.4, compared).
	}{list}, nil
}

func (m Model) validateUpgrade(tag, channel string) *wire.Error {
	kind, id, _ := strings.Cut(tag, "-")
	id = strings.ReplaceAll(id, "-", "/")
	at := slices.IndexFunc(m.Machines, func(machine Machine) bool { return machine.ID == id })
	switch {
	case id == "":
		return wire.Errorf("", "%q is not a valid tag", tag)
	case kind != "machine":
		return wire.Errorf("", "%q is not a valid machine tag", tag)
	case at < 0:
		return wire.Errorf("not found", "machine %s not found", id)
	}
	machine := m.Machines[at]
	name, _, _ := strings.Cut(machine.Base, "@")
	switch {
	case machine.SeriesLock != "":
		locked := wire.Errorf("", "upgrade series lock found for %q; series upgrade is in the %q state", id, machine.SeriesLock)
		locked.Info = map[string]string{"Status": machine.SeriesLock}
		return locked
	case name != "ubuntu":
		return wire.Errorf("", "%s is running %s and is not valid for Ubuntu series upgrade", tag, name)
	case channel == "":
		return wire.Errorf("", "channel missing from args")
	default:
		return wire.Errorf("", "a request that names a release is not simulated")
	}
}
