package cos

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"jimm-migrator/charm"
)

// charmName is the name in metadata.yaml.
const charmName = "jimm-migrator"

// topology reports where in Juju something comes from, in the form and order in
// which charms of the observability stack exchange it (cos-lib, 2026).
type topology struct {
	Model       string `json:"model"`
	ModelUUID   string `json:"model_uuid"`
	Application string `json:"application"`
	Unit        string `json:"unit"`
	CharmName   string `json:"charm_name,omitempty"`
}

func topologyOf(env charm.Env) topology {
	return topology{Model: env.ModelName, ModelUUID: env.ModelUUID, Application: env.App(), Unit: env.Unit, CharmName: charmName}
}

// identifier makes names of ours differ from those of other applications.
func (t topology) identifier() string {
	return strings.Join([]string{t.Model, t.ModelUUID[:min(8, len(t.ModelUUID))], t.Application}, "_")
}

// matchers are the label matchers that select what this application sends.
func (t topology) matchers() string {
	return fmt.Sprintf("juju_model=%q, juju_model_uuid=%q, juju_application=%q", t.Model, t.ModelUUID, t.Application)
}

// labels are those that matchers selects by, and the charm's name.
func (t topology) labels() map[string]string {
	return map[string]string{
		"juju_model":       t.Model,
		"juju_model_uuid":  t.ModelUUID,
		"juju_application": t.Application,
		"juju_charm":       t.CharmName,
	}
}

// PlainJSON encodes without the escapes that HTML would need: these texts are
// read by people too.
func PlainJSON(v any) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}
