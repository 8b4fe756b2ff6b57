// Package constants lists the constants of the shipped code, for tests that compare them with the documentation. It
// asks the type checker, so how they are declared does not matter.
package constants

import (
	"cmp"
	"errors"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Constant is a constant with its value; that of a text is without quotes.
type Constant struct{ Name, Value string }

// Of returns the constants of a type of the package in the folder, in the order in which
// they are declared.
func Of(t *testing.T, folder, typeName string) []Constant {
	t.Helper()
	// What is imported does not matter for constants, and is not read.
	checked, err := check(folder, folder, nothing{})
	if err != nil {
		t.Fatal(err)
	}
	scope := checked.Scope()
	var found []*types.Const
	for _, name := range scope.Names() {
		if c, ok := scope.Lookup(name).(*types.Const); ok {
			if named, ok := c.Type().(*types.Named); ok && named.Obj().Name() == typeName {
				found = append(found, c)
			}
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s has no constants of type %s", folder, typeName)
	}
	slices.SortFunc(found, func(a, b *types.Const) int { return cmp.Compare(a.Pos(), b.Pos()) })
	out := make([]Constant, len(found))
	for i, c := range found {
		value := c.Val().ExactString()
		if c.Val().Kind() == constant.String {
			value = constant.StringVal(c.Val())
		}
		out[i] = Constant{c.Name(), value}
	}
	return out
}

// Names returns the names of constants, sorted.
func Names(list []Constant) []string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.Name
	}
	slices.Sort(out)
	return out
}

// Values returns the values of constants, sorted, without the empty one.
func Values(list []Constant) []string {
	var out []string
	for _, c := range list {
		if c.Value != "" {
			out = append(out, c.Value)
		}
	}
	slices.Sort(out)
	return out
}

// Importer reads the packages of a module from its sources. What they import from elsewhere
// is not read: types from there are invalid, and no error.
type Importer struct {
	Root   string // the folder of the module
	Module string // its path

	read map[string]*types.Package
}

// Import returns a package of the module.
func (i *Importer) Import(path string) (*types.Package, error) {
	folder, ok := strings.CutPrefix(path, i.Module+"/")
	if !ok {
		return nothing{}.Import(path)
	}
	if found := i.read[path]; found != nil {
		return found, nil
	}
	checked, err := check(filepath.Join(i.Root, folder), path, i)
	if err != nil {
		return nil, err
	}
	if i.read == nil {
		i.read = map[string]*types.Package{}
	}
	i.read[path] = checked
	return checked, nil
}

// check reads the package in a folder, without its tests. An import that cannot be read is not an
// error.
func check(folder, path string, imports types.Importer) (*types.Package, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	files, set := []*ast.File{}, token.NewFileSet()
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	config := types.Config{Importer: imports, Error: func(error) {}}
	checked, _ := config.Check(path, set, files, nil)
	return checked, nil
}

// nothing imports nothing.
type nothing struct{}

// Import returns an error.
func (nothing) Import(path string) (*types.Package, error) {
	return nil, errors.New("not imported: " + path)
}
