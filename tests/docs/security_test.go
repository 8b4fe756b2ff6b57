package docs_test

import (
	"go/ast"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The page about security lists every call that the client of JIMM can make.
func TestSecurity_ListsEveryCallToJIMM(t *testing.T) {
	t.Parallel()
	var want []string
	for _, file := range parseFolder(t, "src/jimm") {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr: // c.call(ctx, "Method", …)
				if name, ok := n.Fun.(*ast.SelectorExpr); ok && name.Sel.Name == "call" && len(n.Args) > 1 {
					want = append(want, literal(n.Args[1]))
				}
			case *ast.KeyValueExpr: // rpc.Request{Method: "Method"}
				if name, ok := n.Key.(*ast.Ident); ok && name.Name == "Method" {
					want = append(want, literal(n.Value))
				}
			}
			return true
		})
	}
	// These are sent by the client of a controller; JIMM answers them as a controller does.
	want = append(want, "List", "ListModelSummaries", "ModelInfo", "UnitsInfo", "UpgradeSeriesValidate")
	want = slices.DeleteFunc(want, func(name string) bool { return name == "" })
	var got []string
	text := section(t, find(t, "docs/explanation/security.md"), "What the service account can do")
	for _, row := range regexp.MustCompile(`(?m)^\| (?:reads|changes|logs in) \| (.*) \|$`).FindAllStringSubmatch(text, -1) {
		got = append(got, regexp.MustCompile(`\b[A-Z][a-z]+[A-Za-z]*\b`).FindAllString(row[1], -1)...)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(slices.Compact(want), got); diff != "" {
		t.Errorf("calls (-code +page):\n%s", diff)
	}
}
