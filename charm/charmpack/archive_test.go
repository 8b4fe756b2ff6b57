package main_test

import (
	"archive/zip"
	"bytes"
	"context"
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	main "jimm-migrator/charm/charmpack"
	"jimm-migrator/charm/charmtest"
)

const (
	repository = "../.."
	maxBinary  = 10 << 20
)

// hostPlatform is the platform of the machine that runs the tests; Juju and
// Debian call ppc64le ppc64el.
func hostPlatform() string {
	if runtime.GOARCH == "ppc64le" {
		return "ppc64el"
	}
	return runtime.GOARCH
}

// pack builds this charm for the platform and returns the archive's path.
func pack(t *testing.T, platform string) string {
	t.Helper()
	project, err := main.Load(repository)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := project.Pack(t.Context(), platform)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), project.Name+"_"+platform+".charm")
	if err := archive.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, file *zip.File) []byte {
	t.Helper()
	reader, err := file.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	content, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// entries opens an archive and returns its files by name, after checking what
// holds for every entry.
func entries(t *testing.T, path string) map[string]*zip.File {
	t.Helper()
	reader, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	const unix = 3
	var names []string
	files := map[string]*zip.File{}
	for _, file := range reader.File {
		names = append(names, file.Name)
		files[file.Name] = file
		want := os.FileMode(0o644)
		if file.Name == "dispatch" {
			want = 0o755
		}
		if file.CreatorVersion>>8 != unix || file.Mode() != want {
			t.Errorf("%s: creator %d and mode %v, want Unix and %v", file.Name, file.CreatorVersion>>8, file.Mode(), want)
		}
		if file.Method != zip.Deflate || file.Modified.Year() != 1980 {
			t.Errorf("%s: method %d, time %v", file.Name, file.Method, file.Modified)
		}
		if !filepath.IsLocal(file.Name) {
			t.Errorf("%s: the name leaves the charm's folder", file.Name)
		}
	}
	if !slices.IsSorted(names) || len(names) != len(files) {
		t.Errorf("names are not sorted and unique: %q", names)
	}
	return files
}

// unmarshal reads YAML of the archive.
func unmarshal(t *testing.T, file *zip.File, into any) {
	t.Helper()
	if file == nil {
		t.Fatal("the file is not in the archive")
	}
	if err := yaml.Unmarshal(read(t, file), into); err != nil {
		t.Fatalf("%s: %v", file.Name, err)
	}
}

func TestArchive_HoldsWhatJujuReads(t *testing.T) {
	t.Parallel()
	platform := hostPlatform()
	files := entries(t, pack(t, platform))

	for _, name := range []string{"metadata.yaml", "actions.yaml", "config.yaml", "LICENSE", "README.md", "icon.svg"} {
		want, err := os.ReadFile(filepath.Join(repository, name))
		if err != nil {
			t.Fatal(err)
		}
		if files[name] == nil || !bytes.Equal(read(t, files[name]), want) {
			t.Errorf("%s is not in the archive as it is in the repository", name)
		}
	}
	allowed := regexp.MustCompile(`^(dispatch|manifest\.yaml|metadata\.yaml|actions\.yaml|config\.yaml|` +
		`version|LICENSE|THIRD_PARTY_LICENSES|README\.md|icon\.svg|grafana_dashboards/.+|loki_alert_rules/.+)$`)
	for name := range files {
		if !allowed.MatchString(name) {
			t.Errorf("%s: does a charm need that?", name)
		}
	}

	var manifest struct {
		Bases []struct {
			Name, Channel string
			Architectures []string
		}
	}
	unmarshal(t, files["manifest.yaml"], &manifest)
	if len(manifest.Bases) != 1 || manifest.Bases[0].Name != "ubuntu" || manifest.Bases[0].Channel != "24.04" ||
		!slices.Equal(manifest.Bases[0].Architectures, []string{platform}) {
		t.Errorf("manifest.yaml has the bases %+v", manifest.Bases)
	}

	version := string(read(t, files["version"]))
	if !regexp.MustCompile(`^\d+\.\d+\.\d+\S{0,80}\n$`).MatchString(version) {
		t.Errorf("version is %q", version)
	}
}

func TestArchive_IsAcceptedByJuju(t *testing.T) {
	t.Parallel()
	folder := extract(t, entries(t, pack(t, hostPlatform())))
	for _, major := range []int{3, 4} {
		charm, err := charmtest.ReadCharm(folder, major)
		if err != nil {
			t.Fatalf("Juju %d refuses the charm: %v", major, err)
		}
		if meta := charm.Meta(); meta.Name != "jimm-migrator" || meta.CharmUser != "non-root" || len(meta.Containers) > 0 {
			t.Errorf("Juju %d reads the metadata as %+v", major, meta)
		}
		if len(charm.Manifest().Bases) != 1 || len(charm.Actions().ActionSpecs) == 0 || len(charm.Config().Options) == 0 || charm.Version() == "" {
			t.Errorf("Juju %d reads the charm as %+v", major, charm)
		}
		for version, accepted := range map[string]bool{"3.5.7": false, "3.6.0": true, "4.0.1": true} {
			for _, machine := range []string{"", "0"} { // Kubernetes, and a machine
				agent, err := charmtest.New(charmtest.Options{CharmDir: folder, JujuVersion: version, Machine: machine})
				if (err == nil) != accepted {
					t.Errorf("on machine %q, Juju %s says %v", machine, version, err)
				}
				if err == nil {
					agent.Close()
				}
			}
		}
	}
}

func TestMetadata_FitsCharmhub(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join(repository, "metadata.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	metadata := map[string]any{}
	if err := yaml.Unmarshal(data, &metadata); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{"juju >= 3.6"}, metadata["assumes"]); diff != "" {
		t.Errorf("assumes (-want +got):\n%s", diff)
	}
	if summary, _ := metadata["summary"].(string); summary == "" || len(summary) > 78 {
		t.Errorf("summary has %d characters, want 1 to 78", len(summary))
	}
	for _, key := range []string{"display-name", "description", "maintainers", "docs", "website"} {
		if metadata[key] == nil {
			t.Errorf("metadata.yaml has no %q", key)
		}
	}
	// With any of these Juju takes the metadata for version 1.
	for _, key := range []string{"series", "min-juju-version", "deployment"} {
		if _, found := metadata[key]; found {
			t.Errorf("metadata.yaml has %q", key)
		}
	}
}

func TestCharmcraft_AgreesWithMetadata(t *testing.T) {
	t.Parallel()
	var craft struct {
		Title string
		Links map[string]string
	}
	var metadata map[string]any
	for name, into := range map[string]any{"charmcraft.yaml": &craft, "metadata.yaml": &metadata} {
		data, err := os.ReadFile(filepath.Join(repository, name))
		if err == nil {
			err = yaml.Unmarshal(data, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	// charmcraft copies metadata.yaml as it is, so it translates neither the title nor the links.
	if craft.Title == "" || metadata["display-name"] != craft.Title {
		t.Errorf("the title is %q, and in metadata.yaml %v", craft.Title, metadata["display-name"])
	}
	keys := map[string]string{"documentation": "docs", "website": "website", "source": "source", "issues": "issues"}
	for link, url := range craft.Links {
		if metadata[keys[link]] != url {
			t.Errorf("link %q is %s, and %q in metadata.yaml is %v", link, url, keys[link], metadata[keys[link]])
		}
	}
}

func TestArchive_IsReproducible(t *testing.T) {
	t.Parallel()
	first, err := os.ReadFile(pack(t, hostPlatform()))
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(pack(t, hostPlatform()))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("two builds of the same tree differ")
	}
}

// extract unpacks as Juju does: a file gets the stored permission bits, whatever
// they are.
func extract(t *testing.T, files map[string]*zip.File) string {
	t.Helper()
	folder := t.TempDir()
	for name, entry := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, read(t, entry), 0o200); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, entry.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// Not parallel: a program that was just written is busy while another test
// starts a process.
func TestDispatch_RunByHandSaysWhatItIs(t *testing.T) {
	folder := extract(t, entries(t, pack(t, hostPlatform())))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dispatch := exec.CommandContext(ctx, filepath.Join(folder, "dispatch"))
	dispatch.Dir, dispatch.Env = folder, []string{}
	var stdout, stderr bytes.Buffer
	dispatch.Stdout, dispatch.Stderr = &stdout, &stderr
	if err := dispatch.Run(); !isExit(err) {
		t.Fatalf("dispatch ended with %v, want an exit code that is not 0", err)
	}
	version, err := os.ReadFile(filepath.Join(folder, "version"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"Juju runs it", "version " + strings.TrimSpace(string(version))} {
		if stdout.Len() > 0 || !strings.Contains(stderr.String(), part) {
			t.Errorf("dispatch printed %q and on stderr %q, want there %q", stdout.String(), stderr.String(), part)
		}
	}
}

func TestArchive_HasTheLicencesOfWhatIsLinked(t *testing.T) {
	t.Parallel()
	files := entries(t, pack(t, hostPlatform()))
	info, err := buildinfo.Read(bytes.NewReader(read(t, files["dispatch"])))
	if err != nil {
		t.Fatal(err)
	}
	licences := string(read(t, files["THIRD_PARTY_LICENSES"]))
	for _, module := range info.Deps {
		if !strings.Contains(licences, "\n== "+module.Path+"\n") {
			t.Errorf("charm/files/THIRD_PARTY_LICENSES has nothing of %s", module.Path)
		}
	}
	if headings := strings.Count(licences, "\n== "); headings != len(info.Deps)+1 {
		t.Errorf("charm/files/THIRD_PARTY_LICENSES has %d licences, want those of Go and of %d modules", headings, len(info.Deps))
	}
}

// isExit reports whether a process ran and ended with another exit code than 0.
func isExit(err error) bool {
	_, exited := errors.AsType[*exec.ExitError](err)
	return exited
}

func TestDispatch_IsStaticStrippedAndSmall(t *testing.T) {
	t.Parallel()
	machines := map[string]elf.Machine{
		"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64, "ppc64el": elf.EM_PPC64, "s390x": elf.EM_S390,
	}
	project, err := main.Load(repository)
	if err != nil {
		t.Fatal(err)
	}
	if got := project.Platforms(); len(got) != len(machines) {
		t.Errorf("charmcraft.yaml has the platforms %q", got)
	}
	for _, platform := range project.Platforms() {
		t.Run(platform, func(t *testing.T) {
			if testing.Short() && platform != hostPlatform() {
				t.Skip("compiles the standard library for another architecture")
			}
			content := read(t, entries(t, pack(t, platform))["dispatch"])
			t.Logf("dispatch for %s: %.1f MiB", platform, float64(len(content))/(1<<20))
			if len(content) > maxBinary {
				t.Errorf("dispatch has %d bytes, the budget is %d", len(content), maxBinary)
			}
			binary, err := elf.NewFile(bytes.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			if binary.Machine != machines[platform] {
				t.Errorf("dispatch is for %v", binary.Machine)
			}
			if binary.Section(".symtab") != nil || binary.Section(".debug_info") != nil {
				t.Error("dispatch is not stripped")
			}
			for _, prog := range binary.Progs {
				if prog.Type == elf.PT_INTERP {
					t.Error("dispatch needs a dynamic loader")
				}
			}
		})
	}
}
