package main

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// build builds one part and returns its files.
func (p *Project) build(ctx context.Context, name, arch string) (Archive, error) {
	part := p.craft.Parts[name]
	switch {
	case part.Plugin == "dump" && part.OverrideBuild == "":
		return stage(filepath.Join(p.root, part.Source), part.Stage)
	case part.Plugin == "nil" && part.Source == "." && part.OverrideBuild != "":
		return p.override(ctx, part, arch)
	}
	return nil, fmt.Errorf("cannot build part %q with plugin %q: "+
		"only nil with source . and override-build, and dump without override-build, are supported", name, part.Plugin)
}

// override runs a part's override-build as craft-parts does, by bash -e in the
// source, with the variables that name the architecture and the target directory.
// Unlike craft-parts it works on the tree itself and not on a copy.
func (p *Project) override(ctx context.Context, part part, arch string) (Archive, error) {
	install, err := os.MkdirTemp("", "charmpack-")
	if err != nil {
		return nil, fmt.Errorf("cannot create a directory to build in: %w", err)
	}
	defer os.RemoveAll(install)
	//nolint:gosec // charmcraft.yaml is source code, as a Makefile is
	script := exec.CommandContext(ctx, "bash", "-e", "-o", "pipefail", "-c", part.OverrideBuild)
	script.Dir = p.root
	script.Env = append(os.Environ(), "CRAFT_ARCH_BUILD_FOR="+arch, "CRAFT_PART_INSTALL="+install)
	script.Stdout, script.Stderr = os.Stderr, os.Stderr
	if err := script.Run(); err != nil {
		return nil, fmt.Errorf("cannot run override-build for %s: %w", arch, err)
	}
	return stage(install, part.Stage)
}

// stage reads the files below folder that the list of paths names, all of them
// if it names none. Patterns are not known.
func stage(folder string, paths []string) (Archive, error) {
	files := Archive{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil || entry.IsDir() || len(paths) > 0 && !slices.Contains(paths, filepath.ToSlash(name)) {
			return err
		}
		file, err := readFile(path)
		files[filepath.ToSlash(name)] = file
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot collect files: %w", err)
	}
	for _, path := range paths {
		if _, found := files[path]; !found {
			return nil, fmt.Errorf("cannot stage %q: no such file in %s", path, folder)
		}
	}
	return files, nil
}

// readFile reads a regular file; a link would have to be checked against
// leaving the archive, and no charm of ours needs one.
func readFile(path string) (File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return File{}, err
	}
	if !info.Mode().IsRegular() {
		return File{}, fmt.Errorf("cannot pack %s: not a regular file", path)
	}
	content, err := os.ReadFile(path)
	return File{Content: content, Executable: info.Mode()&0o111 != 0}, err
}

// add puts files into the archive; two parts may not have the same one.
func (a Archive) add(files Archive, from string) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if _, twice := a[name]; twice {
			return fmt.Errorf("cannot take %q from %s: another part has it too", name, from)
		}
		a[name] = files[name]
	}
	return nil
}
