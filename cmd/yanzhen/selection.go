package main

import (
	"crypto/rand"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/selection"
)

// loadSelections is the rubrics, schemes and ladders that ship, under the deployer's directory where one is named.
func loadSelections(lib *content.Library, forms *form.Set, over string) (*selection.Set, error) {
	files, err := contentFiles(over)
	if err != nil {
		return nil, err
	}
	rubrics, err := rubric.Load(files)
	if err != nil {
		return nil, placed(err, over)
	}
	set, err := selection.Load(files, lib, rubrics, forms)
	return set, placed(err, over)
}

// openSelections opens the store of selections and pools. Seeds of draws come from the system's randomness.
func (in *installation) openSelections(p *place) error {
	set, err := loadSelections(in.lib, in.forms.Set(), p.content)
	if err != nil {
		return err
	}
	in.selections = selection.Open(selection.Deps{
		DB: in.db, Frames: in.frames, Library: in.lib, Clock: in.now, Subjects: region.NewReader(in.lib), Set: set, Releases: in.releases, Random: rand.Reader,
	})
	return nil
}
