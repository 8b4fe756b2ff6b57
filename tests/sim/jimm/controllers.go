package jimm

import (
	"context"
	"slices"
	"strings"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// controllerInfo is an entry of ListControllers. It never has credentials.
type controllerInfo struct {
	Name          string           `json:"name"`
	UUID          string           `json:"uuid"`
	PublicAddress string           `json:"public-address,omitempty"`
	Addresses     []string         `json:"api-addresses,omitempty"`
	CACertificate string           `json:"ca-certificate,omitempty"`
	CloudTag      string           `json:"cloud-tag,omitempty"`
	CloudRegion   string           `json:"cloud-region,omitempty"`
	Username      *string          `json:"username,omitempty"` // always "" in 2024, missing in 2026
	AgentVersion  string           `json:"agent-version"`
	Status        controllerStatus `json:"status"`
}

type controllerStatus struct {
	Status string     `json:"status"` // available, deprecated, unavailable
	Info   string     `json:"info"`
	Since  *time.Time `json:"since"`
}

func (s *Server) controllerInfo(row Controller) controllerInfo {
	info := controllerInfo{
		Name: row.Name, UUID: row.UUID, PublicAddress: row.PublicAddress, Addresses: row.Addresses,
		CACertificate: row.CACertificate, CloudTag: "cloud-" + row.Cloud, CloudRegion: row.Region,
		AgentVersion: row.AgentVersion, Status: controllerStatus{Status: "available"},
	}
	if row.Deprecated {
		info.Status.Status = "deprecated"
	}
	if !row.UnavailableSince.IsZero() { // wins over deprecated (source)
		info.Status = controllerStatus{Status: "unavailable", Since: pointer(row.UnavailableSince)}
	}
	return s.username(info)
}

func (s *Server) username(info controllerInfo) controllerInfo {
	if s.gen.ControllerUser {
		info.Username = new(string)
	}
	return info
}

// listControllers is for administrators of JIMM. Other users, including model administrators, see one entry "jaas" in
// 2024 and nothing in 2026.
func (ss *session) listControllers(_ context.Context, _ *wire.Request) (any, error) {
	list := []controllerInfo{}
	switch _, admin := ss.who(); {
	case admin:
		for _, row := range ss.s.db.controllerList() {
			list = append(list, ss.s.controllerInfo(row))
		}
	case ss.s.gen.JAASEntry:
		list = append(list, ss.s.username(controllerInfo{
			Name: "jaas", UUID: ss.s.opts.UUID, AgentVersion: ss.s.lowestVersion(),
			Status: controllerStatus{Status: "available"},
		}))
	}
	return map[string][]controllerInfo{"controllers": list}, nil
}

// showController is JIMM.ShowController.
func (ss *session) showController(_ context.Context, req *wire.Request) (any, error) {
	var params struct {
		Name string `json:"controller-name"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	row, ok := ss.s.db.controller(params.Name)
	switch _, admin := ss.who(); {
	case !ok && admin:
		return nil, wire.Errorf(codeNotFound, "controller bootstrap not found")
	case !ok:
		return nil, wire.Errorf(codeNotFound, "controller not found")
	case !admin:
		return nil, errUnauthorized()
	}
	return ss.s.controllerInfo(row), nil
}

// listMigrationTargets is JIMM.ListMigrationTargets, for administrators of JIMM: the other controllers in the model's
// cloud region with an agent version that is not older than the current one's, including deprecated and dead ones.
func (ss *session) listMigrationTargets(_ context.Context, req *wire.Request) (any, error) {
	var params migrateSpec
	if err := ss.adminParams(req, &params); err != nil {
		return nil, err
	}
	row, err := ss.s.tagged(params.ModelTag, codeNotFound)
	if err != nil {
		return nil, err
	}
	host := ss.s.hosting(row)
	list := []controllerInfo{}
	for _, c := range ss.s.db.controllerList() {
		if c.Name != host.Name && c.Cloud == row.Cloud && c.Region == row.Region &&
			compareVersions(c.AgentVersion, host.AgentVersion) >= 0 {
			list = append(list, ss.s.controllerInfo(c))
		}
	}
	return map[string][]controllerInfo{"controllers": list}, nil
}

// SetControllerDeprecatedRequest are the params of SetControllerDeprecated. JIMM's errors name the type.
type SetControllerDeprecatedRequest struct {
	Name       string `json:"name"`
	Deprecated bool   `json:"deprecated"` // if left out, the mark is removed (recorded)
}

// setControllerDeprecated changes what ListControllers reports and, in 2026, where AddModel adds models. While a
// controller is unavailable the answer does not show it (recorded).
func (ss *session) setControllerDeprecated(_ context.Context, req *wire.Request) (any, error) {
	var params SetControllerDeprecatedRequest
	if err := ss.adminParams(req, &params); err != nil {
		return nil, err
	}
	row, failed := ss.s.forController(params.Name)
	if failed != nil {
		return nil, failed
	}
	row.Deprecated = params.Deprecated
	ss.s.db.putController(row)
	return ss.s.controllerInfo(row), nil
}

// removeController is JIMM.RemoveController. It requires force: in 2024 for a controller that is not known to be dead,
// in 2026 for one with models.
func (ss *session) removeController(_ context.Context, req *wire.Request) (any, error) {
	var params struct {
		Name  string `json:"name"`
		Force bool   `json:"force"`
	}
	if err := ss.adminParams(req, &params); err != nil {
		return nil, err
	}
	s := ss.s
	row, failed := s.forController(params.Name)
	if failed != nil {
		return nil, failed
	}
	hosts := slices.ContainsFunc(s.db.modelList(), func(m Model) bool { return m.Controller == row.Name })
	switch {
	case params.Force:
	case !s.gen.RemoveLive && row.UnavailableSince.IsZero():
		return nil, wire.Errorf("still alive", "controller is still alive")
	case s.gen.RemoveLive && hosts: // source
		return nil, wire.Errorf("still alive", "controller still has models")
	}
	s.db.deleteController(row.Name)
	if !slices.ContainsFunc(s.db.controllerList(), func(c Controller) bool { return c.UUID == row.UUID }) {
		s.db.removeTuple(Tuple{s.jimmTag(), relController, "controller-" + row.UUID})
	}
	return s.controllerInfo(row), nil
}

func cloudName(tag string) string { return strings.TrimPrefix(tag, "cloud-") }
