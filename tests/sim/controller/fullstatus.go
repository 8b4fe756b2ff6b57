package controller

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// The result of Client.FullStatus, versions 6 to 8. The names are those of Juju 3.6's API schema; the same names are in
// the JavaScript client that is generated from it (juju/js-libjuju).

type fullStatusResult struct {
	Model               modelStatusInfo              `json:"model"`
	Machines            map[string]machineStatus     `json:"machines"`
	Applications        map[string]applicationStatus `json:"applications"`
	RemoteApplications  map[string]remoteStatus      `json:"remote-applications"`
	Offers              map[string]offerStatus       `json:"offers"`
	Relations           []relationStatus             `json:"relations"`
	ControllerTimestamp *time.Time                   `json:"controller-timestamp"`
	Branches            map[string]any               `json:"branches"`
	Storage             []storageDetails             `json:"storage,omitempty"`
}

type modelStatusInfo struct {
	Name             string         `json:"name"`
	Type             string         `json:"type"`
	CloudTag         string         `json:"cloud-tag"`
	CloudRegion      string         `json:"region,omitempty"`
	Version          string         `json:"version"`
	AvailableVersion string         `json:"available-version"`
	ModelStatus      detailedStatus `json:"model-status"`
	MeterStatus      *meterStatus   `json:"meter-status,omitempty"` // gone in 4.x, as sla
	SLA              string         `json:"sla,omitempty"`
}

type meterStatus struct {
	Color   string `json:"color"`
	Message string `json:"message"`
}

type detailedStatus struct {
	Status  string         `json:"status"`
	Info    string         `json:"info"`
	Data    map[string]any `json:"data"`
	Since   *time.Time     `json:"since"`
	Kind    string         `json:"kind"`
	Version string         `json:"version"`
	Life    string         `json:"life"`
}

type base struct {
	Name    string `json:"name"`
	Channel string `json:"channel"`
}

type machineStatus struct {
	AgentStatus        detailedStatus           `json:"agent-status"`
	InstanceStatus     detailedStatus           `json:"instance-status"`
	ModificationStatus detailedStatus           `json:"modification-status"`
	Hostname           string                   `json:"hostname,omitempty"`
	DNSName            string                   `json:"dns-name"`
	IPAddresses        []string                 `json:"ip-addresses,omitempty"`
	InstanceID         string                   `json:"instance-id"`
	DisplayName        string                   `json:"display-name"`
	Base               base                     `json:"base"`
	ID                 string                   `json:"id"`
	Containers         map[string]machineStatus `json:"containers"`
	Constraints        string                   `json:"constraints"`
	Hardware           string                   `json:"hardware"`
	Jobs               []string                 `json:"jobs"`
	HasVote            bool                     `json:"has-vote"`
	WantsVote          bool                     `json:"wants-vote"`
	LXDProfiles        map[string]lxdProfile    `json:"lxd-profiles,omitempty"`
}

type lxdProfile struct {
	Config      map[string]string            `json:"config"`
	Description string                       `json:"description"`
	Devices     map[string]map[string]string `json:"devices"`
}

type applicationStatus struct {
	Charm            string                 `json:"charm"`
	CharmVersion     string                 `json:"charm-version"`
	CharmProfile     string                 `json:"charm-profile"`
	CharmChannel     string                 `json:"charm-channel,omitempty"`
	Base             base                   `json:"base"`
	Exposed          bool                   `json:"exposed"`
	Life             string                 `json:"life"`
	Relations        map[string][]string    `json:"relations"`
	CanUpgradeTo     string                 `json:"can-upgrade-to"`
	SubordinateTo    []string               `json:"subordinate-to"`
	Units            map[string]unitStatus  `json:"units"`
	MeterStatuses    map[string]meterStatus `json:"meter-statuses"`
	Status           detailedStatus         `json:"status"`
	WorkloadVersion  string                 `json:"workload-version"`
	EndpointBindings map[string]string      `json:"endpoint-bindings"`
	Scale            int                    `json:"int,omitempty"` // that is its name on the wire
	ProviderID       string                 `json:"provider-id,omitempty"`
	PublicAddress    string                 `json:"public-address"`
}

