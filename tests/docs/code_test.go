package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"jimm-migrator/tests/constants"
)

// parseFolder parses the Go files of a folder, without tests.
func parseFolder(t *testing.T, folder string) []*ast.File {
	t.Helper()
	names, err := fs.Glob(os.DirFS(filepath.Join(root, folder)), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, folder, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, file)
	}
	return out
}

// A command with a controller's name as a value begins with facts.JujuRun, which knows
// which names need --string-args.
func TestCode_CommandsWithNamesBeginAlike(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(os.DirFS(root), "src", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		for line := range strings.Lines(string(text)) {
			names := strings.Contains(line, "controller=") || strings.Contains(line, `Parameter("controller"`)
			if names && strings.Contains(line, `"juju run `) {
				t.Errorf("%s: use facts.JujuRun: %s", path, strings.TrimSpace(line))
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return text
}

// fieldTexts returns the texts that a field has in the composite literals of a
// folder, sorted, with … for what differs. A variable that is called like the
// field, in lower case, counts too.
func fieldTexts(t *testing.T, folder, field string) []string {
	t.Helper()
	var out []string
	take := func(name, value ast.Expr) {
		ident, ok := name.(*ast.Ident)
		if !ok || ident.Name != field && ident.Name != strings.ToLower(field) {
			return
		}
		if text := template(value); strings.Trim(text, "…") != "" {
			out = append(out, text)
		}
	}
	for _, file := range parseFolder(t, folder) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				take(n.Key, n.Value)
			case *ast.AssignStmt:
				take(n.Lhs[0], n.Rhs[0])
			}
			return true
		})
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// template is the text of an expression, with … for what is not literal.
func template(e ast.Expr) string {
	const verb = `%[-+#0-9.]*[a-zA-Z]`
	switch e := e.(type) {
	case *ast.BasicLit:
		return literal(e)
	case *ast.BinaryExpr:
		return template(e.X) + template(e.Y)
	case *ast.CallExpr:
		if name, ok := e.Fun.(*ast.SelectorExpr); ok && name.Sel.Name == "Sprintf" {
			text := strings.ReplaceAll(literal(e.Args[0]), "%q", `"…"`)
			return regexp.MustCompile(verb).ReplaceAllString(text, "…")
		}
	}
	return "…"
}

// action is an action in actions.yaml.
type action struct {
	Params map[string]any `yaml:"params"`
}

func actions(t *testing.T) map[string]action {
	t.Helper()
	var out map[string]action
	readYAML(t, "actions.yaml", &out)
	return out
}

func options(t *testing.T) map[string]any {
	t.Helper()
	var out struct {
		Options map[string]any `yaml:"options"`
	}
	readYAML(t, "config.yaml", &out)
	return out.Options
}

// endpoints returns the endpoints of metadata.yaml: those that require and those
// that provide something.
func endpoints(t *testing.T) (requires, provides map[string]any) {
	t.Helper()
	var out struct {
		Requires map[string]any `yaml:"requires"`
		Provides map[string]any `yaml:"provides"`
	}
	readYAML(t, "metadata.yaml", &out)
	return out.Requires, out.Provides
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, filepath.Join(root, path))), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// mostFlags is how many booleans a struct of the engine may have, with those of the structs
// that it embeds: more are states without names.
const mostFlags = 3

// A struct of the engine keeps its state in values with names, not in flags.
func TestEngine_HasNoStructOfFlags(t *testing.T) {
	t.Parallel()
	engine := constants.Importer{Root: root, Module: "jimm-migrator"}
	structs := 0
	for _, path := range packages(t) {
		if !strings.HasPrefix(path, "src/migration") && path != "src/fleet" {
			continue
		}
		checked, err := engine.Import("jimm-migrator/" + path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range checked.Scope().Names() {
			object, ok := checked.Scope().Lookup(name).(*types.TypeName)
			if !ok {
				continue
			}
			if s, ok := object.Type().Underlying().(*types.Struct); ok {
				structs++
				if found := flags(s); len(found) > mostFlags {
					t.Errorf("%s: struct %s has %d booleans, and may have %d: %s", path, name, len(found), mostFlags, strings.Join(found, ", "))
				}
			}
		}
	}
	if structs < 50 {
		t.Errorf("only %d structs were found", structs)
	}
}

// flags returns the names of the fields of a struct that are booleans, and those of the
// structs that it embeds.
func flags(s *types.Struct) []string {
	var found []string
	for field := range s.Fields() {
		kind := field.Type()
		if pointer, ok := kind.(*types.Pointer); ok {
			kind = pointer.Elem()
		}
		switch under := kind.Underlying().(type) {
		case *types.Basic:
			if under.Info()&types.IsBoolean != 0 {
				found = append(found, field.Name())
			}
		case *types.Struct:
			if field.Embedded() {
				found = append(found, flags(under)...)
			}
		}
	}
	return found
}
