package controller

import (
	"cmp"
	"fmt"
	"strings"

	"jimm-migrator/tests/sim/wire"
)

// The prechecks of a migration with their exact texts (Juju 2.9 to 3.6, documented). Errors have no code unless they
// say otherwise.

// precheckSource checks a model that shall leave, and the controller. The caller holds mu. The texts come without the
// prefix "source prechecks failed: ".
func (c *Controller) precheckSource(h *hosted) error {
	m := h.model
	switch {
	case m.Life != "alive":
		return wire.Errorf("", "model is %s", m.Life)
	case h.mode == modeImporting:
		return wire.Errorf("", "model is being imported as part of another migration")
	case m.CredentialRevoked:
		return wire.Errorf("", "model has revoked credentials")
	case len(m.Blockers) > 0:
		return wire.Errorf("not supported", "cannot migrate to controller due to issues:\n\"%s/%s\":\n- %s",
			m.Owner, m.Name, strings.Join(m.Blockers, "\n- "))
	}
	for _, machine := range m.Machines {
		if err := machine.precheck(m); err != nil {
			return err
		}
	}
	for _, application := range m.Applications {
		if err := application.precheck(m); err != nil {
			return err
		}
	}
	for _, relation := range m.Relations {
		for _, unit := range relation.NotJoined {
			return wire.Errorf("", "unit %s hasn't joined relation %q yet", unit, relation.key())
		}
	}
	if m.CleanupNeeded {
		return wire.Errorf("", "cleanup needed")
	}
	return nil
}

func (m Machine) precheck(of Model) error {
	switch {
	case m.Life != "alive":
		return wire.Errorf("", "machine %s is %s", m.ID, m.Life)
	case m.InstanceStatus != "running":
		return wire.Errorf("", "machine %s not running (%s)", m.ID, m.InstanceStatus)
	case m.AgentStatus != "started":
		return wire.Errorf("", "machine %s agent not functioning at this time (%s)", m.ID, m.AgentStatus)
	case m.Reboot != "":
		return wire.Errorf("", "machine %s is scheduled to %s", m.ID, m.Reboot)
	case m.AgentVersion != of.AgentVersion:
		return wire.Errorf("", "machine %s agent binaries don't match model (%s != %s)",
			m.ID, m.AgentVersion, of.AgentVersion)
	}
	return nil
}

func (a Application) precheck(of Model) error {
	switch {
	case a.Life != "alive":
		return wire.Errorf("", "application %s is %s", a.Name, a.Life)
	case len(a.Units) < a.MinUnits:
		return wire.Errorf("", "application %s is below its minimum units threshold", a.Name)
	}
	for _, unit := range a.Units {
		switch {
		case unit.Upgrading:
			return wire.Errorf("", "unit %s is upgrading", unit.Name)
		case unit.Life != "alive":
			return wire.Errorf("", "unit %s is %s", unit.Name, unit.Life)
		case unit.AgentStatus != "idle" && unit.AgentStatus != "executing":
			return wire.Errorf("", "unit %s not idle or executing (%s)", unit.Name, unit.AgentStatus)
		case of.Type == "iaas" && unit.AgentVersion != of.AgentVersion:
			return wire.Errorf("", "unit %s agent binaries don't match model (%s != %s)",
				unit.Name, unit.AgentVersion, of.AgentVersion)
		}
	}
	return nil
}

// migratingModel is the params of MigrationTarget.Prechecks.
type migratingModel struct {
	UUID                   string           `json:"uuid"`
	Name                   string           `json:"name"`
	OwnerTag               string           `json:"owner-tag"`
	AgentVersion           string           `json:"agent-version"`
	ControllerAgentVersion string           `json:"controller-agent-version"`
	FacadeVersions         map[string][]int `json:"facade-versions,omitempty"`
}

// oldestModel is the oldest version of a model that a controller of Juju 3.3 or later takes.
func oldestModel() version { return version{major: 2, minor: 9, patch: 43} }

