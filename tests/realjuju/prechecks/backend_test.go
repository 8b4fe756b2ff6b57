package prechecks_test

import (
	"slices"
	"strings"

	"github.com/juju/charm/v12"
	"github.com/juju/juju/core/presence"
	"github.com/juju/juju/core/status"
	"github.com/juju/juju/migration"
	"github.com/juju/juju/state"
	"github.com/juju/juju/tools"
	"github.com/juju/names/v5"
	"github.com/juju/replicaset/v3"
	"github.com/juju/version/v2"

	"jimm-migrator/tests/sim/controller"
)

// What Juju's prechecks read from a controller's database, answered from the model of a simulated controller.

// pool has the models of the target.
type pool map[string]model

func (p pool) GetModel(u string) (migration.PrecheckModel, func(), error) {
	return p[u], func() {}, nil
}

// backend stands in for Juju's database.
type backend struct {
	m         *controller.Model
	ctl       *backend
	version   version.Number
	upgrading bool
	uuids     []string
}

func (b *backend) AgentVersion() (version.Number, error) { return b.version, nil }
func (b *backend) NeedsCleanup() (bool, error)           { return b.m.CleanupNeeded, nil }
func (b *backend) Model() (migration.PrecheckModel, error) {
	return model{b.m, state.MigrationModeNone}, nil
}
func (b *backend) AllModelUUIDs() ([]string, error)       { return b.uuids, nil }
func (b *backend) IsUpgrading() (bool, error)             { return b.upgrading, nil }
func (b *backend) IsMigrationActive(string) (bool, error) { return false, nil }
func (b *backend) AllCharmURLs() ([]*string, error) {
	var out []*string
	for _, bl := range b.m.Blockers {
		if s, ok := strings.CutPrefix(bl, "the model hosts deprecated charm store charms(s): "); ok {
			u := "cs:" + s + "-1"
			out = append(out, &u)
		}
	}
	return out, nil
}
func (b *backend) ControllerBackend() (migration.PrecheckBackend, error) { return b.ctl, nil }
func (b *backend) CloudCredential(names.CloudCredentialTag) (state.Credential, error) {
	c := state.Credential{}
	c.Revoked = b.m.CredentialRevoked
	return c, nil
}
func (b *backend) HasUpgradeSeriesLocks() (bool, error) { return false, nil }
func (b *backend) MachineCountForBase(bases ...state.Base) (map[string]int, error) {
	for _, bl := range b.m.Blockers {
		if strings.HasPrefix(bl, "the model hosts deprecated ubuntu") {
			for _, base := range bases {
				if base.OS == "ubuntu" && strings.HasPrefix(base.Channel, "18.04") {
					return map[string]int{"ubuntu@18.04": 1}, nil
				}
			}
		}
	}
	return nil, nil
}

func (b *backend) MongoCurrentStatus() (*replicaset.Status, error) { return &replicaset.Status{}, nil }

func (b *backend) AllMachines() (out []migration.PrecheckMachine, _ error) {
	for _, m := range b.m.Machines {
		out = append(out, machine{m})
	}
	return
}

func (b *backend) AllApplications() (out []migration.PrecheckApplication, _ error) {
	for _, a := range b.m.Applications {
		out = append(out, app{a})
	}
	return
}

func (b *backend) AllRelations() (out []migration.PrecheckRelation, _ error) {
	for _, r := range b.m.Relations {
		out = append(out, relation{r})
	}
	return
}

func life(s string) state.Life {
	return map[string]state.Life{"": state.Alive, "alive": state.Alive, "dying": state.Dying, "dead": state.Dead}[s]
}

// model is a model of a controller.
type model struct {
	m    *controller.Model
	mode state.MigrationMode
}

func (m model) UUID() string                          { return m.m.UUID }
func (m model) Name() string                          { return m.m.Name }
func (m model) Type() state.ModelType                 { return state.ModelType(m.m.Type) }
func (m model) Owner() names.UserTag                  { return names.NewUserTag(m.m.Owner) }
func (m model) Life() state.Life                      { return life(m.m.Life) }
func (m model) MigrationMode() state.MigrationMode    { return m.mode }
func (m model) AgentVersion() (version.Number, error) { return version.Parse(m.m.AgentVersion) }
func (m model) CloudCredentialTag() (names.CloudCredentialTag, bool) {
	return names.NewCloudCredentialTag("dummy/admin/cred"), true
}

