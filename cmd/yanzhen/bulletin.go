package main

import (
	"github.com/yanzhen/yanzhen/internal/bulletin"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/indicator"
)

// loadBulletins is the calendar, the reports and the warnings that ship, under the deployer's directory where one is named.
func loadBulletins(lib *content.Library, indicators *indicator.Set, over string) (*bulletin.Set, error) {
	files, err := contentFiles(over)
	if err != nil {
		return nil, err
	}
	set, err := bulletin.Load(files, lib, indicators)
	return set, placed(err, over)
}

// checkBulletins reads them against the indicators of the same place.
func checkBulletins(lib *content.Library, over string) error {
	indicators, _, err := loadIndicators(lib, over)
	if err != nil {
		return err
	}
	_, err = loadBulletins(lib, indicators, over)
	return err
}

// openBulletins opens the store of what areas report of their periods.
func (in *installation) openBulletins(p *place) error {
	set, err := loadBulletins(in.lib, in.monitor.Set, p.content)
	if err != nil {
		return err
	}
	in.bulletins = bulletin.Open(bulletin.Deps{DB: in.db, Library: in.lib, Frames: in.frames, Monitor: in.monitor, Targets: in.targets, Notices: in.notices, Clock: in.now, Set: set})
	return nil
}
