package controller

import (
	"slices"
	"strings"
	"time"
)

// Model is the content of a model: what a migration transfers from one controller to another. Zero values are replaced
// by those of a healthy model.
type Model struct {
	Name  string `yaml:"name" json:"name"`
	UUID  string `yaml:"uuid" json:"uuid"`
	Owner string `yaml:"owner" json:"owner"` // user name: "admin", "alice@canonical.com"; default "admin"

	Type       string `yaml:"type,omitempty" json:"type"`             // iaas (default) or caas
	Cloud      string `yaml:"cloud,omitempty" json:"cloud"`           // default: the controller's
	Region     string `yaml:"region,omitempty" json:"region"`         // default: the controller's, if the cloud is
	Credential string `yaml:"credential,omitempty" json:"credential"` // name; default "default"
	// CredentialAttributes are the secret attributes. If the target of a migration has other attributes under the same
	// name, it refuses with a text that shows both (Juju 2.9 to 4.0).
	CredentialAttributes map[string]string `yaml:"credential-attributes,omitempty" json:"credential-attributes,omitempty"`
	// CredentialInvalid suspends the model. ModelInfo shows that, and it does not prevent a migration; a revoked
	// credential is not shown anywhere and does prevent it (3.5.4, recorded).
	CredentialInvalid bool `yaml:"credential-invalid,omitempty" json:"credential-invalid,omitempty"`
	CredentialRevoked bool `yaml:"credential-revoked,omitempty" json:"credential-revoked,omitempty"`

	AgentVersion string `yaml:"agent-version,omitempty" json:"agent-version"` // default: the controller's version
	Life         string `yaml:"life,omitempty" json:"life"`                   // alive (default), dying, dead
	IsController bool   `yaml:"is-controller,omitempty" json:"is-controller,omitempty"`

	Users              []ModelUser         `yaml:"users,omitempty" json:"users"` // the owner is always one of them
	Machines           []Machine           `yaml:"machines,omitempty" json:"machines"`
	Applications       []Application       `yaml:"applications,omitempty" json:"applications"`
	Relations          []Relation          `yaml:"relations,omitempty" json:"relations"`
	Offers             []Offer             `yaml:"offers,omitempty" json:"offers"`
	RemoteApplications []RemoteApplication `yaml:"saas,omitempty" json:"saas"`
	Storage            []Storage           `yaml:"storage,omitempty" json:"storage"`

	// SecretBackends are the ids of the backends, besides the built-in one, that hold the model's secrets.
	SecretBackends []string `yaml:"secret-backends,omitempty" json:"secret-backends,omitempty"`
	// CleanupNeeded makes the source prechecks fail with "cleanup needed".
	CleanupNeeded bool `yaml:"cleanup-needed,omitempty" json:"cleanup-needed,omitempty"`
	// ChangeBlock is the message of a block of changes on the model: "juju disable-command all".
	ChangeBlock string `yaml:"change-block,omitempty" json:"change-block,omitempty"`
	// AgentsStay keeps the agents at their version when the model is upgraded.
	AgentsStay bool `yaml:"agents-stay,omitempty" json:"agents-stay,omitempty"`
	// Blockers are reasons in the "cannot migrate to controller due to issues" family, e.g. `the model hosts deprecated
	// charm store charms(s): mysql`.
	Blockers []string `yaml:"blockers,omitempty" json:"blockers,omitempty"`
}

// ModelUser is a user with access to a model.
type ModelUser struct {
	Name        string `yaml:"name" json:"name"`
	DisplayName string `yaml:"display-name,omitempty" json:"display-name,omitempty"`
	Access      string `yaml:"access" json:"access"` // read, write or admin
}

// Machine is a machine. The defaults are those of a healthy one.
type Machine struct {
	ID             string `yaml:"id" json:"id"`
	InstanceID     string `yaml:"instance-id,omitempty" json:"instance-id"`           // default juju-<uuid part>-<id>
	Base           string `yaml:"base,omitempty" json:"base"`                         // default ubuntu@22.04
	Address        string `yaml:"address,omitempty" json:"address"`                   //
	Hardware       string `yaml:"hardware,omitempty" json:"hardware"`                 // default "arch=amd64 cores=2 mem=2048M"
	AgentStatus    string `yaml:"agent-status,omitempty" json:"agent-status"`         // started; down, pending: prechecks fail
	InstanceStatus string `yaml:"instance-status,omitempty" json:"instance-status"`   // running
	AgentVersion   string `yaml:"agent-version,omitempty" json:"agent-version"`       // default: the model's
	Life           string `yaml:"life,omitempty" json:"life"`                         // alive
	Reboot         string `yaml:"reboot,omitempty" json:"reboot,omitempty"`           // reboot, shutdown: prechecks fail
	SeriesLock     string `yaml:"series-lock,omitempty" json:"lock,omitempty"`        // how far an upgrade to another Ubuntu release is, e.g. prepare completed: prechecks fail
	Strands        bool   `yaml:"strands,omitempty" json:"strands,omitempty"`         // its agent stays with the source (juju/juju#18618)
	LostInstance   bool   `yaml:"lost-instance,omitempty" json:"lost,omitempty"`      // the cloud does not know it: CheckMachines fails
	Constraints    string `yaml:"constraints,omitempty" json:"constraints,omitempty"` // e.g. mem=2048M spaces=dmz
	// LXDProfiles are those that charms have applied to it.
	LXDProfiles []string `yaml:"lxd-profiles,omitempty" json:"lxd-profiles,omitempty"`
}

