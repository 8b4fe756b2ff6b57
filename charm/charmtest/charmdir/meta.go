package charmdir

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v2"
)

// The roles of an endpoint, in the order of a relation's key.
const (
	RoleRequirer = "requirer"
	RoleProvider = "provider"
	RolePeer     = "peer"
)

// Meta is the content of metadata.yaml, as far as a unit agent needs it.
type Meta struct {
	Name        string
	Summary     string
	Description string
	Endpoints   map[string]Endpoint
	Bindings    []string // extra-bindings
	Containers  []string
	Storage     []string
	Resources   []string
	CharmUser   string
	Subordinate bool
	Assumes     Assumes
	series      bool // has keys of metadata format 1
	format2     []string
}

// Endpoint is one side of a relation.
type Endpoint struct {
	Name      string
	Role      string
	Interface string
	Optional  bool
	Scope     string // "global" or "container"
}

// HasContainers says whether the charm has workload containers. Juju calls
// only such charms Kubernetes charms.
func (m Meta) HasContainers() bool { return len(m.Containers) > 0 }

type metaFile struct {
	Name          string         `yaml:"name"`
	Summary       string         `yaml:"summary"`
	Description   string         `yaml:"description"`
	Requires      map[string]any `yaml:"requires"`
	Provides      map[string]any `yaml:"provides"`
	Peers         map[string]any `yaml:"peers"`
	ExtraBindings map[string]any `yaml:"extra-bindings"`
	Containers    map[string]any `yaml:"containers"`
	Storage       map[string]any `yaml:"storage"`
	Resources     map[string]any `yaml:"resources"`
	Assumes       []any          `yaml:"assumes"`
	CharmUser     string         `yaml:"charm-user"`
	Subordinate   bool           `yaml:"subordinate"`
	Series        []string       `yaml:"series"`
}

// ReadMeta reads metadata.yaml.
func ReadMeta(data []byte) (Meta, error) {
	var file metaFile
	if err := yaml.Unmarshal(data, &file); err != nil {
		return Meta{}, fmt.Errorf("metadata: %w", err)
	}
	var present map[string]any
	if err := yaml.Unmarshal(data, &present); err != nil {
		return Meta{}, fmt.Errorf("metadata: %w", err)
	}
	for _, key := range []string{"name", "summary", "description"} {
		if _, ok := present[key].(string); !ok {
			return Meta{}, fmt.Errorf("metadata: %s: expected string, got %v", key, kindOf(present[key]))
		}
	}
	m := Meta{
		Name: file.Name, Summary: file.Summary, Description: file.Description,
		Endpoints:   map[string]Endpoint{},
		Bindings:    slices.Sorted(maps.Keys(file.ExtraBindings)),
		Containers:  slices.Sorted(maps.Keys(file.Containers)),
		Storage:     slices.Sorted(maps.Keys(file.Storage)),
		Resources:   slices.Sorted(maps.Keys(file.Resources)),
		CharmUser:   file.CharmUser,
		Subordinate: file.Subordinate,
	}
	_, m.series = present["series"]
	for _, key := range []string{"assumes", "charm-user", "containers"} {
		if _, ok := present[key]; ok {
			m.format2 = append(m.format2, key)
		}
	}
	if !slices.Contains([]string{"", "root", "sudoer", "non-root"}, m.CharmUser) {
		return Meta{}, fmt.Errorf("parsing charm-user: invalid charm-user %q expected one of root, sudoer or non-root", m.CharmUser)
	}
	var err error
	if m.Assumes, err = parseAssumes(file.Assumes); err != nil {
		return Meta{}, err
	}
	for _, group := range []struct {
		role      string
		endpoints map[string]any
	}{{RoleProvider, file.Provides}, {RoleRequirer, file.Requires}, {RolePeer, file.Peers}} {
		if err := m.addEndpoints(group.role, group.endpoints); err != nil {
			return Meta{}, err
		}
	}
	return m, nil
}

func (m *Meta) addEndpoints(role string, group map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(group)) {
		e := Endpoint{Name: name, Role: role, Scope: "global"}
		switch value := group[name].(type) {
		case string:
			e.Interface = value
		case map[any]any:
			e.Interface, _ = value["interface"].(string)
			e.Optional, _ = value["optional"].(bool)
			if scope, ok := value["scope"].(string); ok {
				e.Scope = scope
			}
		}
		if e.Interface == "" {
			return fmt.Errorf("metadata: %s.%s.interface: expected string, got nothing", role, name)
		}
		own := m.Subordinate && role == RoleRequirer && e.Scope == "container"
		if reserved(name) && !own {
			return fmt.Errorf("charm %q using a reserved relation name: %q", m.Name, name)
		}
		if role != RoleRequirer && reserved(e.Interface) {
			return fmt.Errorf("charm %q relation %q using a reserved interface: %q", m.Name, name, e.Interface)
		}
		if _, ok := m.Endpoints[name]; ok {
			return fmt.Errorf("charm %q using a duplicated relation name: %q", m.Name, name)
		}
		m.Endpoints[name] = e
	}
	return nil
}

// checkFormat decides between metadata formats 1 and 2: format 2 has no series
// and has bases or containers.
func (m Meta) checkFormat(bases []Base) error {
	if m.series && (len(bases) > 0 || m.HasContainers()) {
		return errors.New(`ambiguous metadata: keys "series" cannot be used with "bases" or "containers"`)
	}
	if len(bases) == 0 && !m.HasContainers() && len(m.format2) > 0 {
		return fmt.Errorf("%s in metadata v1 not valid", m.format2[0])
	}
	return nil
}

// NameRule matches names of actions, keys of results and of parameters on the
// command line.
func NameRule() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$`) }

// reserved says whether a name belongs to Juju.
func reserved(name string) bool { return name == "juju" || strings.HasPrefix(name, "juju-") }

func kindOf(value any) string {
	if value == nil {
		return "nothing"
	}
	return fmt.Sprintf("%T(%#v)", value, value)
}