type unitStatus struct {
	AgentStatus     detailedStatus        `json:"agent-status"`
	WorkloadStatus  detailedStatus        `json:"workload-status"`
	WorkloadVersion string                `json:"workload-version"`
	Machine         string                `json:"machine"`
	OpenedPorts     []string              `json:"opened-ports"`
	PublicAddress   string                `json:"public-address"`
	Charm           string                `json:"charm"`
	Subordinates    map[string]unitStatus `json:"subordinates"`
	Leader          bool                  `json:"leader,omitempty"`
	ProviderID      string                `json:"provider-id,omitempty"`
	Address         string                `json:"address,omitempty"`
}

type remoteStatus struct {
	OfferURL  string              `json:"offer-url"`
	OfferName string              `json:"offer-name"`
	Endpoints []offerEndpoint     `json:"endpoints"`
	Life      string              `json:"life"`
	Relations map[string][]string `json:"relations"`
	Status    detailedStatus      `json:"status"`
}

type offerStatus struct {
	OfferName            string                   `json:"offer-name"`
	ApplicationName      string                   `json:"application-name"`
	CharmURL             string                   `json:"charm"`
	Endpoints            map[string]offerEndpoint `json:"endpoints"`
	ActiveConnectedCount int                      `json:"active-connected-count"`
	TotalConnectedCount  int                      `json:"total-connected-count"`
}

type relationStatus struct {
	ID        int              `json:"id"`
	Key       string           `json:"key"`
	Interface string           `json:"interface"`
	Scope     string           `json:"scope"`
	Endpoints []endpointStatus `json:"endpoints"`
	Status    detailedStatus   `json:"status"`
}

type endpointStatus struct {
	ApplicationName string `json:"application"`
	Name            string `json:"name"`
	Role            string `json:"role"`
	Subordinate     bool   `json:"subordinate"`
}

type storageDetails struct {
	StorageTag string       `json:"storage-tag"`
	OwnerTag   string       `json:"owner-tag"`
	Kind       int          `json:"kind"` // 1 block, 2 filesystem
	Status     entityStatus `json:"status"`
	Life       string       `json:"life,omitempty"`
	Persistent bool         `json:"persistent"`
}

