package main

import (
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/flag"
)

// loadFlags is the kinds of red flags that ship, under the deployer's directory where one is named.
func loadFlags(lib *content.Library, over string) (*flag.Set, error) {
	files, err := contentFiles(over)
	if err != nil {
		return nil, err
	}
	set, err := flag.Load(files, lib)
	return set, placed(err, over)
}

// openFlags opens the store of red flags.
func (in *installation) openFlags(p *place) error {
	set, err := loadFlags(in.lib, p.content)
	if err != nil {
		return err
	}
	in.flags = flag.New(flag.Deps{DB: in.db, Library: in.lib, Clock: in.now, Set: set, Frames: in.frames, Applications: in.subsidy, Policies: in.versions})
	return nil
}
