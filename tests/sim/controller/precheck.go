package controller

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jimm-migrator/tests/sim/wire"
)

// The prechecks of a migration with their exact texts (Juju 2.9 to 3.6, documented). Errors have no code unless stated.
// Juju 4 checks machines and units in its own way (by its source); that it has the other checks of 3.6 is assumed.

// precheckSource checks the model that is to be migrated, and the controller. The caller holds mu. The texts lack the
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
	}
	if !c.release.has(namedIssues) {
		if err := c.precheckBlockers(m.withOldBases().withSeriesLock(), ""); err != nil {
			return err
		}
	}
	if err := c.precheckMachines(m); err != nil {
		return err
	}
	if c.release.has(juju4) {
		if err := m.precheckUnits4(c.release.version.majorMinor()); err != nil {
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
		if !c.release.has(juju4) {
			continue
		}
		// Juju 4 expects each unit in each relation of its application, those of a subordinate of another one too (by
		// its source, 4.0 and 4.1-beta2).
		for _, endpoint := range relation.Endpoints {
			for _, unit := range m.unitsOf(endpoint.Application) {
				if !m.takesPart(relation, unit) {
					return wire.Errorf("", "unit %s hasn't joined relation %q yet", unit.Name, relation.key())
				}
			}
		}
	}
	if m.CleanupNeeded {
		return wire.Errorf("", "cleanup needed")
	}
	return prefixed("controller: ", c.precheckItself())
}

// precheckItself checks the machines of the controller model, as the source and as the target of a migration. The caller
// holds mu.
func (c *Controller) precheckItself() error {
	itself := c.models[c.config.ControllerModelUUID]
	if itself == nil { // migrated away (4.1)
		return nil
	}
	return c.precheckMachines(itself.model)
}

func (c *Controller) precheckMachines(m Model) error {
	if c.release.has(juju4) {
		return m.precheckMachines4()
	}
	for _, machine := range m.Machines {
		if err := machine.precheck(m); err != nil {
			return err
		}
	}
	return nil
}

// precheckMachines4 runs each check on all machines before the next check, as Juju 4 does. Juju 4
// does not check whether they have to reboot.
func (m Model) precheckMachines4() error {
	var old, unready []string
	for _, machine := range m.Machines {
		if machine.AgentVersion != m.AgentVersion {
			old = append(old, machine.ID)
		}
		if machine.AgentStatus != "started" {
			unready = append(unready, fmt.Sprintf("- machine %q status is not started", machine.ID))
		}
		if machine.InstanceStatus != "running" {
			unready = append(unready, fmt.Sprintf("- machine %q instance status is not running", machine.ID))
		}
	}
	switch {
	case len(old) > 0:
		return wire.Errorf("", "there exists machines in the model that are not running the target agent version of the model %v", old)
	case len(unready) > 0:
		return wire.Errorf("", "pre-checking machine statuses for migration: model machine(s) are not ready for migration:\n%s",
			strings.Join(unready, "\n"))
	}
	for _, machine := range m.Machines {
		if machine.Life != "alive" {
			return wire.Errorf("", "machine %s is %s", machine.ID, machine.Life)
		}
	}
	return nil
}

// precheckUnits4 checks the units as Juju 4 does, which also asks for their workload: it refuses one that is in error,
// terminated, unknown or still being installed, and 4.0 a blocked one too (core/status of 4.0.15 and 4.1-beta2,
// juju/juju#23091).
func (m Model) precheckUnits4(line version) error {
	var old, unready []string
	m.eachUnit(func(u *Unit) {
		if m.Type == "iaas" && u.AgentVersion != m.AgentVersion {
			old = append(old, u.Name)
		}
		if u.AgentStatus != "idle" && u.AgentStatus != "executing" {
			unready = append(unready, fmt.Sprintf("- unit %q agent not idle or executing", u.Name))
		}
		if !u.viable(line) {
			unready = append(unready, fmt.Sprintf("- unit %q workload not active or viable", u.Name))
		}
	})
	switch {
	case len(old) > 0:
		return wire.Errorf("", "there exists units in the model that are not running the target agent version of the model %v", old)
	case len(unready) > 0:
		return wire.Errorf("", "model unit(s) are not ready for migration:\n%s", strings.Join(unready, "\n"))
	default:
		return nil
	}
}

func (u Unit) viable(line version) bool {
	switch u.Status {
	case "active":
		return true
	case "blocked":
		return line.compare(version{major: 4, minor: 1}) >= 0
	case "maintenance":
		return u.Message != "installing charm software"
	case "waiting":
		return !slices.Contains([]string{"waiting for machine", "installing agent", "agent initialising"}, u.Message)
	default:
		return false
	}
}

