// Package charmdir reads the files of a charm as Juju 3.6 does, and refuses
// what Juju refuses, in Juju's words: metadata.yaml, actions.yaml,
// config.yaml, manifest.yaml, version and lxd-profile.yaml.
//
// The files are read with a YAML 1.1 parser, as Juju's is, so that yes and no
// are booleans here too.
package charmdir

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v2"
)

// Charm is what Juju knows about a charm from its files.
type Charm struct {
	Meta    Meta
	Actions map[string]Action
	Options map[string]Option
	Bases   []Base // empty: metadata format 1
	Version string // first line of the file version, at most 100 characters
}

// Base is an operating system that the charm runs on.
type Base struct {
	Name          string   `yaml:"name"`
	Channel       string   `yaml:"channel"`
	Architectures []string `yaml:"architectures"`
}

// Read reads a charm: an unpacked archive, or a source tree, which is told by
// a charmcraft.yaml without a manifest.yaml; its bases are then those that
// charmcraft would write into the manifest. jujuMajor is the major version of
// the Juju that reads (Juju 4 refuses unknown action parameters by default).
func Read(dir string, jujuMajor int) (*Charm, error) {
	c := &Charm{Actions: map[string]Action{}, Options: map[string]Option{}}
	data, err := os.ReadFile(filepath.Join(dir, "metadata.yaml"))
	if err != nil {
		return nil, fmt.Errorf("cannot read charm: %w", err)
	}
	if c.Meta, err = ReadMeta(data); err != nil {
		return nil, err
	}
	if c.Bases, err = readBases(dir); err != nil {
		return nil, err
	}
	if err := c.Meta.checkFormat(c.Bases); err != nil {
		return nil, err
	}
	if data, err = optional(dir, "actions.yaml"); err != nil {
		return nil, err
	} else if c.Actions, err = ReadActions(data, jujuMajor); err != nil {
		return nil, err
	}
	if data, err = optional(dir, "config.yaml"); err != nil {
		return nil, err
	} else if data != nil {
		if c.Options, err = ReadConfig(data); err != nil {
			return nil, err
		}
	}
	if err := checkProfile(dir); err != nil {
		return nil, err
	}
	c.Version, err = readVersion(dir)
	return c, err
}

// optional reads a file that need not be there.
func optional(dir, name string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// readBases reads manifest.yaml, or what it will be.
func readBases(dir string) ([]Base, error) {
	data, err := optional(dir, "manifest.yaml")
	if err != nil {
		return nil, err
	}
	if data != nil {
		var manifest struct {
			Bases []Base `yaml:"bases"`
		}
		if err := yaml.Unmarshal(data, &manifest); err != nil {
			return nil, fmt.Errorf("manifest: %w", err)
		}
		for _, base := range manifest.Bases {
			if base.Name == "" {
				return nil, errors.New("manifest: base without name not valid")
			}
		}
		return manifest.Bases, nil
	}
	if data, err = optional(dir, "charmcraft.yaml"); err != nil || data == nil {
		return nil, err
	}
	var source struct {
		Base      string         `yaml:"base"`
		Platforms map[string]any `yaml:"platforms"`
	}
	if err := yaml.Unmarshal(data, &source); err != nil {
		return nil, fmt.Errorf("cannot read charmcraft.yaml: %w", err)
	}
	name, channel, ok := strings.Cut(source.Base, "@")
	if !ok {
		return nil, nil
	}
	base := Base{Name: name, Channel: channel}
	for arch := range source.Platforms {
		base.Architectures = append(base.Architectures, arch)
	}
	return []Base{base}, nil
}

// checkProfile refuses the keys that a charm may not set in its LXD profile.
func checkProfile(dir string) error {
	data, err := optional(dir, "lxd-profile.yaml")
	if err != nil || data == nil {
		return err
	}
	var profile struct {
		Config map[string]string `yaml:"config"`
	}
	if err := yaml.Unmarshal(data, &profile); err != nil {
		return fmt.Errorf("invalid lxd-profile.yaml: %w", err)
	}
	for key := range profile.Config {
		if strings.HasPrefix(key, "boot.") || strings.HasPrefix(key, "limits.") || strings.HasPrefix(key, "migration.") {
			return fmt.Errorf("invalid lxd-profile.yaml: contains config value %q", key)
		}
	}
	return nil
}

func readVersion(dir string) (string, error) {
	data, err := optional(dir, "version")
	if err != nil {
		return "", err
	}
	lines := bufio.NewScanner(strings.NewReader(string(data)))
	lines.Scan()
	line := lines.Text()
	return line[:min(len(line), 100)], nil
}

// cleanse turns the maps of the YAML parser into maps with string keys.
func cleanse(value any) (any, error) {
	switch value := value.(type) {
	case map[any]any:
		out := make(map[string]any, len(value))
		for key, inner := range value {
			name, ok := key.(string)
			if !ok {
				return nil, errors.New("map keyed with non-string value")
			}
			clean, err := cleanse(inner)
			if err != nil {
				return nil, err
			}
			out[name] = clean
		}
		return out, nil
	case []any:
		out := make([]any, len(value))
		for i, inner := range value {
			clean, err := cleanse(inner)
			if err != nil {
				return nil, err
			}
			out[i] = clean
		}
		return out, nil
	}
	return value, nil
}
