package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/demo"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// heldCity is which city the database of a demonstration holds. It stands in the note of a source of kind Demo, the
// first entry of the commit log there, so that it goes wherever the data goes and a real database never has it.
type heldCity struct {
	demo.Options
	Day string // at which the demonstration stands
}

// cityIn looks for the mark of a demonstration; ok is false in a database that is none.
func cityIn(ctx context.Context, db *store.DB) (_ heldCity, ok bool, err error) {
	live, err := source.New(db, clock.System()).LiveSources(ctx, 0)
	if err != nil {
		return heldCity{}, false, err
	}
	for _, s := range live {
		if s.Kind != source.Demo {
			continue
		}
		var held heldCity
		if err := json.Unmarshal([]byte(s.Note), &held); err != nil {
			return heldCity{}, false, fmt.Errorf("read which city source %d marks: %w", s.ID, err)
		}
		return held, true, nil
	}
	return heldCity{}, false, nil
}

// claim marks a database as the demonstration of a city. One that holds anything real, or another city, is refused
// (Conflict): synthetic firms and accounts whose password everybody knows would be mixed with it.
func claim(ctx context.Context, db *store.DB, city heldCity) (heldCity, error) {
	held, ok, err := cityIn(ctx, db)
	if err != nil {
		return heldCity{}, err
	}
	if ok && held.Options != city.Options {
		return heldCity{}, errs.Conflict(i18n.M("cmd.other_city", held.Size, held.Seed, city.Size, city.Seed))
	}
	if ok {
		return held, nil
	}
	seq, err := db.Seq(ctx)
	if err != nil {
		return heldCity{}, err
	}
	accounts, err := access.New(db, clock.System(), clock.System(), access.Cost{}).List(ctx, access.SystemScope())
	if err != nil {
		return heldCity{}, err
	}
	if seq > 0 || len(accounts) > 0 {
		return heldCity{}, errs.Conflict(i18n.M("cmd.not_a_demo"))
	}
	note, err := json.Marshal(city)
	if err != nil {
		return heldCity{}, err
	}
	day, err := clockAt(city.Day) // of the demonstration: an entry of today would come after all that is known in it
	if err != nil {
		return heldCity{}, err
	}
	sources := source.New(db, day)
	id, err := sources.Begin(ctx, access.SystemScope(), source.Source{
		Kind: source.Demo, Authority: "public", Name: "演示城市 demo city", Note: string(note), Digest: "demo",
	})
	if err != nil {
		return heldCity{}, err
	}
	if _, err := sources.Publish(ctx, id, nil); err != nil {
		return heldCity{}, fmt.Errorf("mark a demonstration: %w", err)
	}
	return city, nil
}
