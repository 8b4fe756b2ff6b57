package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	main "jimm-migrator/charm/charmpack"
)

// tiny is a project whose build needs no compiler. Its dispatch says which
// architecture it was built for.
func tiny() map[string]string {
	return map[string]string{
		"charmcraft.yaml": `
type: charm
links: {}
base: ubuntu@24.04
platforms:
  amd64:
  power:
    build-on: [amd64]
    build-for: [ppc64el]
parts:
  program:
    plugin: nil
    source: .
    override-build: |
      echo "#!/bin/sh for $CRAFT_ARCH_BUILD_FOR" > "$CRAFT_PART_INSTALL/dispatch"
      chmod +x "$CRAFT_PART_INSTALL/dispatch"
  files:
    plugin: dump
    source: files
  documents:
    plugin: dump
    source: .
    stage: [LICENSE]
`,
		"metadata.yaml":     "name: tiny\nsummary: small\n",
		"actions.yaml":      "wave: {description: waves}\n",
		"files/version":     "1.2.3\n",
		"files/deep/down":   "deep\n",
		"LICENSE":           "as is\n",
		"not-in-the-charm":  "secret\n",
		"src/main/main.txt": "package main\n",
	}
}

// write puts a project into a new folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestPack_FollowsTheParts(t *testing.T) {
	t.Parallel()
	project, err := main.Load(write(t, tiny()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"amd64", "power"}, project.Platforms()); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
	archive, err := project.Pack(t.Context(), "power")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for name, file := range archive {
		got[name] = string(file.Content)
		if file.Executable != (name == "dispatch") {
			t.Errorf("%s: executable is %v", name, file.Executable)
		}
	}
	want := map[string]string{
		"LICENSE":       "as is\n",
		"actions.yaml":  "wave: {description: waves}\n",
		"deep/down":     "deep\n",
		"dispatch":      "#!/bin/sh for ppc64el\n",
		"metadata.yaml": "name: tiny\nsummary: small\n",
		"version":       "1.2.3\n",
		"manifest.yaml": `analysis:
    attributes:
        - name: language
          result: unknown
        - name: framework
          result: unknown
bases:
    - name: ubuntu
      channel: "24.04"
      architectures:
        - ppc64el
`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("archive (-want +got):\n%s", diff)
	}
}

func TestPack_RefusesWhatCharmcraftWouldDoOtherwise(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		file      string // changed
		old, with string // in it; old empty: with is the whole file
		want      string
	}{{
		name: "a key in both files",
		file: "metadata.yaml", with: "name: tiny\nlinks: {}\n",
		want: `cannot have "links" both in charmcraft.yaml and in metadata.yaml`,
	}, {
		name: "actions inline and in their file",
		file: "charmcraft.yaml", old: "parts:", with: "actions: {}\nparts:",
		want: `cannot have "actions" in charmcraft.yaml beside actions.yaml`,
	}, {
		name: "no name",
		file: "metadata.yaml", with: "summary: small\n",
		want: "cannot find the charm's name in metadata.yaml",
	}, {
		name: "a bundle",
		file: "charmcraft.yaml", old: "type: charm", with: "type: bundle",
		want: `cannot pack type "bundle", only charm`,
	}, {
		name: "a plugin that it does not have",
		file: "charmcraft.yaml", old: "plugin: nil", with: "plugin: go",
		want: `cannot build part "program" with plugin "go"`,
	}, {
		name: "a key of a part that it would overlook",
		file: "charmcraft.yaml", old: "stage: [LICENSE]", with: "prime: [LICENSE]",
		want: "field prime not found",
	}, {
		name: "a build that fails half-way",
		file: "charmcraft.yaml", old: "      echo", with: "      false\n      echo",
		want: "cannot run override-build for amd64: exit status 1",
	}, {
		name: "a dispatch that cannot be run",
		file: "charmcraft.yaml", old: "chmod +x", with: "chmod 0644",
		want: "cannot pack a charm without an executable dispatch",
	}, {
		name: "a staged file that is not there",
		file: "charmcraft.yaml", old: "[LICENSE]", with: "[LICENSE, NOTICE]",
		want: `cannot stage "NOTICE"`,
	}, {
		name: "a file that two parts bring",
		file: "files/LICENSE", with: "another\n",
		want: `cannot take "LICENSE" from part files`,
	}, {
		name: "a base without a channel",
		file: "charmcraft.yaml", old: "ubuntu@24.04", with: "ubuntu",
		want: `cannot read base "ubuntu"`,
	}, {
		name: "several architectures in one archive",
		file: "charmcraft.yaml", old: "  amd64:\n", with: "  amd64: {build-for: [amd64, arm64]}\n",
		want: `cannot build platform "amd64" for 2 architectures`,
	}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			files := tiny()
			if test.old == "" {
				files[test.file] = test.with
			} else if files[test.file] = strings.Replace(files[test.file], test.old, test.with, 1); files[test.file] == tiny()[test.file] {
				t.Fatalf("%q does not stand in %s", test.old, test.file)
			}
			project, err := main.Load(write(t, files))
			if err == nil {
				_, err = project.Pack(t.Context(), "amd64")
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestPack_RefusesALink(t *testing.T) {
	t.Parallel()
	root := write(t, tiny())
	if err := os.Symlink("/etc/passwd", filepath.Join(root, "files", "link")); err != nil {
		t.Fatal(err)
	}
	project, err := main.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := project.Pack(t.Context(), "amd64"); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("got error %v, want that a link is refused", err)
	}
}

func TestPack_RefusesAnUnknownPlatform(t *testing.T) {
	t.Parallel()
	project, err := main.Load(write(t, tiny()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := project.Pack(t.Context(), "riscv64"); err == nil || !strings.Contains(err.Error(), `cannot find platform "riscv64"`) {
		t.Errorf("got error %v", err)
	}
}
