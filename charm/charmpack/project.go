package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"
)

// Project is what charmcraft.yaml and metadata.yaml say of a charm.
type Project struct {
	// Name is the charm's, from metadata.yaml.
	Name string

	root  string
	craft craftFile
}

// craftFile is charmcraft.yaml: the keys that decide what an archive contains, and
// the others.
type craftFile struct {
	Type      string              `yaml:"type"`
	Base      string              `yaml:"base"`
	Platforms map[string]platform `yaml:"platforms"`
	Parts     map[string]part     `yaml:"parts"`
	Others    map[string]any      `yaml:",inline"`
}

// platform reports what is built where; without build-for its name is the
// architecture.
type platform struct {
	BuildOn  []string `yaml:"build-on"`
	BuildFor []string `yaml:"build-for"`
}

// part is one part of craft-parts, as far as charmpack can do it; a key that is
// not here is refused.
type part struct {
	Plugin        string   `yaml:"plugin"`
	Source        string   `yaml:"source"`
	OverrideBuild string   `yaml:"override-build"`
	Stage         []string `yaml:"stage"`
	BuildSnaps    []string `yaml:"build-snaps"` // on this machine Go is there already
}

// Load reads charmcraft.yaml and metadata.yaml in root. It refuses what
// charmcraft refuses: a key that stands in both, actions or config both inline
// and in their own file.
func Load(root string) (*Project, error) {
	project := &Project{root: root}
	var metadata map[string]any
	if err := errors.Join(
		readYAML(filepath.Join(root, "charmcraft.yaml"), &project.craft),
		readYAML(filepath.Join(root, "metadata.yaml"), &metadata),
	); err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if _, twice := project.craft.Others[key]; twice {
			return nil, fmt.Errorf("cannot have %q both in charmcraft.yaml and in metadata.yaml", key)
		}
	}
	for _, section := range []string{"actions", "config"} {
		_, inline := project.craft.Others[section]
		if _, err := os.Stat(filepath.Join(root, section+".yaml")); inline && err == nil {
			return nil, fmt.Errorf("cannot have %q in charmcraft.yaml beside %s.yaml", section, section)
		}
	}
	if project.Name, _ = metadata["name"].(string); project.Name == "" {
		return nil, errors.New("cannot find the charm's name in metadata.yaml")
	}
	if project.craft.Type != "charm" {
		return nil, fmt.Errorf("cannot pack type %q, only charm", project.craft.Type)
	}
	return project, nil
}

// Platforms returns the names of the platforms in charmcraft.yaml, sorted.
func (p *Project) Platforms() []string {
	return slices.Sorted(maps.Keys(p.craft.Platforms))
}

// architecture returns the one architecture (Debian's name, as Juju uses) that
// a platform is built for.
func (p *Project) architecture(name string) (string, error) {
	platform, known := p.craft.Platforms[name]
	switch {
	case !known:
		return "", fmt.Errorf("cannot find platform %q: charmcraft.yaml has %q", name, p.Platforms())
	case len(platform.BuildFor) == 0:
		return name, nil
	case len(platform.BuildFor) == 1:
		return platform.BuildFor[0], nil
	}
	return "", fmt.Errorf("cannot build platform %q for %d architectures", name, len(platform.BuildFor))
}

func readYAML(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read the project: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("cannot parse %s: %w", path, err)
	}
	return nil
}