// precheckTarget checks a model that shall come. The caller holds mu. The texts come without the prefix "target
// prechecks failed: ".
func (c *Controller) precheckTarget(m migratingModel, facade int) error {
	agent, err := parseVersion(m.AgentVersion)
	if err != nil {
		return wire.Errorf("", "%v", err)
	}
	source, err := parseVersion(m.ControllerAgentVersion)
	if err != nil {
		return wire.Errorf("", "%v", err)
	}
	own := c.release.version
	if facade >= 3 && len(m.FacadeVersions) == 0 {
		return facadesMissing(source)
	}
	latest := c.latest[m.UUID]
	switch {
	case latest != nil && !latest.Phase.Terminal():
		// Migrating back while the source still reaps (lp:1611391).
		return wire.Errorf("", "model is being migrated out of target controller")
	case agent.compare(own) > 0:
		return wire.Errorf("", "model has higher version than target controller (%s > %s)", agent, own)
	case source.majorMinor().compare(own.majorMinor()) > 0:
		return wire.Errorf("", "source controller has higher version than target controller (%s > %s)", source, own)
	case agent.compare(oldestModel()) < 0:
		return wire.Errorf("", "model must be upgraded to at least version %s before being migrated to a controller "+
			"with version %s", oldestModel(), own)
	}
	owner := strings.TrimPrefix(m.OwnerTag, "user-")
	for _, h := range c.sorted() {
		switch {
		case h.model.UUID == m.UUID && h.mode != modeImporting:
			return wire.Errorf("", "model with same UUID already exists (%s)", m.UUID)
		case h.model.Name == m.Name && h.model.Owner == owner:
			// A left-over importing copy trips this too, so that a retry is impossible (juju/juju#20361).
			return wire.Errorf("", "model named %q already exists", m.Name)
		}
	}
	return nil
}

// facadesMissing is the answer of MigrationTarget 3 to a source that lists too little.
func facadesMissing(source version) error {
	newer := source.majorMinor().String()
	newer = newer[:strings.LastIndex(newer, ".")]
	text := newer
	if source.patch > 0 {
		text += fmt.Sprintf(", that is greater than %s.%d", newer, source.patch)
	}
	return wire.Errorf("", "Source controller does not support required facades for performing migration.\n"+
		"Upgrade the controller to a newer version of %s or migrate to a controller\n"+
		"with an earlier version of the target controller and try again.\n\n", text)
}

// checkUsers compares the users of a model with those of the target. With different identity providers external users
// cannot come along; local users must exist there.
func checkUsers(model Model, here, there string, target map[string]bool) error {
	var external, missing []string
	for _, user := range model.Users {
		switch {
		case strings.Contains(user.Name, "@"):
			external = append(external, user.Name)
		case !target[user.Name]:
			missing = append(missing, user.Name)
		}
	}
	list := func(names []string) string { return strings.Join(names, "\n  - ") }
	const foreign = "cannot initiate migration as external users have been granted access to the model\n" +
		"and the two controllers have different identity provider configurations. To resolve\n"
	switch {
	case len(external) > 0 && here != there && len(missing) == 0:
		return wire.Errorf("", foreign+"this issue you can remove the following users from the current model:\n  - %s",
			list(external))
	case len(external) > 0 && here != there:
		return wire.Errorf("", foreign+"this issue you need to remove the following users from the current model:\n"+
			"  - %s\n\nand add the following users to the destination controller or remove them from\n"+
			"the current model:\n  - %s", list(external), list(missing))
	case len(missing) > 0:
		return wire.Errorf("", "cannot initiate migration as the users granted access to the model do not exist\n"+
			"on the destination controller. To resolve this issue you can add the following\n"+
			"users to the destination controller or remove them from the current model:\n  - %s", list(missing))
	}
	return nil
}

// prefixed puts a text before an error and keeps its code; an error that another controller answered shows its code in
// brackets, as Juju does when it relays one.
func prefixed(prefix string, err error) error {
	if err == nil {
		return nil
	}
	e := wire.AsError(relayed(err))
	return &wire.Error{Message: prefix + cmp.Or(e.Message, "unknown error"), Code: e.Code, Info: e.Info}
}
