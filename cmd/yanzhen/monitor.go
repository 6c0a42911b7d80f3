package main

import (
	"github.com/yanzhen/yanzhen/internal/chain"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/target"
)

// loadIndicators is the indicators that ship, under the deployer's directory where one is named, and their worked cases. The targets of plans
// are held against them.
func loadIndicators(lib *content.Library, over string) (*indicator.Set, []indicator.Case, error) {
	files, err := contentFiles(over)
	if err != nil {
		return nil, nil, err
	}
	set, cases, err := indicator.Load(files, lib)
	return set, cases, placed(err, over)
}

// checkIndicators reads the indicators and works their cases out.
func checkIndicators(lib *content.Library, over string) error {
	set, cases, err := loadIndicators(lib, over)
	if err != nil {
		return err
	}
	var problems content.Problems
	for _, c := range cases {
		problems = append(problems, set.Check(lib, c)...)
	}
	if len(problems) > 0 {
		return placed(problems, over)
	}
	return nil
}

// loadChains is the industrial chains that ship, under the deployer's directory where one is named.
func loadChains(lib *content.Library, over string) (*chain.Set, error) {
	files, err := contentFiles(over)
	if err != nil {
		return nil, err
	}
	set, err := chain.Load(files, lib)
	return set, placed(err, over)
}

// openMonitor opens what tells the figures of the region, and the targets that they are held against.
func (in *installation) openMonitor(p *place) error {
	set, _, err := loadIndicators(in.lib, p.content)
	if err != nil {
		return err
	}
	chains, err := loadChains(in.lib, p.content)
	if err != nil {
		return err
	}
	in.monitor = monitor.Open(monitor.Deps{Frames: in.frames, Library: in.lib, Subjects: region.NewReader(in.lib), Set: set, Chains: chains, Clock: in.now, DB: in.db, Sources: in.sources})
	in.targets = target.Open(target.Deps{DB: in.db, Library: in.lib, Monitor: in.monitor, Clock: in.now})
	return nil
}
