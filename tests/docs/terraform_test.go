package docs_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// terraformFiles returns the files of the module and its examples, by path from
// the folder terraform.
func terraformFiles(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	folder := filepath.Join(root, "terraform")
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(entry.Name()) == ".tf" {
			out[path] = read(t, filepath.Join(folder, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 8 {
		t.Errorf("only %d files were found", len(out))
	}
	return out
}

// module returns all files of one folder as one text.
func module(t *testing.T, folder string) string {
	t.Helper()
	var out strings.Builder
	for _, name := range []string{"main.tf", "outputs.tf", "variables.tf", "versions.tf"} {
		out.WriteString(read(t, filepath.Join(root, "terraform", folder, name)))
	}
	return out.String()
}

// unbalanced returns where brackets do not match, or "". Strings and comments do not count.
func unbalanced(text string) string {
	closes := map[rune]rune{'{': '}', '[': ']', '(': ')'}
	var code strings.Builder
	for i, line := range strings.Split(text, "\n") {
		// A template inside a string has matching brackets.
		line = regexp.MustCompile(`"([^"\\]|\\.)*"`).ReplaceAllString(line, "")
		line, _, _ = strings.Cut(line, "#")
		if strings.Contains(line, `"`) {
			return fmt.Sprintf("line %d: a string does not end", i+1)
		}
		code.WriteString(line)
	}
	var open []rune
	for _, r := range code.String() {
		switch {
		case closes[r] != 0:
			open = append(open, closes[r])
		case strings.ContainsRune(")]}", r):
			if len(open) == 0 || open[len(open)-1] != r {
				return fmt.Sprintf("%c closes nothing", r)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return fmt.Sprintf("%c is missing", open[len(open)-1])
	}
	return ""
}

// blocks returns the bodies of the blocks that begin with the words, by label.
func blocks(text, kind string) map[string]string {
	out := map[string]string{}
	pattern := regexp.MustCompile(`(?ms)^` + kind + ` (?:"[a-z_]+" )?"([a-z_]+)" \{\n(.*?)^\}`)
	for _, found := range pattern.FindAllStringSubmatch(text, -1) {
		out[found[1]] = found[2]
	}
	return out
}

// keys returns the quoted keys of the maps that are given to a name, sorted.
func keys(text, name string) []string {
	var out []string
	for _, found := range regexp.MustCompile(`(?ms)^ +`+name+` += \{\n(.*?)^ +\}`).FindAllStringSubmatch(text, -1) {
		for _, key := range regexp.MustCompile(`(?m)^ +"([a-z-]+)" +=`).FindAllStringSubmatch(found[1], -1) {
			out = append(out, key[1])
		}
	}
	slices.Sort(out)
	return out
}

func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func TestTerraform_CanBeRead(t *testing.T) {
	t.Parallel()
	for path, text := range terraformFiles(t) {
		if wrong := unbalanced(text); wrong != "" {
			t.Errorf("%s: %s", path, wrong)
		}
		if strings.Contains(text, "\t") || strings.Contains(text, " \n") || !strings.HasSuffix(text, "}\n") {
			t.Errorf("%s is not formatted", path)
		}
	}
	for _, wrong := range []string{"a {", "a }", "a = [}", `a = "`, "a = (\n]"} {
		if unbalanced(wrong) == "" {
			t.Errorf("%q is said to be balanced", wrong)
		}
	}
	terraform, err := exec.LookPath("terraform")
	if err != nil {
		t.Log("terraform is not installed: its own formatter was not asked")
		return
	}
	cmd := exec.CommandContext(t.Context(), terraform, "fmt", "-check", "-diff", "-recursive", filepath.Join(root, "terraform"))
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+os.DevNull, "CHECKPOINT_DISABLE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("terraform fmt: %v\n%s", err, out)
	}
}

func TestTerraform_DeclaresAndUsesItsVariables(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{".", "examples/dry-run", "examples/fleet"} {
		text := module(t, folder)
		variables := blocks(text, "variable")
		for name, body := range variables {
			for _, key := range []string{"description", "type"} {
				if !regexp.MustCompile(`(?m)^  ` + key + ` += \S`).MatchString(body) {
					t.Errorf("%s: variable %s has no %s", folder, name, key)
				}
			}
			if !regexp.MustCompile(`\bvar\.` + name + `\b`).MatchString(text) {
				t.Errorf("%s: variable %s is not used", folder, name)
			}
			harmless := strings.Contains(body, "URI") || strings.Contains(body, "= number")
			hidden := strings.Contains(body, "sensitive   = true") && strings.Contains(body, "ephemeral   = true")
			if strings.Contains(name, "secret") && !harmless && !hidden {
				t.Errorf("%s: variable %s may be shown or stored", folder, name)
			}
		}
		for _, found := range regexp.MustCompile(`\bvar\.([a-z_]+)`).FindAllStringSubmatch(text, -1) {
			if _, ok := variables[found[1]]; !ok {
				t.Errorf("%s: variable %s is not declared", folder, found[1])
			}
		}
		for name, body := range blocks(text, "output") {
			if !strings.Contains(body, "description = ") {
				t.Errorf("%s: output %s has no description", folder, name)
			}
		}
	}
}

// The module has every argument that the example passes, and the example passes every one without a default.
func TestTerraform_ExampleFitsTheModule(t *testing.T) {
	t.Parallel()
	takes := blocks(module(t, "."), "variable")
	body := blocks(module(t, "examples/dry-run"), "module")["jimm_migrator"]
	given := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^  ([a-z_]+) += `).FindAllStringSubmatch(body, -1) {
		given[found[1]] = true
		if _, ok := takes[found[1]]; !ok && found[1] != "source" {
			t.Errorf("the module has no variable %s", found[1])
		}
	}
	for name, body := range takes {
		if !strings.Contains(body, "default ") && !given[name] {
			t.Errorf("the example does not give %s", name)
		}
	}
}

func TestTerraform_NamesWhatTheCharmHas(t *testing.T) {
	t.Parallel()
	known := options(t)
	for path, text := range terraformFiles(t) {
		for _, key := range slices.Concat(keys(text, "options"), keys(text, "config")) {
			if _, ok := known[key]; !ok {
				t.Errorf("%s: there is no option %q", path, key)
			}
		}
		for _, found := range regexp.MustCompile(`action_name += "([^"]+)"`).FindAllStringSubmatch(text, -1) {
			action, ok := actions(t)[found[1]]
			if !ok {
				t.Errorf("%s: there is no action %q", path, found[1])
			}
			for _, key := range keys(text, "args") {
				// The provider sends texts, whatever the type.
				schema, _ := action.Params[key].(map[string]any)
				if !strings.Contains(fmt.Sprint(schema["type"]), "string") {
					t.Errorf("%s: %s has no parameter %q that takes texts", path, found[1], key)
				}
			}
		}
	}
	if len(keys(module(t, "."), "options")) != 3 || len(keys(module(t, "examples/dry-run"), "args")) != 3 || len(keys(module(t, "examples/fleet"), "args")) != 8 {
		t.Error("options or parameters were not found")
	}
}

