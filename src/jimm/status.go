package jimm

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

// Status is the part of what "juju status" shows about a model that is used here.
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
	// Unread names, one a line, what was sent in a form that this client does
	// not know and is therefore missing or incomplete above, for example
	// "applications/pg: …". It is empty for every Juju from 2.9 to 4.0.
	Unread []string
}

// DetailedStatus is a status with what Juju reports with it.
type DetailedStatus struct {
	Status  string `json:"status"` // such as active, idle, started
	Info    string `json:"info"`
	Since   Time   `json:"since"`   // zero if unknown
	Version string `json:"version"` // of the agent, such as 3.6.14; empty if unknown
	Life    string `json:"life"`    // empty means alive
}

// ModelStatus is the model itself.
type ModelStatus struct {
	Name    string `json:"name"`
	Type    string `json:"type"` // iaas or caas
	Version string `json:"version"`
	// Status is busy with an Info "migrating: …" during a migration on the
	// source, and busy with "importing" on the target.
	Status DetailedStatus `json:"model-status"`
}

// Machine is a machine or, in Containers, a container on it.
type Machine struct {
	Agent      DetailedStatus `json:"agent-status"`    // started, down, pending
	Instance   DetailedStatus `json:"instance-status"` // running, as the cloud says
	InstanceID string         `json:"instance-id"`
	Base       Base           `json:"base"`
	// Constraints are those of the machine, with what it has from the model and
	// its application: "mem=2048M spaces=dmz".
	Constraints string `json:"constraints"`
	// LXDProfiles are the profiles that charms have put on it, by name; nil on
	// Juju 4, which has none.
	LXDProfiles map[string]any     `json:"lxd-profiles"`
	Containers  map[string]Machine `json:"containers"` // by id, such as 0/lxd/1
}

// Base is the operating system of a machine or application.
type Base struct {
	Name    string `json:"name"`
	Channel string `json:"channel"`
}

// String returns the base in Juju's form, such as ubuntu@22.04/stable; empty if unknown.
func (b Base) String() string {
	if b.Name == "" {
		return ""
	}
	return b.Name + "@" + b.Channel
}

// Application is an application with its units.
type Application struct {
	// Err is what the server sent instead of a status: see [Application.ErrorText].
	Err   *rpc.Error `json:"err"`
	Charm string     `json:"charm"` // such as ch:amd64/jammy/postgresql-288
	// CharmProfile is the name of the charm's LXD profile; empty if
	// it has none, and on Juju 4.
	CharmProfile string `json:"charm-profile"`
	Base         Base   `json:"base"`
	Life         string `json:"life"` // empty means alive
	// Units are by name, such as pg/0. A subordinate has none of its own: they are
	// Subordinates of the principal's.
	Units map[string]Unit `json:"units"`
	// Scale is the wanted number of units; caas only. "int" is its name on the
	// wire (Juju 2.9 to 4.0).
	Scale int `json:"int"`
}

// ErrorText returns what the server sent instead of a status; empty if all is well.
func (a Application) ErrorText() string {
	if !isError(a.Err) {
		return ""
	}
	return a.Err.Error()
}

// Unit is a unit, with the subordinate units beside it.
type Unit struct {
	Agent        DetailedStatus  `json:"agent-status"`    // idle, executing, lost, …
	Workload     DetailedStatus  `json:"workload-status"` // active, blocked, …
	Machine      string          `json:"machine"`         // id; empty for caas
	Charm        string          `json:"charm"`           // set if it differs from the application's
	Subordinates map[string]Unit `json:"subordinates"`
}

// Relation is a relation between two endpoints, or a peer relation.
type Relation struct {
	ID        int                `json:"id"`
	Key       string             `json:"key"`   // such as app:db pg:db
	Scope     string             `json:"scope"` // global or container
	Status    DetailedStatus     `json:"status"`
	Endpoints []RelationEndpoint `json:"endpoints"`
}

