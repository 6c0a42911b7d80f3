package main

import (
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/policy/region"
)

// loadIndicators is the indicators that ship, under the deployer's directory where one is named.
func loadIndicators(lib *content.Library, over string) (*indicator.Set, error) {
	files, err := contentFiles(over)
	if err != nil {
		return nil, err
	}
	set, _, err := indicator.Load(files, lib)
	return set, placed(err, over)
}

// openMonitor opens what tells the figures of the region.
func (in *installation) openMonitor(p *place) error {
	set, err := loadIndicators(in.lib, p.content)
	if err != nil {
		return err
	}
	in.monitor = monitor.Open(monitor.Deps{Frames: in.frames, Library: in.lib, Subjects: region.NewReader(in.lib), Set: set, Clock: in.now})
	return nil
}
