package application

import (
	"context"

	"jimm-migrator/charm/charmtest"
)

// Status is what juju status shows of the model.
type Status struct {
	Model     string           `json:"model"`
	Juju      string           `json:"juju"` // version
	Name      string           `json:"name"` // of the application
	Charm     string           `json:"charm"`
	Version   string           `json:"version"` // of the charm, from its file
	Workload  string           `json:"workload"`
	Revision  int              `json:"revision"`
	Current   charmtest.Status `json:"current"`
	Units     []UnitStatus     `json:"units"`
	Relations []Relation       `json:"relations"`
}

// UnitStatus is the status of a unit.
type UnitStatus struct {
	Name     string           `json:"name"`
	Leader   bool             `json:"leader"`
	Workload charmtest.Status `json:"workload"`
	Agent    charmtest.Status `json:"agent"`
}

// Status returns the status of the model once the hooks that are due have ended.
func (a *Application) Status(ctx context.Context) (Status, error) {
	if err := a.settle(ctx); err != nil {
		return Status{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	leader := a.leader()
	status := Status{
		Model: a.options.Model, Juju: leader.JujuVersion(), Name: a.name,
		Charm: leader.Charm().Meta().Name, Version: leader.Charm().Version(), Workload: leader.WorkloadVersion(),
		Revision: a.revision, Relations: a.relations,
	}
	for i, agent := range a.options.Agents {
		status.Units = append(status.Units, UnitStatus{
			Name: agent.Unit(), Leader: i == 0, Workload: agent.Status(), Agent: agent.AgentStatus(),
		})
	}
	// An application without a status of its own has the worst status of its units.
	status.Current = worst(status.Units)
	if own := leader.AppStatus(); own.Status != "unknown" {
		status.Current = own
	}
	return status, nil
}

// worst is the status that Juju derives for an application from its units
// (core/status, 3.6).
func worst(units []UnitStatus) charmtest.Status {
	severity := map[string]int{"error": 100, "blocked": 90, "maintenance": 80, "waiting": 70, "active": 60, "terminated": 50, "unknown": 40}
	var out charmtest.Status
	for _, unit := range units {
		if severity[unit.Workload.Status] > severity[out.Status] {
			out = unit.Workload
		}
	}
	return out
}
