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

// statusWire is the answer to FullStatus, with each entity left undecoded: one
// that has changed its form must not take the others with it.
type statusWire struct {
	Model        json.RawMessage            `json:"model"`
	Machines     map[string]json.RawMessage `json:"machines"`
	Applications map[string]json.RawMessage `json:"applications"`
	Remotes      map[string]json.RawMessage `json:"remote-applications"`
	Offers       map[string]json.RawMessage `json:"offers"`
	Relations    []json.RawMessage          `json:"relations"`
	Storage      []json.RawMessage          `json:"storage"`
	Taken        json.RawMessage            `json:"controller-timestamp"`
}

// status decodes the entities. It fails if the answer has no model: that is
// then no status.
func (w *statusWire) status() (Status, error) {
	var model modelWire
	if err := lenient(json.Unmarshal(w.Model, &model)); err != nil || model.Name == "" {
		return Status{}, errors.New("unexpected answer: it has no model")
	}
	s := Status{Model: model.value(), Taken: lenientTime(w.Taken)}
	s.Machines = readEach[machineWire](w.Machines, "machines", &s.Unread)
	s.Applications = readEach[applicationWire](w.Applications, "applications", &s.Unread)
	s.RemoteApplications = readEach[remoteWire](w.Remotes, "remote-applications", &s.Unread)
	s.Offers = readEach[offerWire](w.Offers, "offers", &s.Unread)
	for i, raw := range w.Relations {
		s.Relations = append(s.Relations, readOne[relationWire](raw, fmt.Sprintf("relations/%d", i), &s.Unread))
	}
	for i, raw := range w.Storage {
		s.Storage = append(s.Storage, readOne[storageWire](raw, fmt.Sprintf("storage/%d", i), &s.Unread))
	}
	return s, nil
}

// wire is the wire's form of a T.
type wire[T any] interface{ value() T }

// readEach decodes a map of entities.
func readEach[W wire[T], T any](raws map[string]json.RawMessage, kind string, unread *[]string) map[string]T {
	if len(raws) == 0 {
		return nil
	}
	values := make(map[string]T, len(raws))
	for _, key := range slices.Sorted(maps.Keys(raws)) {
		values[key] = readOne[W](raws[key], kind+"/"+key, unread)
	}
	return values
}

// readOne decodes an entity as far as it can be and notes if that was not all.
func readOne[W wire[T], T any](raw json.RawMessage, name string, unread *[]string) T {
	var w W
	if err := json.Unmarshal(raw, &w); err != nil {
		*unread = append(*unread, name+": "+err.Error())
	}
	return w.value()
}

// each converts a map of nested entities.
func each[W wire[T], T any](from map[string]W) map[string]T {
	if len(from) == 0 {
		return nil
	}
	to := make(map[string]T, len(from))
	for key, w := range from {
		to[key] = w.value()
	}
	return to
}

type detailWire struct {
	Status  string          `json:"status"`
	Info    string          `json:"info"`
	Since   json.RawMessage `json:"since"`
	Kind    string          `json:"kind"`
	Version string          `json:"version"`
	Life    string          `json:"life"`
}

func (w detailWire) value() DetailedStatus {
	return DetailedStatus{
		Status: w.Status, Info: w.Info, Since: lenientTime(w.Since),
		Kind: w.Kind, Version: w.Version, Life: w.Life,
	}
}

type baseWire struct {
	Name    string `json:"name"`
	Channel string `json:"channel"`
}

func (w baseWire) value() string {
	if w.Name == "" {
		return ""
	}
	return w.Name + "@" + w.Channel
}

type modelWire struct {
	Name             string     `json:"name"`
	Type             string     `json:"type"`
	Controller       string     `json:"controller"`
	CloudTag         string     `json:"cloud-tag"`
	Region           string     `json:"region"`
	Version          string     `json:"version"`
	AvailableVersion string     `json:"available-version"`
	Status           detailWire `json:"model-status"`
}

func (w modelWire) value() ModelStatus {
	return ModelStatus{
		Name: w.Name, Type: w.Type, Controller: w.Controller, CloudTag: w.CloudTag, Region: w.Region,
		Version: w.Version, AvailableVersion: w.AvailableVersion, Status: w.Status.value(),
	}
}

type machineWire struct {
	ID          string                 `json:"id"`
	Agent       detailWire             `json:"agent-status"`
	Instance    detailWire             `json:"instance-status"`
	Modify      detailWire             `json:"modification-status"`
	InstanceID  string                 `json:"instance-id"`
	Hostname    string                 `json:"hostname"`
	DNSName     string                 `json:"dns-name"`
	DisplayName string                 `json:"display-name"`
	Base        baseWire               `json:"base"`
	Hardware    string                 `json:"hardware"`
	Constraints string                 `json:"constraints"`
	Profiles    map[string]any         `json:"lxd-profiles"`
	Containers  map[string]machineWire `json:"containers"`
}

func (w machineWire) value() Machine {
	return Machine{
		ID: w.ID, Agent: w.Agent.value(), Instance: w.Instance.value(), Modify: w.Modify.value(),
		InstanceID: w.InstanceID, Hostname: w.Hostname, DNSName: w.DNSName, DisplayName: w.DisplayName,
		Base: w.Base.value(), Hardware: w.Hardware, Constraints: w.Constraints, LXDProfiles: slices.Sorted(maps.Keys(w.Profiles)),
		Containers: each[machineWire](w.Containers),
	}
}

