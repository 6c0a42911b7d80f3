package main

import (
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
)

// loadProgramme is what diagnoses go by: what ships, under the deployer's directory where one is named.
func loadProgramme(lib *content.Library, models *assess.Set, over string) (*diagnosis.Programme, error) {
	files, err := contentFiles(over)
	if err != nil {
		return nil, err
	}
	p, err := diagnosis.Load(lib, models, files)
	return p, placed(err, over)
}

// openDiagnoses opens the store of free diagnoses.
func (in *installation) openDiagnoses(p *place) error {
	programme, err := loadProgramme(in.lib, in.results.Set, p.content)
	if err != nil {
		return err
	}
	in.diagnoses = diagnosis.Open(diagnosis.Deps{
		DB: in.db, Sources: in.sources, Parties: in.parties, Frames: in.frames, Facts: in.facts, Consents: in.consent, Accounts: in.accounts, Library: in.lib, Clock: in.now,
		Programme: programme, Results: in.results, Book: in.ledger, Subsidy: in.subsidy, Selections: in.selections,
	})
	return nil
}
