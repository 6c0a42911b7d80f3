package race

import (
	"embed"
	"fmt"
	"io/fs"
	"sync"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/policy"
)

//go:embed testdata
var testdata embed.FS

// library is the content of the product with the facts of the race over it.
var library = sync.OnceValues(func() (*content.Library, error) {
	over, err := fs.Sub(testdata, "testdata/content")
	if err != nil {
		return nil, err
	}
	return content.Load(content.Overlay(contentdata.FS, over))
})

// change is Changed as patches of the documents.
var change = []policy.Patch{
	{Param: "invest_rate", Value: "9%"},
	{Param: "invest_cap", Value: "800万元"},
	{Param: "loan_rate", Value: "1.5%"},
}

// earlier is where the sliders stood before: what was bound for these numbers is bound anew for those that are measured.
var earlier = []policy.Patch{
	{Param: "invest_rate", Value: "10%"},
	{Param: "invest_cap", Value: "600万元"},
	{Param: "loan_rate", Value: "1.2%"},
}

// compiled is a document of the race.
func compiled(name string) (*policy.Policy, error) {
	src, err := testdata.ReadFile("testdata/" + name)
	if err != nil {
		return nil, err
	}
	return compile(name, src)
}

func compile(name string, src []byte) (*policy.Policy, error) {
	lib, err := library()
	if err != nil {
		return nil, err
	}
	p, problems := policy.Compile(lib, name, src)
	if len(problems) > 0 {
		return nil, fmt.Errorf("%s: %w", name, problems)
	}
	return p, nil
}
