package jimm

import (
	"encoding/json"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// The structs of this file hold what JIMM decodes from a controller's answer and sends on: other keys are lost on the
// way, and an empty key may be dropped. Their members are in the order of the recordings.

type entities struct {
	Entities []entity `json:"entities"`
}

type entity struct {
	Tag string `json:"tag"`
}

type entityStatus struct {
	Status string         `json:"status"`
	Info   string         `json:"info"`
	Data   map[string]any `json:"data,omitempty"` // an empty one is dropped
	Since  *time.Time     `json:"since"`
}

type migrationStatus struct {
	Status string     `json:"status"`
	Start  *time.Time `json:"start"`
	End    *time.Time `json:"end,omitempty"` // null is dropped
}

type sla struct {
	Level string `json:"level"`
	Owner string `json:"owner"`
}

type modelUser struct {
	ModelTag       string     `json:"model-tag"`
	User           string     `json:"user"`
	DisplayName    string     `json:"display-name"`
	LastConnection *time.Time `json:"last-connection"`
	Access         string     `json:"access"`
}

type modelMachine struct {
	ID          string    `json:"id"`
	Hardware    *hardware `json:"hardware,omitempty"`
	InstanceID  string    `json:"instance-id,omitempty"`
	DisplayName string    `json:"display-name,omitempty"`
	Status      string    `json:"status,omitempty"`
	Message     string    `json:"message,omitempty"`
	HasVote     bool      `json:"has-vote,omitempty"`
	WantsVote   bool      `json:"wants-vote,omitempty"`
	Primary     *bool     `json:"ha-primary,omitempty"`
}

type hardware struct {
	Arch             *string   `json:"arch,omitempty"`
	Mem              *uint64   `json:"mem,omitempty"`
	RootDisk         *uint64   `json:"root-disk,omitempty"`
	Cores            *uint64   `json:"cores,omitempty"`
	CPUPower         *uint64   `json:"cpu-power,omitempty"`
	Tags             *[]string `json:"tags,omitempty"`
	AvailabilityZone *string   `json:"availability-zone,omitempty"`
	VirtType         *string   `json:"virt-type,omitempty"`
}

// modelInfo is an answer of ModelManager.ModelInfo.
type modelInfo struct {
	Name               string            `json:"name"`
	Type               string            `json:"type"`
	UUID               string            `json:"uuid"`
	ControllerUUID     string            `json:"controller-uuid"`
	IsController       bool              `json:"is-controller"`
	ProviderType       string            `json:"provider-type,omitempty"`
	DefaultSeries      string            `json:"default-series,omitempty"`
	DefaultBase        string            `json:"default-base,omitempty"`
	CloudTag           string            `json:"cloud-tag"`
	CloudRegion        string            `json:"cloud-region,omitempty"`
	CloudCredentialTag string            `json:"cloud-credential-tag,omitempty"`
	CredentialValidity *bool             `json:"cloud-credential-validity,omitempty"`
	OwnerTag           string            `json:"owner-tag"`
	Life               string            `json:"life"`
	Status             entityStatus      `json:"status"`
	Users              []modelUser       `json:"users"`
	Machines           []modelMachine    `json:"machines"`
	SecretBackends     []json.RawMessage `json:"secret-backends"`
	Migration          *migrationStatus  `json:"migration,omitempty"`
	SLA                *sla              `json:"sla"`
	AgentVersion       *string           `json:"agent-version"`
}

// itemResult is one result of a bulk call.
type itemResult[T any] struct {
	Result *T          `json:"result,omitempty"`
	Error  *wire.Error `json:"error,omitempty"`
}

// results of a bulk call. Nil becomes null.
type results[T any] struct {
	Results []T `json:"results"`
}

type entityCount struct {
	Entity string `json:"entity"`
	Count  int64  `json:"count"`
}

// modelSummary is an answer of ModelManager.ListModelSummaries.
type modelSummary struct {
	Name               string           `json:"name"`
	UUID               string           `json:"uuid"`
	Type               string           `json:"type"`
	ControllerUUID     string           `json:"controller-uuid"`
	IsController       bool             `json:"is-controller"`
	ProviderType       string           `json:"provider-type,omitempty"`
	DefaultSeries      string           `json:"default-series,omitempty"`
	CloudTag           string           `json:"cloud-tag"`
	CloudRegion        string           `json:"cloud-region,omitempty"`
	CloudCredentialTag string           `json:"cloud-credential-tag,omitempty"`
	OwnerTag           string           `json:"owner-tag"`
	Life               string           `json:"life"`
	Status             entityStatus     `json:"status"`
	UserAccess         string           `json:"user-access"`
	LastConnection     *time.Time       `json:"last-connection"`
	Counts             []entityCount    `json:"counts"`
	Migration          *migrationStatus `json:"migration,omitempty"`
	SLA                *sla             `json:"sla"`
	AgentVersion       *string          `json:"agent-version"`
}

// userModel is an entry of ListModels and AllModels.
type userModel struct {
	Model          modelName  `json:"model"`
	LastConnection *time.Time `json:"last-connection"`
}

type modelName struct {
	Name     string `json:"name"`
	UUID     string `json:"uuid"`
	Type     string `json:"type"`
	OwnerTag string `json:"owner-tag"`
}

func (m *Model) credentialTag() string {
	return "cloudcred-" + m.Cloud + "_" + m.Owner + "_" + m.Credential
}
