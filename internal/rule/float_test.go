package rule

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoFloat: nothing in the package computes with floating point.
func TestNoFloat(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.BasicLit:
				if x.Kind == token.FLOAT {
					t.Errorf("%s: a floating-point literal", fset.Position(x.Pos()))
				}
			case *ast.Ident:
				if strings.Contains(strings.ToLower(x.Name), "float") {
					t.Errorf("%s: %s", fset.Position(x.Pos()), x.Name)
				}
			}
			return true
		})
	}
}
