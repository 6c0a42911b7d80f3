package main

import (
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/policy/region"
)

// loadAssessments is the assessment models that ship, under the deployer's directory where one is named.
func loadAssessments(lib *content.Library, over string) (*assess.Set, error) {
	files, err := contentFiles(over)
	if err != nil {
		return nil, err
	}
	set, err := assess.Load(files, lib)
	return set, placed(err, over)
}

// openResults opens the store of what assessment models make of enterprises.
func (in *installation) openResults(p *place) error {
	set, err := loadAssessments(in.lib, p.content)
	if err != nil {
		return err
	}
	in.results = results.Open(results.Deps{DB: in.db, Frames: in.frames, Library: in.lib, Clock: in.now, Subjects: region.NewReader(in.lib), Set: set})
	return nil
}
