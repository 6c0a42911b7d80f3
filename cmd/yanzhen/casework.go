package main

import (
	"context"
	"time"

	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/policy/region"
)

// watchEvery is how often the clocks of cases are looked at: they run in days.
const watchEvery = 10 * time.Minute

// caseEffects is what workflows may do beyond themselves: what capabilities register.
func caseEffects() *casework.Registry { return casework.NewRegistry() }

// openCases reads forms and workflows and opens the store of cases.
func (in *installation) openCases(ctx context.Context, p *place, blobs blob.Dir) error {
	set, err := loadForms(in.lib, p.content)
	if err != nil {
		return err
	}
	in.forms = form.NewStore(in.db, in.lib, set, in.now)
	forms, effects := casework.FormsOf(in.forms), caseEffects()
	workflows, err := loadWorkflows(ctx, casework.Reading{Library: in.lib, Effects: effects, Forms: forms}, p.content)
	if err != nil {
		return err
	}
	in.cases = casework.Open(casework.Deps{
		DB: in.db, Sources: in.sources, Parties: in.parties, Facts: in.facts, Frames: in.frames, Library: in.lib, Clock: in.now,
		Subjects: region.NewReader(in.lib), Effects: effects, Set: workflows, Blobs: blobs, Forms: forms, Sniff: casework.SniffFile,
	})
	return nil
}