func toolsOf(v, otherwise string) (*tools.Tools, error) {
	if v == "" {
		v = otherwise
	}
	return &tools.Tools{Version: version.Binary{Number: version.MustParse(v), Arch: "amd64", Release: "ubuntu"}}, nil
}

// machine is one of the model.
type machine struct{ m controller.Machine }

func (m machine) Id() string                        { return m.m.ID }
func (m machine) AgentTools() (*tools.Tools, error) { return toolsOf(m.m.AgentVersion, "") }
func (m machine) Life() state.Life                  { return life(m.m.Life) }
func (m machine) Status() (status.StatusInfo, error) {
	s := m.m.AgentStatus
	if s == "down" { // Juju makes it of an agent that is missing
		s = "started"
	}
	return status.StatusInfo{Status: status.Status(s)}, nil
}

func (m machine) InstanceStatus() (status.StatusInfo, error) {
	return status.StatusInfo{Status: status.Status(m.m.InstanceStatus)}, nil
}

func (m machine) ShouldRebootOrShutdown() (state.RebootAction, error) {
	if m.m.Reboot == "" {
		return state.ShouldDoNothing, nil
	}
	return state.RebootAction(m.m.Reboot), nil
}

// app is an application of the model.
type app struct{ a controller.Application }

func (a app) Name() string     { return a.a.Name }
func (a app) Life() state.Life { return life(a.a.Life) }
func (a app) MinUnits() int    { return a.a.MinUnits }
func (a app) CharmURL() (*string, bool) {
	u := charm.MustParseURL("ch:amd64/" + a.a.Name + "-7").String()
	return &u, false
}

func (a app) AllUnits() (out []migration.PrecheckUnit, _ error) {
	for _, u := range a.a.Units {
		out = append(out, unit{u, a.a.Name})
	}
	return
}

// unit is one of an application.
type unit struct {
	u   controller.Unit
	app string
}

func (u unit) Name() string                      { return u.u.Name }
func (u unit) AgentTools() (*tools.Tools, error) { return toolsOf(u.u.AgentVersion, "") }
func (u unit) Life() state.Life                  { return life(u.u.Life) }
func (u unit) CharmURL() *string {
	rev := "7"
	if u.u.Upgrading {
		rev = "6"
	}
	s := "ch:amd64/" + u.app + "-" + rev
	return &s
}

func (u unit) AgentStatus() (status.StatusInfo, error) {
	s := u.u.AgentStatus
	if s == "lost" {
		s = "idle"
	}
	return status.StatusInfo{Status: status.Status(s)}, nil
}

func (u unit) Status() (status.StatusInfo, error) {
	return status.StatusInfo{Status: status.Active}, nil
}
func (u unit) ShouldBeAssigned() bool   { return true }
func (u unit) IsSidecar() (bool, error) { return false, nil }

// relation is one of the model.
type relation struct{ r controller.Relation }

func (r relation) String() string {
	var s []string
	for _, e := range r.r.Endpoints {
		s = append(s, e.Application+":"+e.Name)
	}
	return strings.Join(s, " ")
}

func (r relation) Endpoints() (out []state.Endpoint) {
	for _, e := range r.r.Endpoints {
		out = append(out, state.Endpoint{ApplicationName: e.Application, Relation: charm.Relation{Name: e.Name}})
	}
	return out
}

func (r relation) Unit(u migration.PrecheckUnit) (migration.PrecheckRelationUnit, error) {
	return relUnit{r.r, u.Name()}, nil
}

func (r relation) AllRemoteUnits(string) ([]migration.PrecheckRelationUnit, error) { return nil, nil }

func (r relation) RemoteApplication() (string, bool, error) { return "", false, nil }

// relUnit is a unit in a relation.
type relUnit struct {
	r controller.Relation
	n string
}

func (r relUnit) Valid() (bool, error) { return true, nil }
func (r relUnit) InScope() (bool, error) {
	return !slices.Contains(r.r.NotJoined, r.n), nil
}
func (r relUnit) UnitName() string { return r.n }

// seen is the presence of the agents of a model.
type seen struct{ m *controller.Model }

func (s seen) AgentStatus(agent string) (presence.Status, error) {
	for _, m := range s.m.Machines {
		if names.NewMachineTag(m.ID).String() == agent && m.AgentStatus == "down" {
			return presence.Missing, nil
		}
	}
	for _, a := range s.m.Applications {
		for _, u := range a.Units {
			if names.NewUnitTag(u.Name).String() == agent && u.AgentStatus == "lost" {
				return presence.Missing, nil
			}
		}
	}
	return presence.Alive, nil
}