// The results of the plan that the example of a fleet shows are results of the action, and its defaults are those of
// the action.
func TestTerraform_FleetFitsThePlan(t *testing.T) {
	t.Parallel()
	text := module(t, "examples/fleet")
	reference := read(t, filepath.Join(root, "docs/reference/actions.md"))
	_, reference, _ = strings.Cut(reference, "\n## plan-migrations\n")
	reference, _, _ = strings.Cut(reference, "\n## apply-plan\n")
	outputs := regexp.MustCompile(`\blocal\.results(?:, |\[)"([a-z-]+)"`).FindAllStringSubmatch(text, -1)
	if len(outputs) != 3 {
		t.Errorf("%d results are shown", len(outputs))
	}
	for _, found := range outputs {
		if !strings.Contains(reference, "`"+found[1]+"`") {
			t.Errorf("plan-migrations has no result %q", found[1])
		}
	}
	params := actions(t)["plan-migrations"].Params
	for variable, param := range map[string]string{"max_parallel": "max-parallel", "max_per_target": "max-per-target", "wave_size": "wave-size"} {
		schema, _ := params[param].(map[string]any)
		if want := fmt.Sprintf("default     = %v\n", schema["default"]); !strings.Contains(blocks(text, "variable")[variable], want) {
			t.Errorf("the default of %s is not that of %s, %v", variable, param, schema["default"])
		}
	}
	for _, goal := range regexp.MustCompile(`"(?:goal|checks)" += .*`).FindAllString(text, -1) {
		for _, value := range regexp.MustCompile(`"([a-z]+)"`).FindAllStringSubmatch(goal, -1)[1:] {
			if !strings.Contains(fmt.Sprint(params["goal"], params["checks"]), value[1]) {
				t.Errorf("%s: plan-migrations does not take %q", goal, value[1])
			}
		}
	}
}

