package jimm

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Mode is the migration mode of a model row. Only newer JIMM has it (seen 2026-07).
type Mode string

// The migration modes.
const (
	ModeNone      Mode = ""
	ModeInternal  Mode = "migrating-internally" // MigrateModel
	ModeExporting Mode = "exporting"            // Controller.InitiateMigration, to a controller outside
	ModeImporting Mode = "importing"            // PrepareModelMigration, from a controller outside; not simulated
)

// Controller is a row of JIMM's table of controllers.
type Controller struct {
	Name          string
	UUID          string
	PublicAddress string   // host:port; dialled first
	Addresses     []string // host:port; api-addresses, and the addrs of a migration target
	CACertificate string   // PEM
	TLSHostname   string   // server name to verify; empty: the host of the address
	Cloud         string   // name, without "cloud-"
	Region        string
	CloudType     string // lxd, ec2, …
	AgentVersion  string
	Username      string // of AddController: only used in the target-info of a migration
	Password      string
	Deprecated    bool

	// UnavailableSince is set by the background watchers when they cannot dial, with a delay of up to ten minutes.
	UnavailableSince time.Time
}

// Model is a row of JIMM's table of models: the record.
type Model struct {
	UUID       string
	Name       string
	Owner      string // alice@canonical.com
	Controller string // name of the controller that hosts it according to JIMM
	Mode       Mode

	Cloud      string // name; empty: the controller's
	Region     string
	Provider   string // lxd
	Credential string // name of the owner's credential
	Type       string // iaas, caas
	Life       string
	Agent      string // agent-version
	Series     string
	Status     string
	StatusInfo string
	Since      time.Time
	Machines   int
	Cores      int
	Units      int
}

// Credential is an uploaded cloud credential. ImportModel needs one of the owner for the model's cloud.
type Credential struct {
	Cloud, Owner, Name string
}

// database is the state that survives a restart.
type database struct {
	mu          sync.Mutex
	controllers []Controller
	models      []Model
	byUUID      map[string]int // indexes of models
	byName      map[string]int // of owner/name
	credentials []Credential
	tuples      tupleStore
	logins      map[string]time.Time // last login by identity
	events      []auditEvent
}

func newDatabase() *database {
	return &database{
		byUUID: map[string]int{}, byName: map[string]int{},
		logins: map[string]time.Time{},
		tuples: tupleStore{known: map[Tuple]bool{}, parents: map[string][]string{}},
	}
}

// controllerList is sorted by name, as ListControllers is.
func (d *database) controllerList() []Controller {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := slices.Clone(d.controllers)
	slices.SortFunc(list, func(a, b Controller) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func (d *database) modelList() []Model {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.models)
}

func (d *database) controller(name string) (Controller, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return find(d.controllers, func(c *Controller) bool { return c.Name == name })
}

// firstController is the one with the lowest id.
func (d *database) firstController() (Controller, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return find(d.controllers, func(*Controller) bool { return true })
}

// putController inserts a row, or replaces the one of that name.
func (d *database) putController(row Controller) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.controllers {
		if d.controllers[i].Name == row.Name {
			d.controllers[i] = row
			return
		}
	}
	d.controllers = append(d.controllers, row)
}

// deleteController deletes the row and those of its models (both years, source).
func (d *database) deleteController(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.controllers = slices.DeleteFunc(d.controllers, func(c Controller) bool { return c.Name == name })
	d.models = slices.DeleteFunc(d.models, func(m Model) bool { return m.Controller == name })
	d.reindex()
}

// reindex rebuilds the indexes of the rows. The caller holds mu.
func (d *database) reindex() {
	clear(d.byUUID)
	clear(d.byName)
	for i := range d.models {
		d.index(i)
	}
}

func (d *database) index(i int) {
	d.byUUID[d.models[i].UUID] = i
	d.byName[d.models[i].fullName()] = i
}

func (m *Model) fullName() string { return m.Owner + "/" + m.Name }

// at returns a row by its index. The caller holds mu.
func (d *database) at(i int, ok bool) (Model, bool) {
	if !ok {
		return Model{}, false
	}
	return d.models[i], true
}

func (d *database) model(uuid string) (Model, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i, ok := d.byUUID[uuid]
	return d.at(i, ok)
}

func (d *database) modelNamed(owner, name string) (Model, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i, ok := d.byName[owner+"/"+name]
	return d.at(i, ok)
}

// insertModel reports false if the UUID, or the name of that owner, is taken.
func (d *database) insertModel(row Model) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, uuid := d.byUUID[row.UUID]
	_, name := d.byName[row.fullName()]
	if uuid || name {
		return false
	}
	d.models = append(d.models, row)
	d.index(len(d.models) - 1)
	return true
}

// updateModel changes a row if it still exists. The change may refuse.
func (d *database) updateModel(uuid string, change func(*Model) bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	i, ok := d.byUUID[uuid]
	if !ok {
		return false
	}
	before := d.models[i]
	changed := change(&d.models[i])
	if after := d.models[i]; after.UUID != before.UUID || after.fullName() != before.fullName() {
		d.reindex()
	}
	return changed
}

// deleteModel deletes the row and, as far as the source says so, the tuples: permissions are gone after an ImportModel.
func (d *database) deleteModel(uuid string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.models = slices.DeleteFunc(d.models, func(m Model) bool { return m.UUID == uuid })
	d.reindex()
	for _, t := range slices.Clone(d.tuples.list) {
		if t.Target == "model-"+uuid {
			d.tuples.remove(t)
		}
	}
}

func (d *database) credential(owner, cloud string) (Credential, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return find(d.credentials, func(c *Credential) bool { return c.Owner == owner && c.Cloud == cloud })
}

func (d *database) addCredential(c Credential) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Contains(d.credentials, c) {
		d.credentials = append(d.credentials, c)
	}
}

// credentialTags are a user's credentials for a cloud.
func (d *database) credentialTags(owner, cloud string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	tags := []string{}
	for _, c := range d.credentials {
		if c.Owner == owner && c.Cloud == cloud {
			tags = append(tags, "cloudcred-"+cloud+"_"+owner+"_"+c.Name)
		}
	}
	return tags
}

// login stores a login of an identity and returns the one before.
func (d *database) login(identity string, now time.Time) (before time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before = d.logins[identity]
	d.logins[identity] = now
	return before
}

func find[T any](rows []T, match func(*T) bool) (T, bool) {
	for i := range rows {
		if match(&rows[i]) {
			return rows[i], true
		}
	}
	var none T
	return none, false
}