// precheckBlockers returns what prevents a model from being migrated to a newer controller. In 2.9 and 3.0 the text
// names the version of the target, the model must be at least of the version that the target requires, and 4.x is too
// far away.
func (c *Controller) precheckBlockers(m Model, target string) error {
	blockers := slices.Clone(m.Blockers)
	name := ""
	if c.release.has(namedIssues) {
		if strings.HasPrefix(target, "4.") {
			return wire.Errorf("", "migrate to %q is not supported from %q", target, c.Version())
		}
		if oldest := oldestTakenBy(target); !atLeast(m.AgentVersion, oldest) {
			blockers = append(blockers,
				fmt.Sprintf("current model (%q) has to be upgraded to %q at least", m.AgentVersion, oldest))
		}
		name = fmt.Sprintf(" (%q)", target)
	}
	if len(blockers) == 0 {
		return nil
	}
	owner, _, _ := strings.Cut(m.Owner, "@") // as real prechecks of 3.5.4 print it
	return wire.Errorf("not supported", "cannot migrate to controller%s due to issues:\n\"%s/%s\":\n- %s",
		name, owner, m.Name, strings.Join(blockers, "\n- "))
}

// withSeriesLock adds the blocker of machines that are being upgraded to another Ubuntu release, which comes first. Juju 4 has
// no such upgrades.
func (m Model) withSeriesLock() Model {
	if slices.ContainsFunc(m.Machines, func(machine Machine) bool { return machine.SeriesLock != "" }) {
		m.Blockers = append([]string{"unexpected upgrade series lock found"}, m.Blockers...)
	}
	return m
}

// withOldBases adds the blocker of machines with a base that is too old. 3.5.4 accepts 20.04, 22.04 and 24.04
// (recorded; the same is assumed of the rest of 3.x; 2.9 and 3.0 name series and are not simulated).
func (m Model) withOldBases() Model {
	old := map[string]int{}
	for _, machine := range m.Machines {
		if name, channel, _ := strings.Cut(machine.Base, "@"); name == "ubuntu" {
			channel, _, _ = strings.Cut(channel, "/")
			if !slices.Contains([]string{"20.04", "22.04", "24.04"}, channel) {
				old[name+"@"+channel]++
			}
		}
	}
	if len(old) == 0 {
		return m
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(old)) {
		list = append(list, fmt.Sprintf("%s(%d)", name, old[name]))
	}
	m.Blockers = append(slices.Clone(m.Blockers), "the model hosts deprecated ubuntu machine(s): "+strings.Join(list, ", "))
	return m
}

// oldestTakenBy is the oldest model version that a release accepts; 0.0.0 if it accepts all.
func oldestTakenBy(target string) version {
	r, _ := releaseOf(target) // an unknown release accepts all
	return r.oldestModel
}

// atLeast compares the version of a model; one that cannot be parsed counts as new enough.
func atLeast(agent string, oldest version) bool {
	v, err := parseVersion(agent)
	return err != nil || v.compare(oldest) >= 0
}

// precheckPeer checks the version of MigrationTarget that source and target have in common. 4.x requires a newer one
// (juju/juju#22659, #23281).
func (c *Controller) precheckPeer(p *peer, target targetInfo) error {
	switch {
	case p.version == 0:
		return wire.Errorf("", "connect to target controller: controller API version is too old")
	case !c.release.has(envelope) || p.version >= envelopeVersion:
		return nil
	}
	if c.release.has(macaroonExchange) && target.Password != "" {
		return wire.Errorf("", "target controller is too old to support password-authenticated migration; "+
			"upgrade the target to a version that exposes MigrationTarget v8 or later")
	}
	format := "envelope format"
	if c.release.has(plainFormat) {
		format = "format"
	}
	return wire.Errorf("", "target prechecks failed: target controller does not support the model migration %s; "+
		"upgrade the target controller to Juju 4.1 or later", format)
}

// envelopeVersion is the version of MigrationTarget from which on models go in an envelope (4.1, documented).
const envelopeVersion = 8

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
		case unit.Life != "alive":
			return wire.Errorf("", "unit %s is %s", unit.Name, unit.Life)
		case unit.AgentStatus != "idle" && unit.AgentStatus != "executing":
			return wire.Errorf("", "unit %s not idle or executing (%s)", unit.Name, unit.AgentStatus)
		case of.Type == "iaas" && unit.AgentVersion != of.AgentVersion:
			return wire.Errorf("", "unit %s agent binaries don't match model (%s != %s)",
				unit.Name, unit.AgentVersion, of.AgentVersion)
		case unit.Upgrading: // last, as real prechecks of 3.5.4
			return wire.Errorf("", "unit %s is upgrading", unit.Name)
		}
	}
	return nil
}

// migratingModel is the params of MigrationTarget.Prechecks. From version 7 on a model has a qualifier instead of an
// owner; from version 4 on a description of it is sent (4.0-beta8, recorded).
type migratingModel struct {
	UUID                   string           `json:"uuid"`
	Name                   string           `json:"name"`
	Qualifier              string           `json:"qualifier,omitempty"`
	OwnerTag               string           `json:"owner-tag,omitempty"`
	AgentVersion           string           `json:"agent-version"`
	ControllerAgentVersion string           `json:"controller-agent-version"`
	FacadeVersions         map[string][]int `json:"facade-versions,omitempty"`
	ModelDescription       []byte           `json:"model-description,omitempty"`
}

