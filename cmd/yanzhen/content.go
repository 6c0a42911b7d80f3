package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/errs"
	flags "github.com/yanzhen/yanzhen/internal/flag"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/selection"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// contentCheckCommand reads the content that ships, or what a deployer laid over it, and tells every mistake.
func contentCheckCommand(*flag.FlagSet, i18n.T) func(context.Context, *console, []string) error {
	return func(ctx context.Context, c *console, args []string) error {
		if len(args) > 1 {
			return errUsage
		}
		over := ""
		if len(args) == 1 {
			over = args[0]
		}
		lib, err := loadLibrary(over)
		if err != nil {
			return err
		}
		models, err := loadAssessments(lib, over)
		if err != nil {
			return err
		}
		forms, err := loadForms(lib, models, over)
		if err != nil {
			return err
		}
		if _, err := loadSelections(lib, forms, over); err != nil {
			return err
		}
		if _, err := loadReleases(over); err != nil {
			return err
		}
		products, err := loadProducts(lib, over)
		if err != nil {
			return err
		}
		workflows, err := loadWorkflows(ctx, casework.Reading{
			Library: lib, Effects: caseEffects(capabilities{
				subsidy.New(subsidy.Deps{Library: lib}), selection.Open(selection.Deps{Library: lib}), credit.Open(credit.Deps{Library: lib}), flags.New(flags.Deps{Library: lib}),
				results.Open(results.Deps{Library: lib, Set: models}), diagnosis.Open(diagnosis.Deps{Library: lib}),
			}), Forms: casework.FormsOf(form.NewStore(nil, lib, forms, nil)), // none is pinned here
		}, over)
		if err != nil {
			return err
		}
		files, err := contentFiles(over)
		if err != nil {
			return err
		}
		if _, err := subsidy.LoadCosts(lib, forms, files); err != nil {
			return placed(err, over)
		}
		if _, err := loadFlags(lib, over); err != nil {
			return err
		}
		if err := checkBulletins(lib, over); err != nil {
			return err
		}
		if _, err := loadProgramme(lib, models, over); err != nil {
			return err
		}
		if err := checkIndicators(lib, over); err != nil {
			return err
		}
		fmt.Fprintln(c.out, c.t.S("cmd.content_good", len(lib.FactDefs()), len(forms.Forms()), len(workflows.All()), len(products.Products())))
		return nil
	}
}

// contentFiles is the content that ships, under the deployer's directory where one is named.
func contentFiles(over string) (fs.FS, error) {
	if over == "" {
		return contentdata.FS, nil
	}
	info, err := os.Stat(over)
	if err != nil || !info.IsDir() {
		return nil, errs.Invalid(i18n.M("cmd.no_such_directory", over))
	}
	return content.Overlay(contentdata.FS, os.DirFS(over)), nil
}

// loadLibrary is the content that ships, under the deployer's directory where one is named.
func loadLibrary(over string) (*content.Library, error) {
	files, err := contentFiles(over)
	if err != nil {
		return nil, err
	}
	lib, err := content.Load(files)
	return lib, placed(err, over)
}

// loadAssessments is the assessment models that ship, under the deployer's directory where one is named.
func loadAssessments(lib *content.Library, over string) (*assess.Set, error) {
	files, err := contentFiles(over)
	if err != nil {
		return nil, err
	}
	set, err := assess.Load(files, lib)
	return set, placed(err, over)
}

// loadForms is the forms that ship, under the deployer's directory where one is named, and the questionnaires of assessment models.
func loadForms(lib *content.Library, models *assess.Set, over string) (*form.Set, error) {
	files, err := contentFiles(over)
	if err != nil {
		return nil, err
	}
	forms, err := form.Load(files, lib)
	if err != nil {
		return nil, placed(err, over)
	}
	return models.Asks(lib, forms)
}

// loadReleases is the kinds of releases that ship, under the deployer's directory where one is named.
func loadReleases(over string) (*release.Set, error) {
	files, err := contentFiles(over)
	if err != nil {
		return nil, err
	}
	set, err := release.Load(files)
	return set, placed(err, over)
}

// loadWorkflows is the workflows that ship, under the deployer's directory where one is named.
func loadWorkflows(ctx context.Context, in casework.Reading, over string) (*casework.Set, error) {
	files, err := contentFiles(over)
	if err != nil {
		return nil, err
	}
	workflows, err := casework.Load(ctx, files, in)
	return workflows, placed(err, over)
}

// placed gives problems the path under which an editor opens their file: in the deployer's directory where it has the
// file, else in the content of the product.
func placed(err error, over string) error {
	var problems content.Problems
	if !errors.As(err, &problems) {
		return err
	}
	problems = slices.Clone(problems)
	for i := range problems {
		p := &problems[i]
		dir := "content"
		if over != "" {
			if _, err := os.Stat(filepath.Join(over, filepath.FromSlash(p.File))); err == nil {
				dir = over
			}
		}
		p.File = filepath.Join(dir, filepath.FromSlash(p.File))
	}
	return problems
}