// Application is an application with its units.
type Application struct {
	Name            string `yaml:"name" json:"name"`
	Charm           string `yaml:"charm,omitempty" json:"charm"`                           // default: the name; URL ch:amd64/jammy/<charm>-<revision>, unless it is one itself
	Profile         string `yaml:"charm-profile,omitempty" json:"charm-profile,omitempty"` // the LXD profile that comes with the charm
	Revision        int    `yaml:"revision,omitempty" json:"revision"`
	Channel         string `yaml:"channel,omitempty" json:"channel"` // default latest/stable
	Base            string `yaml:"base,omitempty" json:"base"`       // default ubuntu@22.04
	Life            string `yaml:"life,omitempty" json:"life"`
	Status          string `yaml:"status,omitempty" json:"status"` // default active
	Message         string `yaml:"message,omitempty" json:"message"`
	WorkloadVersion string `yaml:"workload-version,omitempty" json:"workload-version"`
	Exposed         bool   `yaml:"exposed,omitempty" json:"exposed"`
	Address         string `yaml:"address,omitempty" json:"address"` // caas: of the service
	MinUnits        int    `yaml:"min-units,omitempty" json:"min-units,omitempty"`

	Endpoints []string `yaml:"endpoints,omitempty" json:"endpoints,omitempty"` // all in the space alpha

	Units []Unit `yaml:"units,omitempty" json:"units"`
}

// Unit is a unit. The defaults are those of a healthy one.
type Unit struct {
	Name         string   `yaml:"name" json:"name"`
	Machine      string   `yaml:"machine,omitempty" json:"machine"`
	AgentStatus  string   `yaml:"agent-status,omitempty" json:"agent-status"` // idle; lost, allocating, failed: prechecks fail
	Status       string   `yaml:"status,omitempty" json:"status"`             // workload; default active
	Message      string   `yaml:"message,omitempty" json:"message"`
	AgentVersion string   `yaml:"agent-version,omitempty" json:"agent-version"`
	Life         string   `yaml:"life,omitempty" json:"life"`
	Leader       bool     `yaml:"leader,omitempty" json:"leader"`
	Address      string   `yaml:"address,omitempty" json:"address"`
	Ports        []string `yaml:"ports,omitempty" json:"ports"`
	Upgrading    bool     `yaml:"upgrading,omitempty" json:"upgrading,omitempty"`
	Strands      bool     `yaml:"strands,omitempty" json:"strands,omitempty"` // its agent stays with the source (juju/juju#18618)
	Subordinates []Unit   `yaml:"subordinates,omitempty" json:"subordinates,omitempty"`
	// After is the workload status that the unit gets once the model has been migrated; it is then cleared.
	After *Workload `yaml:"after,omitempty" json:"after,omitempty"`
}

// Workload is the workload status that a charm sets for its unit.
type Workload struct {
	Status  string `yaml:"status" json:"status"`
	Message string `yaml:"message,omitempty" json:"message,omitempty"`
}

// Relation is a relation between applications, or with a remote one.
type Relation struct {
	ID        int        `yaml:"id" json:"id"`
	Interface string     `yaml:"interface" json:"interface"`
	Scope     string     `yaml:"scope,omitempty" json:"scope"` // global (default) or container
	Endpoints []Endpoint `yaml:"endpoints" json:"endpoints"`
	// NotJoined are units that have not entered the relation scope: prechecks fail.
	NotJoined []string `yaml:"not-joined,omitempty" json:"not-joined,omitempty"`
	// Data is what each unit that has joined has put into the relation.
	Data map[string]string `yaml:"data,omitempty" json:"data,omitempty"`
	// Status is what the leaders say: joined (default), joining, suspended. It need not be true.
	Status string `yaml:"status,omitempty" json:"status,omitempty"`
}

// Endpoint is one end of a relation, an offer or a remote application.
type Endpoint struct {
	Application string `yaml:"application,omitempty" json:"application,omitempty"`
	Name        string `yaml:"name" json:"name"`
	Role        string `yaml:"role" json:"role"` // provider, requirer or peer
	Interface   string `yaml:"interface,omitempty" json:"interface,omitempty"`
}

// Offer is an application offer.
type Offer struct {
	Name        string      `yaml:"name" json:"name"`
	UUID        string      `yaml:"uuid,omitempty" json:"uuid"`
	Application string      `yaml:"application" json:"application"`
	Endpoints   []Endpoint  `yaml:"endpoints,omitempty" json:"endpoints"`
	Users       []ModelUser `yaml:"users,omitempty" json:"users"`
	// Connections is the number of relations, if there are more than Consumers lists.
	Connections int `yaml:"connections,omitempty" json:"connections"`
	// Consumers are models with a relation to the offer. Those in the same world are found automatically.
	Consumers []Consumer `yaml:"consumers,omitempty" json:"consumers,omitempty"`
	// UnknownToJIMM is an offer that was made on the controller.
	UnknownToJIMM bool `yaml:"unknown-to-jimm,omitempty" json:"-"`
}