type applicationWire struct {
	Err             *rpc.Error          `json:"err"`
	Charm           string              `json:"charm"`
	CharmChannel    string              `json:"charm-channel"`
	CharmProfile    string              `json:"charm-profile"`
	Base            baseWire            `json:"base"`
	Life            string              `json:"life"`
	Exposed         bool                `json:"exposed"`
	Status          detailWire          `json:"status"`
	WorkloadVersion string              `json:"workload-version"`
	SubordinateTo   []string            `json:"subordinate-to"`
	Relations       map[string][]string `json:"relations"`
	Units           map[string]unitWire `json:"units"`
	Scale           int                 `json:"int"` // That is its name on the wire (Juju 2.9 to 4.0).
	PublicAddress   string              `json:"public-address"`
}

func (w applicationWire) value() Application {
	return Application{
		Error: errorText(w.Err), Charm: w.Charm, CharmChannel: w.CharmChannel,
		CharmProfile: w.CharmProfile, Base: w.Base.value(), Life: w.Life, Exposed: w.Exposed, Status: w.Status.value(),
		WorkloadVersion: w.WorkloadVersion, SubordinateTo: w.SubordinateTo, Relations: w.Relations,
		Units: each[unitWire](w.Units), Scale: w.Scale, PublicAddress: w.PublicAddress,
	}
}

type unitWire struct {
	Agent           detailWire          `json:"agent-status"`
	Workload        detailWire          `json:"workload-status"`
	WorkloadVersion string              `json:"workload-version"`
	Machine         string              `json:"machine"`
	Leader          bool                `json:"leader"`
	PublicAddress   string              `json:"public-address"`
	Address         string              `json:"address"`
	ProviderID      string              `json:"provider-id"`
	OpenedPorts     []string            `json:"opened-ports"`
	Charm           string              `json:"charm"`
	Subordinates    map[string]unitWire `json:"subordinates"`
}

func (w unitWire) value() Unit {
	return Unit{
		Agent: w.Agent.value(), Workload: w.Workload.value(), WorkloadVersion: w.WorkloadVersion,
		Machine: w.Machine, Leader: w.Leader, PublicAddress: w.PublicAddress, Address: w.Address,
		ProviderID: w.ProviderID, OpenedPorts: w.OpenedPorts, Charm: w.Charm,
		Subordinates: each[unitWire](w.Subordinates),
	}
}

type relationWire struct {
	ID        int                `json:"id"`
	Key       string             `json:"key"`
	Interface string             `json:"interface"`
	Scope     string             `json:"scope"`
	Status    detailWire         `json:"status"`
	Endpoints []RelationEndpoint `json:"endpoints"`
}

func (w relationWire) value() Relation {
	return Relation{
		ID: w.ID, Key: w.Key, Interface: w.Interface, Scope: w.Scope,
		Status: w.Status.value(), Endpoints: w.Endpoints,
	}
}

type remoteWire struct {
	Err       *rpc.Error          `json:"err"`
	OfferURL  string              `json:"offer-url"`
	OfferName string              `json:"offer-name"`
	Life      string              `json:"life"`
	Status    detailWire          `json:"status"`
	Relations map[string][]string `json:"relations"`
}

func (w remoteWire) value() RemoteApplication {
	return RemoteApplication{
		Error: errorText(w.Err), OfferURL: w.OfferURL, OfferName: w.OfferName,
		Life: w.Life, Status: w.Status.value(), Relations: w.Relations,
	}
}

type offerWire struct {
	Err             *rpc.Error                 `json:"err"`
	OfferName       string                     `json:"offer-name"`
	Application     string                     `json:"application-name"`
	Charm           string                     `json:"charm"`
	ActiveConnected int                        `json:"active-connected-count"`
	TotalConnected  int                        `json:"total-connected-count"`
	Endpoints       map[string]json.RawMessage `json:"endpoints"`
}

func (w offerWire) value() Offer {
	return Offer{
		Error: errorText(w.Err), OfferName: w.OfferName, Application: w.Application, Charm: w.Charm,
		ActiveConnected: w.ActiveConnected, TotalConnected: w.TotalConnected,
		Endpoints: slices.Sorted(maps.Keys(w.Endpoints)),
	}
}

type storageWire struct {
	StorageTag string `json:"storage-tag"`
	OwnerTag   string `json:"owner-tag"`
	Kind       int    `json:"kind"`
	Life       string `json:"life"`
}

// The kinds of storage on the wire.
const (
	storageBlock      = 1
	storageFilesystem = 2
)

func (w storageWire) value() Storage {
	s := Storage{ID: slashed(w.StorageTag, "storage"), Owner: slashed(w.OwnerTag, "unit"), Life: w.Life}
	if s.Owner == "" {
		s.Owner = juju.TagID("application", w.OwnerTag)
	}
	switch w.Kind {
	case storageBlock:
		s.Kind = "block"
	case storageFilesystem:
		s.Kind = "filesystem"
	}
	return s
}

// slashed returns the name in a tag, whose last hyphen stands for a slash: the
// tag of the unit pg-a/0 is unit-pg-a-0.
func slashed(tag, kind string) string {
	name := juju.TagID(kind, tag)
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		return name[:i] + "/" + name[i+1:]
	}
	return name
}

// errorText returns the text of an entity's error.
func errorText(e *rpc.Error) string {
	if !isError(e) {
		return ""
	}
	return e.Error()
}