// fullStatus is allowed at all times to users who may read the model, also while it is exported.
func fullStatus(_ context.Context, s *session, req *wire.Request) (any, error) {
	var params struct {
		Patterns       []string `json:"patterns"`
		IncludeStorage bool     `json:"include-storage"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	if !s.mayRead(s.model) {
		return nil, s.noRead()
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	h := s.c.models[s.model]
	if h == nil {
		return nil, wire.Errorf("not found", "model %q not found", s.model)
	}
	if err := h.statusError(); err != nil {
		return nil, err
	}
	st := s.c.statusOf(h)
	if !params.IncludeStorage {
		st.Storage = nil
	}
	return st, nil
}

func (c *Controller) statusOf(h *hosted) fullStatusResult {
	m, now := h.model, time.Now()
	entity := c.entityStatus(h)
	st := fullStatusResult{
		Model: modelStatusInfo{
			Name: m.Name, Type: m.Type, CloudTag: "cloud-" + m.Cloud, CloudRegion: m.Region, Version: m.AgentVersion,
			ModelStatus: detailedStatus{Status: entity.Status, Info: entity.Info, Data: entity.Data, Since: entity.Since},
			MeterStatus: &meterStatus{}, SLA: "unsupported",
		},
		Machines: map[string]machineStatus{}, Applications: map[string]applicationStatus{},
		RemoteApplications: map[string]remoteStatus{}, Offers: map[string]offerStatus{},
		ControllerTimestamp: &now, Branches: map[string]any{},
	}
	if st.Model.ModelStatus.Data == nil {
		st.Model.ModelStatus.Data = map[string]any{}
	}
	if c.release.has(juju4) { // 4.0-beta8, recorded
		st.Model.MeterStatus, st.Model.SLA, st.Relations, st.Branches = nil, "", nil, nil
		st.Model.ModelStatus.Data = nil
	}
	for _, machine := range m.Machines {
		if !strings.Contains(machine.ID, "/") {
			st.Machines[machine.ID] = m.machineStatus(machine, h.status.Since)
		}
	}
	for _, application := range m.Applications {
		st.Applications[application.Name] = m.applicationStatus(application, h.status.Since)
	}
	for _, remote := range m.RemoteApplications {
		st.RemoteApplications[remote.Name] = m.remoteStatus(remote, h.status.Since)
	}
	for _, offer := range m.Offers {
		st.Offers[offer.Name] = m.offerStatus(offer)
	}
	for _, relation := range m.Relations {
		st.Relations = append(st.Relations, m.relationStatus(relation, h.status.Since))
	}
	for _, storage := range m.Storage {
		st.Storage = append(st.Storage, storage.details(h.status.Since))
	}
	return st
}

func detailed(status, info string, since time.Time) detailedStatus {
	return detailedStatus{Status: status, Info: info, Data: map[string]any{}, Since: &since}
}

func baseOf(text string) base {
	name, channel, _ := strings.Cut(text, "@")
	return base{Name: name, Channel: cmp.Or(channel, "22.04") + "/stable"}
}

// machineStatus includes a machine's containers: 0/lxd/0 is in 0.
func (m Model) machineStatus(machine Machine, since time.Time) machineStatus {
	st := machine.status(since)
	for _, other := range m.Machines {
		if parent, ok := parentOf(other.ID); ok && parent == machine.ID {
			st.Containers[other.ID] = m.machineStatus(other, since)
		}
	}
	return st
}

// parentOf returns the machine that a container is in: 0/lxd/0 is in 0.
func parentOf(id string) (parent string, found bool) {
	parts := strings.Split(id, "/")
	if len(parts) < 3 {
		return "", false
	}
	return strings.Join(parts[:len(parts)-2], "/"), true
}

func (m Machine) status(since time.Time) machineStatus {
	agent := detailed(m.AgentStatus, "", since)
	agent.Version, agent.Life = m.AgentVersion, unlessAlive(m.Life)
	st := machineStatus{
		AgentStatus: agent, InstanceStatus: detailed(m.InstanceStatus, "Running", since),
		ModificationStatus: detailed("idle", "", since), DNSName: m.Address, InstanceID: m.InstanceID,
		Base: baseOf(m.Base), ID: m.ID, Containers: map[string]machineStatus{}, Constraints: m.Constraints,
		Hardware: m.Hardware, Jobs: []string{"JobHostUnits"},
	}
	if m.Address != "" {
		st.IPAddresses = []string{m.Address}
	}
	for _, name := range m.LXDProfiles {
		if st.LXDProfiles == nil {
			st.LXDProfiles = map[string]lxdProfile{}
		}
		st.LXDProfiles[name] = lxdProfile{Config: map[string]string{}, Devices: map[string]map[string]string{}}
	}
	return st
}

// unlessAlive returns the life of an application, a machine or a unit (with their agents) as a status reports it: ""
// while it is alive (applications: 3.5.4 and 3.6.28, observed; the others by Juju's source; Juju 4 may report "alive").
func unlessAlive(life string) string {
	if life == "alive" {
		return ""
	}
	return life
}

func (m Model) applicationStatus(a Application, since time.Time) applicationStatus {
	st := applicationStatus{
		Charm: a.charmURL(), CharmProfile: a.Profile, CharmChannel: a.Channel, Base: baseOf(a.Base), Exposed: a.Exposed,
		Life: unlessAlive(a.Life), Relations: map[string][]string{}, SubordinateTo: []string{}, Units: map[string]unitStatus{},
		Status: detailed(a.Status, a.Message, since), WorkloadVersion: a.WorkloadVersion,
		EndpointBindings: map[string]string{"": "alpha"}, PublicAddress: a.Address,
	}
	for _, endpoint := range a.Endpoints {
		st.EndpointBindings[endpoint] = "alpha"
	}
	if m.Type == "caas" {
		st.Scale = len(a.Units)
	}
	for _, unit := range a.Units {
		st.Units[unit.Name] = unit.status(a, since)
	}
	for _, relation := range m.Relations {
		for i, endpoint := range relation.Endpoints {
			if endpoint.Application == a.Name {
				other := relation.Endpoints[(i+1)%len(relation.Endpoints)] // a peer relation has one end
				st.Relations[endpoint.Name] = append(st.Relations[endpoint.Name], other.Application)
			}
		}
	}
	return st
}

func (u Unit) status(a Application, since time.Time) unitStatus {
	agent := detailed(u.AgentStatus, "", since)
	agent.Version, agent.Life = u.AgentVersion, unlessAlive(u.Life)
	st := unitStatus{
		AgentStatus: agent, WorkloadStatus: detailed(u.Status, u.Message, since),
		WorkloadVersion: a.WorkloadVersion, Machine: u.Machine, OpenedPorts: u.Ports, PublicAddress: u.Address,
		Leader: u.Leader, Address: u.Address,
	}
	for _, subordinate := range u.Subordinates {
		if st.Subordinates == nil {
			st.Subordinates = map[string]unitStatus{}
		}
		st.Subordinates[subordinate.Name] = subordinate.status(a, since)
	}
	return st
}

func (m Model) remoteStatus(r RemoteApplication, since time.Time) remoteStatus {
	_, offer, _ := strings.Cut(r.OfferURL, ".")
	st := remoteStatus{
		OfferURL: r.OfferURL, OfferName: offer, Endpoints: []offerEndpoint{}, Life: cmp.Or(r.Life, "alive"),
		Relations: map[string][]string{}, Status: detailed(cmp.Or(r.Status, "active"), "", since),
	}
	for _, endpoint := range r.Endpoints {
		st.Endpoints = append(st.Endpoints, offerEndpoint{endpoint.Name, endpoint.Role, endpoint.Interface, 0})
	}
	for _, relation := range m.Relations {
		for i, endpoint := range relation.Endpoints {
			if endpoint.Application == r.Name {
				other := relation.Endpoints[(i+1)%len(relation.Endpoints)]
				st.Relations[endpoint.Name] = append(st.Relations[endpoint.Name], other.Application)
			}
		}
	}
	return st
}

func (m Model) offerStatus(o Offer) offerStatus {
	st := offerStatus{
		OfferName: o.Name, ApplicationName: o.Application, Endpoints: map[string]offerEndpoint{},
		ActiveConnectedCount: o.connections(), TotalConnectedCount: o.connections(),
	}
	if i := slices.IndexFunc(m.Applications, func(a Application) bool { return a.Name == o.Application }); i >= 0 {
		st.CharmURL = m.Applications[i].charmURL()
	}
	for _, endpoint := range o.Endpoints {
		st.Endpoints[endpoint.Name] = offerEndpoint{endpoint.Name, endpoint.Role, endpoint.Interface, 0}
	}
	return st
}

func (m Model) relationStatus(r Relation, since time.Time) relationStatus {
	st := relationStatus{
		ID: r.ID, Key: r.key(), Interface: r.Interface, Scope: cmp.Or(r.Scope, "global"),
		Endpoints: []endpointStatus{}, Status: detailed(cmp.Or(r.Status, "joined"), "", since),
	}
	for _, endpoint := range r.Endpoints {
		st.Endpoints = append(st.Endpoints, endpointStatus{
			ApplicationName: endpoint.Application, Name: endpoint.Name, Role: endpoint.Role,
			Subordinate: r.Scope == "container" && m.isSubordinate(endpoint.Application),
		})
	}
	return st
}

// key is "requirer:endpoint provider:endpoint", as Juju sorts them.
func (r Relation) key() string {
	rank := map[string]int{"requirer": 0, "provider": 1, "peer": 2}
	ends := slices.Clone(r.Endpoints)
	slices.SortStableFunc(ends, func(a, b Endpoint) int { return cmp.Compare(rank[a.Role], rank[b.Role]) })
	names := make([]string, 0, len(ends))
	for _, end := range ends {
		names = append(names, end.Application+":"+end.Name)
	}
	return strings.Join(names, " ")
}

func (s Storage) details(since time.Time) storageDetails {
	kind := 2
	if s.Kind == "block" {
		kind = 1
	}
	return storageDetails{
		StorageTag: "storage-" + strings.ReplaceAll(s.ID, "/", "-"),
		OwnerTag:   "unit-" + strings.ReplaceAll(s.Unit, "/", "-"), Kind: kind,
		Status: entityStatus{Status: cmp.Or(s.Status, "attached"), Since: &since},
		Life:   "alive", Persistent: true,
	}
}