// Consumer is a model that is related to another model's offer.
type Consumer struct {
	Model    string `yaml:"model" json:"model"`       // UUID
	User     string `yaml:"user" json:"user"`         // the user who consumes it
	Endpoint string `yaml:"endpoint" json:"endpoint"` // of the offer
}

// connections is how many relations an offer has.
func (o Offer) connections() int { return max(o.Connections, len(o.Consumers)) }

// RemoteApplication is a consumed offer ("SAAS").
type RemoteApplication struct {
	Name      string     `yaml:"name" json:"name"`
	OfferURL  string     `yaml:"offer-url" json:"offer-url"`
	Endpoints []Endpoint `yaml:"endpoints,omitempty" json:"endpoints"`
	Life      string     `yaml:"life,omitempty" json:"life"`
	Status    string     `yaml:"status,omitempty" json:"status"`
	// NeverFollows is a consumer that does not find the offer again after its model has been migrated.
	NeverFollows bool `yaml:"never-follows,omitempty" json:"never-follows,omitempty"`
}

// Storage is a storage instance.
type Storage struct {
	ID     string `yaml:"id" json:"id"` // e.g. pgdata/0
	Unit   string `yaml:"unit" json:"unit"`
	Kind   string `yaml:"kind,omitempty" json:"kind"`     // filesystem (default) or block
	Status string `yaml:"status,omitempty" json:"status"` // default attached
	Size   int    `yaml:"size,omitempty" json:"size"`     // MiB
	Pool   string `yaml:"pool,omitempty" json:"pool"`
}

func orDefault(value *string, otherwise string) {
	if *value == "" {
		*value = otherwise
	}
}

// fill replaces zero values. The slices are copied: the caller keeps its own.
func (m Model) fill() Model {
	orDefault(&m.Owner, "admin")
	orDefault(&m.Type, "iaas")
	orDefault(&m.Credential, "default")
	orDefault(&m.Life, "alive")
	if !m.hasUser(m.Owner) {
		owner := ModelUser{Name: m.Owner, DisplayName: m.Owner, Access: "admin"}
		m.Users = append([]ModelUser{owner}, m.Users...)
	}
	machines := make([]Machine, 0, len(m.Machines))
	for _, machine := range m.Machines {
		machines = append(machines, machine.fill(m))
	}
	m.Machines = machines
	applications := make([]Application, 0, len(m.Applications))
	for _, application := range m.Applications {
		applications = append(applications, application.fill(m))
	}
	m.Applications = applications
	m.Offers = slices.Clone(m.Offers)
	for i := range m.Offers {
		orDefault(&m.Offers[i].UUID, newUUID())
	}
	return m
}

func (m Machine) fill(of Model) Machine {
	short := of.UUID[max(0, len(of.UUID)-6):]
	orDefault(&m.InstanceID, "juju-"+short+"-"+strings.ReplaceAll(m.ID, "/", "-"))
	orDefault(&m.Base, "ubuntu@22.04")
	orDefault(&m.Hardware, "arch=amd64 cores=2 mem=2048M")
	orDefault(&m.AgentStatus, "started")
	orDefault(&m.InstanceStatus, "running")
	orDefault(&m.AgentVersion, of.AgentVersion)
	orDefault(&m.Life, "alive")
	return m
}

func (a Application) fill(of Model) Application {
	orDefault(&a.Charm, a.Name)
	orDefault(&a.Channel, "latest/stable")
	orDefault(&a.Base, "ubuntu@22.04")
	orDefault(&a.Life, "alive")
	orDefault(&a.Status, "active")
	a.Units = fillUnits(a.Units, of)
	return a
}

func fillUnits(units []Unit, of Model) []Unit {
	filled := make([]Unit, 0, len(units))
	for _, unit := range units {
		orDefault(&unit.AgentStatus, "idle")
		orDefault(&unit.Status, "active")
		orDefault(&unit.AgentVersion, of.AgentVersion)
		orDefault(&unit.Life, "alive")
		if len(unit.Subordinates) > 0 {
			unit.Subordinates = fillUnits(unit.Subordinates, of)
		}
		filled = append(filled, unit)
	}
	return filled
}

func (m Model) hasUser(name string) bool { return m.access(name) != "" }

func (m Model) access(name string) string {
	for _, user := range m.Users {
		if user.Name == name {
			return user.Access
		}
	}
	return ""
}

// agents counts the agents that report during a migration: machine agents and unit agents.
func (m Model) agents() int {
	n := len(m.Machines)
	for _, application := range m.Applications {
		n += len(application.Units)
	}
	return n
}

func (a Application) charmURL() string {
	if strings.Contains(a.Charm, ":") {
		return a.Charm
	}
	return "ch:amd64/jammy/" + a.Charm + "-" + itoa(a.Revision)
}

// status is a status with its time.
type status struct {
	Status string
	Info   string
	Since  time.Time
}