func TestTerraform_OutputsTheEndpointsOfTheCharm(t *testing.T) {
	t.Parallel()
	requires, provides := endpoints(t)
	outputs := blocks(module(t, "."), "output")
	for name, want := range map[string]map[string]any{"requires": requires, "provides": provides} {
		var got []string
		for _, found := range regexp.MustCompile(`([a-z_]+) += "([a-z-]+)"`).FindAllStringSubmatch(outputs[name], -1) {
			got = append(got, found[2])
			if strings.ReplaceAll(found[2], "-", "_") != found[1] {
				t.Errorf("%s: %s is called %s", name, found[2], found[1])
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(names(want), got); diff != "" {
			t.Errorf("%s (-metadata.yaml +outputs.tf):\n%s", name, diff)
		}
	}
}

func TestTerraform_ReadmeHasEveryVariable(t *testing.T) {
	t.Parallel()
	text := read(t, filepath.Join(root, "terraform/README.md"))
	var got []string
	for _, found := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [a-z]").FindAllStringSubmatch(text, -1) {
		if found[1] != "app_name" || !slices.Contains(got, found[1]) {
			got = append(got, found[1])
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(names(blocks(module(t, "."), "variable")), slices.Compact(got)); diff != "" {
		t.Errorf("variables (-variables.tf +README.md):\n%s", diff)
	}
}

// resourceKind is a kind of resource of the provider, see testdata/provider.yaml.
type resourceKind struct {
	Required, Optional, Computed []string
	JSON                         []string
	Blocks                       map[string][]string
}

// misfits returns how a text in Terraform's language does not fit the provider: an argument that a resource does not
// have or that is missing, an attribute that it does not have, and a key of a text.
func misfits(text string, kinds map[string]resourceKind) (out []string) {
	settable := func(k resourceKind) []string {
		return slices.Concat(k.Required, k.Optional, []string{"count", "depends_on", "for_each", "lifecycle", "provider"})
	}
	for _, found := range regexp.MustCompile(`(?ms)^resource "([a-z_]+)" "([a-z_]+)" \{\n(.*?)^\}`).FindAllStringSubmatch(text, -1) {
		kind, known := kinds[found[1]]
		if !known {
			out = append(out, "there is no resource "+found[1])
			continue
		}
		given := []string{}
		for _, argument := range regexp.MustCompile(`(?m)^  ([a-z_]+) +(?:=|\{)`).FindAllStringSubmatch(found[3], -1) {
			given = append(given, argument[1])
			if !slices.Contains(settable(kind), argument[1]) {
				out = append(out, found[1]+" does not take "+argument[1])
			}
		}
		for _, required := range kind.Required {
			if !slices.Contains(given, required) {
				out = append(out, found[1]+" "+found[2]+" lacks "+required)
			}
		}
		for _, block := range regexp.MustCompile(`(?ms)^  ([a-z_]+) \{\n(.*?)^  \}`).FindAllStringSubmatch(found[3], -1) {
			for _, argument := range regexp.MustCompile(`(?m)^    ([a-z_]+) += `).FindAllStringSubmatch(block[2], -1) {
				if takes, nested := kind.Blocks[block[1]]; !nested || !slices.Contains(takes, argument[1]) {
					out = append(out, found[1]+"."+block[1]+" does not take "+argument[1])
				}
			}
		}
	}
	for _, found := range regexp.MustCompile(`(\w+\()?\b(juju_[a-z_]+)\.([a-z_]+)\.([a-z_]+)\)?(\[?)`).FindAllStringSubmatch(text, -1) {
		kind, attribute := kinds[found[2]], found[4]
		if !slices.Contains(slices.Concat(kind.Required, kind.Optional, kind.Computed), attribute) {
			out = append(out, found[2]+" has no "+attribute)
		}
		if slices.Contains(kind.JSON, attribute) && found[1] != "jsondecode(" {
			out = append(out, found[2]+"."+attribute+" is JSON and is not decoded")
		}
	}
	return out
}

// "terraform validate" checks this and more, but needs the provider, which only CI can download.
func TestTerraform_FitsTheProvider(t *testing.T) {
	t.Parallel()
	var kinds map[string]resourceKind
	if err := yaml.Unmarshal([]byte(read(t, "testdata/provider.yaml")), &kinds); err != nil {
		t.Fatal(err)
	}
	texts := terraformFiles(t)
	for _, f := range find(t, "terraform/README.md").fences {
		if f.words()[0] == "hcl" {
			texts[fmt.Sprintf("README.md:%d", f.line)] = f.text
		}
	}
	for path, text := range texts {
		for _, wrong := range misfits(text, kinds) {
			t.Errorf("terraform/%s: %s", path, wrong)
		}
	}
	for wrong, want := range map[string]string{
		"resource \"juju_nothing\" \"a\" {\n}\n":                                      "there is no resource juju_nothing",
		"resource \"juju_model\" \"a\" {\n  name = 1\n  size = 2\n}\n":                "juju_model does not take size",
		"resource \"juju_model\" \"a\" {\n}\n":                                        "juju_model a lacks name",
		"resource \"juju_model\" \"a\" {\n  name = 1\n  cloud {\n    x = 1\n  }\n}\n": "juju_model.cloud does not take x",
		"value = juju_model.a.size":                                                   "juju_model has no size",
		"value = lookup(juju_action.a.output, \"params\", \"\")":                      "juju_action.output is JSON and is not decoded",
		"value = juju_action.a.output[\"params\"]":                                    "juju_action.output is JSON and is not decoded",
		"value = [juju_model.a.uuid, jsondecode(juju_action.a.output)[\"params\"]]":   "",
	} {
		if got := strings.Join(misfits(wrong, kinds), "; "); got != want {
			t.Errorf("%s: %q, want %q", wrong, got, want)
		}
	}
}
