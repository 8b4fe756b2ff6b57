package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Archive is the files of a charm by their slash-separated names.
type Archive map[string]File

// File is one file of a charm.
type File struct {
	Content    []byte
	Executable bool
}

// Pack builds every part for the platform and returns the charm's files: what
// the parts produce, the files that Juju reads, and manifest.yaml.
func (p *Project) Pack(ctx context.Context, platform string) (Archive, error) {
	arch, err := p.architecture(platform)
	if err != nil {
		return nil, err
	}
	archive := Archive{}
	for _, name := range slices.Sorted(maps.Keys(p.craft.Parts)) {
		files, err := p.build(ctx, name, arch)
		if err != nil {
			return nil, err
		}
		if err := archive.add(files, "part "+name); err != nil {
			return nil, err
		}
	}
	if !archive["dispatch"].Executable {
		return nil, errors.New("cannot pack a charm without an executable dispatch")
	}
	own, err := p.ownFiles(arch)
	if err != nil {
		return nil, err
	}
	return archive, archive.add(own, "the project")
}

// ownFiles returns what charmcraft itself adds to the parts: the split files as
// they are, those that exist, and manifest.yaml.
func (p *Project) ownFiles(arch string) (Archive, error) {
	files := Archive{}
	for _, name := range []string{"metadata.yaml", "actions.yaml", "config.yaml"} {
		file, err := readFile(filepath.Join(p.root, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot collect files: %w", err)
		}
		files[name] = File{Content: file.Content}
	}
	manifest, err := p.manifest(arch)
	files["manifest.yaml"] = File{Content: manifest}
	return files, err
}

// manifest returns manifest.yaml. Juju reads the bases alone and, for a charm
// without containers, must find at least one: else it takes the metadata for
// version 1 and refuses assumes and charm-user. The analysis says what
// charmcraft says of a charm that is not in Python. That charmcraft made the
// archive, and when, is left out.
func (p *Project) manifest(arch string) ([]byte, error) {
	name, channel, found := strings.Cut(p.craft.Base, "@")
	if !found {
		return nil, fmt.Errorf("cannot read base %q: want name@channel", p.craft.Base)
	}
	type base struct {
		Name          string   `yaml:"name"`
		Channel       string   `yaml:"channel"`
		Architectures []string `yaml:"architectures"`
	}
	type attribute struct {
		Name   string `yaml:"name"`
		Result string `yaml:"result"`
	}
	var manifest struct {
		Analysis struct {
			Attributes []attribute `yaml:"attributes"`
		} `yaml:"analysis"`
		Bases []base `yaml:"bases"`
	}
	manifest.Analysis.Attributes = []attribute{{"language", "unknown"}, {"framework", "unknown"}}
	manifest.Bases = []base{{Name: name, Channel: channel, Architectures: []string{arch}}}
	return yaml.Marshal(manifest)
}

// WriteFile writes the archive as a zip file that depends on nothing but its
// content: names sorted, one time for all, modes 0755 and 0644. Juju gives
// extracted files the stored mode as it is, so a missing one would be 0000 and
// dispatch could not run.
func (a Archive) WriteFile(path string) error {
	var buffer bytes.Buffer
	writer := zip.NewWriter(&buffer)
	for _, name := range slices.Sorted(maps.Keys(a)) {
		header := &zip.FileHeader{
			Name:     name,
			Method:   zip.Deflate,
			Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), // the oldest that zip can say
		}
		header.SetMode(0o644)
		if a[name].Executable {
			header.SetMode(0o755)
		}
		entry, err := writer.CreateHeader(header)
		if err == nil {
			_, err = entry.Write(a[name].Content)
		}
		if err != nil {
			return fmt.Errorf("cannot add %q to %s: %w", name, path, err)
		}
	}
	if err := writer.Close(); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	//nolint:gosec // an archive is for all users to read
	if err := os.WriteFile(path, buffer.Bytes(), 0o644); err != nil {
		return fmt.Errorf("cannot write the archive: %w", err)
	}
	return nil
}
