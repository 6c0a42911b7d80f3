package main

import (
	"context"
	"path/filepath"

	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/policy/region"
)

// loadProducts is the banks and loan products that ship, under the deployer's directory where one is named.
func loadProducts(lib *content.Library, over string) (*credit.Set, error) {
	files, err := contentFiles(over)
	if err != nil {
		return nil, err
	}
	set, err := credit.Load(files, lib)
	return set, placed(err, over)
}

// openCredit opens the store of banks and loans.
func (in *installation) openCredit(ctx context.Context, p *place) error {
	set, err := loadProducts(in.lib, p.content)
	if err != nil {
		return err
	}
	lists, err := blob.Open(filepath.Join(p.data, "files", "loans"))
	if err != nil {
		return err
	}
	in.credit = credit.Open(credit.Deps{
		DB: in.db, Sources: in.sources, Parties: in.parties, Frames: in.frames, Library: in.lib, Clock: in.now, Subjects: region.NewReader(in.lib),
		Set: set, Demo: in.demo, Consents: in.consent, Facts: in.facts, Files: lists,
	})
	return in.credit.StateContracts(ctx)
}
