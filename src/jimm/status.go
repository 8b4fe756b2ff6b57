package jimm

import "time"

// Status is the status of a model: what "juju status" shows.
type Status struct {
	Model              ModelStatus
	Machines           map[string]Machine           // by id
	Applications       map[string]Application       // by name
	RemoteApplications map[string]RemoteApplication // by name: what is consumed from other models
	Offers             map[string]Offer             // by name
	Relations          []Relation
	// Storage is there only if it was requested and the server reports it: see
	// [ModelConn.FullStatusAndStorage].
	Storage []Storage
	// Taken is when the controller made it, by its clock; zero if unknown.
	Taken time.Time
	// Unread names, one a line, what was sent in a form that this client does
	// not know and is therefore missing or incomplete above, for example
	// "applications/pg: …". It is empty for every Juju from 2.9 to 4.0.
	Unread []string
}

// DetailedStatus is a status with what Juju reports beside it.
type DetailedStatus struct {
	Status  string // such as active, idle, started
	Info    string
	Since   time.Time // zero if unknown
	Kind    string
	Version string // of the agent, such as 3.6.14; empty if unknown
	Life    string // empty means alive
}

// ModelStatus is the model itself.
type ModelStatus struct {
	Name string
	Type string // iaas or caas
	// Controller is the controller's name where the server reports it; Juju's
	// own FullStatus does not.
	Controller string
	CloudTag   string
	Region     string
	Version    string
	// AvailableVersion is the newest version the model could have.
	AvailableVersion string
	// Status is busy with an Info "migrating: …" during a migration on the
	// source, and busy with "importing" on the target.
	Status DetailedStatus
}

// Machine is a machine or, in Containers, a container on it.
type Machine struct {
	ID          string
	Agent       DetailedStatus // started, down, pending
	Instance    DetailedStatus // running, as the cloud says
	Modify      DetailedStatus // idle, applied
	InstanceID  string
	Hostname    string
	DNSName     string
	DisplayName string
	Base        string // such as ubuntu@22.04/stable
	Hardware    string
	// Constraints are those of the machine, with what it has from the model and
	// its application: "mem=2048M spaces=dmz".
	Constraints string
	// LXDProfiles are the names of the profiles that charms have put on it; nil
	// on Juju 4, which has none.
	LXDProfiles []string
	Containers  map[string]Machine // by id, such as 0/lxd/1
}

// Application is an application with its units.
type Application struct {
	// Error is what the server says instead of a status; empty if all is well.
	Error        string
	Charm        string // such as ch:amd64/jammy/postgresql-288
	CharmChannel string
	// CharmProfile is the name of the charm's LXD profile; empty if
	// it has none, and on Juju 4.
	CharmProfile    string
	Base            string
	Life            string // empty means alive
	Exposed         bool
	Status          DetailedStatus
	WorkloadVersion string
	// SubordinateTo are the principals' names; their units have ours in
	// Subordinates. A subordinate has no Units of its own.
	SubordinateTo []string
	// Relations has the applications related, by endpoint.
	Relations map[string][]string
	Units     map[string]Unit // by name, such as pg/0
	// Scale is the wanted number of units; caas only.
	Scale         int
	PublicAddress string
}

// Unit is a unit, with the subordinate units beside it.
type Unit struct {
	Agent           DetailedStatus // idle, executing, lost, …
	Workload        DetailedStatus // active, blocked, …
	WorkloadVersion string
	Machine         string // id; empty for caas
	Leader          bool
	PublicAddress   string
	Address         string // caas
	ProviderID      string // caas
	OpenedPorts     []string
	Charm           string // set if it differs from the application's
	Subordinates    map[string]Unit
}

// Relation is a relation between two endpoints, or a peer relation.
type Relation struct {
	ID        int
	Key       string // such as app:db pg:db
	Interface string
	Scope     string
	Status    DetailedStatus
	Endpoints []RelationEndpoint
}

// RelationEndpoint is one side of a relation.
type RelationEndpoint struct {
	Application string `json:"application"`
	Name        string `json:"name"`
}

// RemoteApplication is an offer of another model that this one consumes.
type RemoteApplication struct {
	Error     string
	OfferURL  string
	OfferName string
	Life      string
	Status    DetailedStatus
	Relations map[string][]string
}

// Offer is an endpoint that this model offers to others.
type Offer struct {
	Error           string
	OfferName       string
	Application     string
	Charm           string
	ActiveConnected int // connections in use
	TotalConnected  int
	Endpoints       []string // names, sorted
}

// Storage is a storage instance.
type Storage struct {
	ID    string // such as pgdata/0
	Owner string // the unit, such as pg/0, or the application
	Kind  string // block or filesystem; empty if it is something else
	Life  string // empty or alive
}
