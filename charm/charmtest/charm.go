package charmtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	jujucharm "github.com/juju/charm/v12"
	"gopkg.in/yaml.v2"
)

// Charm is a charm as Juju's own parser reads it.
type Charm struct {
	*jujucharm.CharmDir
	manifest *jujucharm.Manifest // from manifest.yaml, or what charmcraft.yaml will become
	actions  *jujucharm.Actions
}

// ReadCharm reads a charm, and refuses what Juju refuses to deploy: an unpacked
// archive, or a source tree, which has a charmcraft.yaml in place of
// manifest.yaml. jujuMajor is the major version of the Juju that reads the
// charm: Juju 4 refuses parameters that an action does not declare, unless the
// action says otherwise.
func ReadCharm(dir string, jujuMajor int) (*Charm, error) {
	read, err := jujucharm.ReadCharmDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read charm: %w", err)
	}
	c := &Charm{CharmDir: read, manifest: read.Manifest()}
	if c.manifest == nil {
		if c.manifest, err = sourceManifest(dir); err != nil {
			return nil, err
		}
	}
	if err := jujucharm.CheckMeta(c); err != nil {
		return nil, err
	}
	if err := c.LXDProfile().ValidateConfigDevices(); err != nil {
		return nil, err
	}
	c.actions = byJuju(jujuMajor, c.CharmDir.Actions())
	return c, nil
}

// Manifest returns the bases of the charm.
func (c *Charm) Manifest() *jujucharm.Manifest { return c.manifest }

// Actions returns the actions, with the defaults of the Juju that reads them.
func (c *Charm) Actions() *jujucharm.Actions { return c.actions }

// sourceManifest returns the manifest that charmcraft will write for a source
// tree, or nil if there is no charmcraft.yaml.
func sourceManifest(dir string) (*jujucharm.Manifest, error) {
	data, err := os.ReadFile(filepath.Join(dir, "charmcraft.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read charm: %w", err)
	}
	var source struct {
		Base      string         `yaml:"base"`
		Platforms map[string]any `yaml:"platforms"`
	}
	if err := yaml.Unmarshal(data, &source); err != nil {
		return nil, fmt.Errorf("cannot read charmcraft.yaml: %w", err)
	}
	base, err := jujucharm.ParseBase(source.Base, slices.Sorted(maps.Keys(source.Platforms))...)
	if err != nil {
		return nil, fmt.Errorf("cannot read charmcraft.yaml: %w", err)
	}
	return &jujucharm.Manifest{Bases: []jujucharm.Base{base}}, nil
}

// ReadActions reads the text of an actions.yaml.
func ReadActions(text string, jujuMajor int) (map[string]jujucharm.ActionSpec, error) {
	actions, err := jujucharm.ReadActionsYaml("charm", strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	return byJuju(jujuMajor, actions).ActionSpecs, nil
}

// byJuju returns actions as a major version of Juju understands them. The
// parser is the one of Juju 3; since Juju 4.0 (juju#21294) additionalProperties
// is false by default.
func byJuju(major int, actions *jujucharm.Actions) *jujucharm.Actions {
	if major < 4 {
		return actions
	}
	for _, spec := range actions.ActionSpecs {
		if _, ok := spec.Params["additionalProperties"]; !ok {
			spec.Params["additionalProperties"] = false
		}
	}
	return actions
}

// PrepareParams does what the controller does with the parameters of a new
// task: it validates them and puts in the defaults. The error has Juju's text;
// if there are several problems, they come in any order.
func PrepareParams(spec jujucharm.ActionSpec, params map[string]any) (map[string]any, error) {
	given, err := throughJSON(params)
	if err != nil {
		return nil, fmt.Errorf("cannot read parameters: %w", err)
	}
	if err := spec.ValidateParams(given); err != nil {
		return nil, err
	}
	prepared, err := spec.InsertDefaults(given)
	if err != nil {
		return nil, err
	}
	return throughJSON(prepared)
}

// throughJSON copies parameters the way they travel between client,
// controller and agent: every number becomes a float64.
func throughJSON(params map[string]any) (map[string]any, error) {
	data, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	err = json.Unmarshal(data, &out)
	return out, err
}