// precheckTarget checks a model that is to be imported. The caller holds mu. The texts come without the prefix "target
// prechecks failed: ".
func (c *Controller) precheckTarget(m migratingModel, facade int) error {
	agent, err := parseVersion(m.AgentVersion)
	if err != nil {
		return wire.Errorf("", "invalid version %q", m.AgentVersion) // 3.5.4 and 3.6.28, observed, as the next
	}
	source, err := parseVersion(m.ControllerAgentVersion)
	if err != nil {
		return wire.Errorf("", "invalid version %q", m.ControllerAgentVersion)
	}
	if m.Qualifier == "" && !c.release.has(juju4) && !strings.HasPrefix(m.OwnerTag, "user-") {
		return wire.Errorf("", "%q is not a valid tag", m.OwnerTag)
	}
	newer, wanted := c.release.has(juju4), "Client" // and those of agents (3.5.4, observed)
	if newer {
		wanted = "Controller" // inferred
	}
	if facade >= 3 && (m.FacadeVersions[wanted] == nil || m.FacadeVersions["ModelManager"] == nil) {
		return facadesMissing(source)
	}
	if newer && (len(m.ModelDescription) == 0 || source.major < 4 && !c.release.has(takes36)) {
		return wire.Errorf("", "cannot deserialize model %q description during prechecks: version: expected int, got nothing",
			m.UUID)
	}
	if err := c.precheckComing(m, agent, source); err != nil {
		if newer { // 4.0-beta8, recorded
			err = prefixed("migration target prechecks failed: ", err)
		}
		return err
	}
	return nil
}

func (c *Controller) precheckComing(m migratingModel, agent, source version) error {
	own, oldest := c.release.version, c.release.oldestModel
	latest := c.latest[m.UUID]
	switch {
	case m.UUID == "":
		return wire.Errorf("not valid", "empty UUID not valid")
	case m.Name == "":
		return wire.Errorf("not valid", "empty Name not valid") // 3.5.4 and 3.6.28, observed
	case latest != nil && !latest.Phase.Terminal():
		// Migrating back while the source is still in REAP (lp:1611391).
		return wire.Errorf("", "model is being migrated out of target controller")
	case agent.compare(own) > 0:
		return wire.Errorf("", "model has higher version than target controller (%s > %s)", agent, own)
	case source.majorMinor().compare(own.majorMinor()) > 0:
		return wire.Errorf("", "source controller has higher version than target controller (%s > %s)", source, own)
	case agent.compare(oldest) < 0:
		return wire.Errorf("", "model must be upgraded to at least version %s before being migrated to a controller "+
			"with version %s", oldest, own)
	}
	if err := c.precheckItself(); err != nil {
		return err
	}
	return c.precheckNames(m)
}

func (c *Controller) precheckNames(m migratingModel) error {
	owner := cmp.Or(m.Qualifier, strings.TrimPrefix(m.OwnerTag, "user-"))
	for _, h := range c.sorted() {
		switch {
		case h.model.UUID == m.UUID && h.mode != modeImporting:
			return wire.Errorf("", "model with same UUID already exists (%s)", m.UUID)
		case h.model.Name == m.Name && c.ownedBy(h.model, owner):
			// A leftover importing copy causes this too, so a retry is impossible (juju/juju#20361).
			return wire.Errorf("", "model named %q already exists", m.Name)
		}
	}
	return nil
}

// ownedBy compares the owner of a model with a name or a qualifier.
func (c *Controller) ownedBy(m Model, owner string) bool {
	_, qualifier := c.ownership(m, true)
	return m.Owner == owner || qualifier == owner
}

// facadesMissing is the answer of MigrationTarget 3 and later to a source that lists too few facades.
func facadesMissing(source version) error {
	newer := fmt.Sprintf("%d.%d", source.major, source.minor)
	text := newer
	if source.patch > 0 {
		text += fmt.Sprintf(", that is greater than %s.%d", newer, source.patch)
	}
	return wire.Errorf("", "Source controller does not support required facades for performing migration.\n"+
		"Upgrade the controller to a newer version of %s or migrate to a controller\n"+
		"with an earlier version of the target controller and try again.\n\n", text)
}

// checkUsers compares the users of a model with those of the target. With different identity providers external users
// cannot be migrated; local users must exist on the target.
func checkUsers(model Model, here, there string, target map[string]bool) error {
	var external, missing []string
	for _, user := range model.Users {
		switch {
		case !local(user.Name):
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

// local distinguishes the name of a local user from that of an external one.
func local(name string) bool { return !strings.Contains(name, "@") }

// prefixed puts a text before an error and keeps its code; an error from another controller shows its code in brackets,
// as Juju does when it relays one.
func prefixed(prefix string, err error) error {
	if err == nil {
		return nil
	}
	e := wire.AsError(relayed(err))
	return &wire.Error{Message: prefix + cmp.Or(e.Message, "unknown error"), Code: e.Code, Info: e.Info}
}