// RelationEndpoint is one side of a relation.
type RelationEndpoint struct {
	Application string `json:"application"`
	Subordinate bool   `json:"subordinate"`
}

// RemoteApplication is an offer of another model that this one consumes.
type RemoteApplication struct {
	OfferURL  string              `json:"offer-url"`
	Status    DetailedStatus      `json:"status"`
	Relations map[string][]string `json:"relations"`
}

// Offer is an endpoint that this model offers to others.
type Offer struct {
	Application     string `json:"application-name"`
	ActiveConnected int    `json:"active-connected-count"` // connections in use
	TotalConnected  int    `json:"total-connected-count"`
}

// Storage is a storage instance.
type Storage struct {
	Tag  string      `json:"storage-tag"` // such as storage-pgdata-0
	Kind StorageKind `json:"kind"`
}

// ID returns the storage's name, such as pgdata/0: the last hyphen of its tag stands for a slash.
func (s Storage) ID() string {
	name := juju.TagID("storage", s.Tag)
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		return name[:i] + "/" + name[i+1:]
	}
	return name
}

// StorageKind is the kind of a storage instance.
type StorageKind int

// The kinds of storage on the wire.
const (
	StorageBlock      StorageKind = 1
	StorageFilesystem StorageKind = 2
)

// String returns the name of the kind; empty if it is something else.
func (k StorageKind) String() string {
	switch k {
	case StorageBlock:
		return "block"
	case StorageFilesystem:
		return "filesystem"
	}
	return ""
}

// statusWire is the answer to FullStatus, with each entity left undecoded: one
// with an unexpected form must not affect the others.
type statusWire struct {
	Model        json.RawMessage            `json:"model"`
	Machines     map[string]json.RawMessage `json:"machines"`
	Applications map[string]json.RawMessage `json:"applications"`
	Remotes      map[string]json.RawMessage `json:"remote-applications"`
	Offers       map[string]json.RawMessage `json:"offers"`
	Relations    []json.RawMessage          `json:"relations"`
	Storage      []json.RawMessage          `json:"storage"`
}

// status decodes the entities. It fails if the answer has no model: that is
// then no status.
func (w *statusWire) status() (Status, error) {
	var s Status
	if err := lenient(json.Unmarshal(w.Model, &s.Model)); err != nil || s.Model.Name == "" {
		return Status{}, errors.New("unexpected answer: it has no model")
	}
	s.Machines = readMap[Machine](w.Machines, "machines", &s.Unread)
	s.Applications = readMap[Application](w.Applications, "applications", &s.Unread)
	s.RemoteApplications = readMap[RemoteApplication](w.Remotes, "remote-applications", &s.Unread)
	s.Offers = readMap[Offer](w.Offers, "offers", &s.Unread)
	s.Relations = readList[Relation](w.Relations, "relations", &s.Unread)
	s.Storage = readList[Storage](w.Storage, "storage", &s.Unread)
	return s, nil
}

// readMap decodes a map of entities.
func readMap[T any](raws map[string]json.RawMessage, kind string, unread *[]string) map[string]T {
	if len(raws) == 0 {
		return nil
	}
	values := make(map[string]T, len(raws))
	for _, key := range slices.Sorted(maps.Keys(raws)) {
		values[key] = read[T](raws[key], kind+"/"+key, unread)
	}
	return values
}

// readList decodes a list of entities.
func readList[T any](raws []json.RawMessage, kind string, unread *[]string) []T {
	var values []T
	for i, raw := range raws {
		values = append(values, read[T](raw, fmt.Sprintf("%s/%d", kind, i), unread))
	}
	return values
}

// read decodes as much of an entity as possible, and notes if that was not all.
func read[T any](raw json.RawMessage, name string, unread *[]string) T {
	var value T
	if err := json.Unmarshal(raw, &value); err != nil {
		*unread = append(*unread, name+": "+err.Error())
	}
	return value
}
