package layout

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/intake"
)

// instant is a time as tables write it, in Beijing.
func instant(ms int64) string {
	if ms == 0 {
		return ""
	}
	return clock.Minute(ms)
}

// people is the names of accounts that were asked for.
type people map[int64]string

func (s *Source) person(ctx context.Context, known people, account int64) (string, error) {
	name, ok := known[account]
	if !ok {
		var err error
		if name, err = s.Access.NameOf(ctx, account); err != nil {
			return "", err
		}
		name = cmp.Or(name, s.T.S("web.by_system"))
		known[account] = name
	}
	return name, nil
}

// policies is the documents in force.
func (s *Source) policies(ctx context.Context, t *Table) iter.Seq2[Record, error] {
	return t.rows(func(yield func(map[string]any) bool) error {
		all, err := s.Versions.At(ctx, s.View.Seq())
		if err != nil {
			return err
		}
		for _, p := range all {
			doc := p.Policy.File.Document
			values := map[string]any{
				"id": doc.ID, "number": doc.Number, "name": s.T.Text(doc.Name), "issuer": s.T.Text(doc.Issuer), "from": doc.Valid.From,
				"to": dayOrNothing(doc.Valid.To), "clauses": len(p.Policy.File.Clauses), "confidence": s.T.S("web." + doc.Confidence),
			}
			if doc.Area != nil {
				var names []string
				for _, code := range doc.Area.In {
					names = append(names, s.areaName(code))
				}
				values["party.area"] = strings.Join(names, s.T.S("web.comma"))
			}
			if !yield(values) {
				return nil
			}
		}
		return nil
	})
}

// problems is what was found in the files of an import, in the order in which its page shows them.
func (s *Source) problems(ctx context.Context, t *Table, batch int64) iter.Seq2[Record, error] {
	return t.rows(func(yield func(map[string]any) bool) error {
		files, err := s.Intake.Delivery(ctx, s.View.Scope(), batch)
		if err != nil {
			return err
		}
		for _, b := range files {
			for _, p := range b.Preview.Problems {
				for i, e := range p.Examples {
					values := map[string]any{
						"file": b.Name, "sheet": p.Sheet, "place": e.Place, "column": p.Column,
						"severity": s.T.S("imports.severity_" + string(p.Severity)), "cause": s.T.Msg(e.Msg),
					}
					if i == 0 {
						values["alike"] = p.Count
					}
					if !yield(values) {
						return nil
					}
				}
			}
		}
		return nil
	})
}

// deliveredAtOnce is how many imports are read at a time.
const deliveredAtOnce = 200

// deliveries is the files that came in, the newest first.
func (s *Source) deliveries(ctx context.Context, t *Table, q Query) iter.Seq2[Record, error] {
	return t.rows(func(yield func(map[string]any) bool) error {
		names, before := people{}, int64(0)
		for {
			list, err := s.Intake.Batches(ctx, s.View.Scope(), before, deliveredAtOnce)
			if err != nil || len(list) == 0 {
				return err
			}
			before = list[len(list)-1].ID
			for _, b := range list {
				if !s.within(b.Area, q) {
					continue
				}
				values, err := s.delivered(ctx, names, b)
				if err != nil || !yield(values) {
					return err
				}
			}
		}
	})
}

func (s *Source) delivered(ctx context.Context, names people, b intake.Batch) (map[string]any, error) {
	by, err := s.person(ctx, names, b.Account)
	if err != nil {
		return nil, err
	}
	found := map[intake.Severity]int{}
	for _, p := range b.Preview.Problems {
		found[p.Severity] += p.Count
	}
	values := map[string]any{
		"file": b.Name, "sender": b.Sender, "party.area": s.areaName(b.Area), "authority": s.authority(b.Authority), "received": instant(b.ReceivedAt),
		"by": by, "standing": s.T.S("imports.state_" + string(b.Standing())), "rows": b.Preview.Rows, "cells": b.Preview.Cells,
		"stops": found[intake.Stop], "left": found[intake.Left], "warns": found[intake.Warn],
	}
	if b.Source != 0 {
		values["commit"] = b.Source
	}
	return values, nil
}

// accounts is who may sign in, without anything that they sign in with.
func (s *Source) accounts(ctx context.Context, t *Table, q Query) iter.Seq2[Record, error] {
	return t.rows(func(yield func(map[string]any) bool) error {
		for from := 0; ; {
			list, total, err := s.Access.Find(ctx, s.View.Scope(), q.Accounts, from, deliveredAtOnce)
			if err != nil {
				return err
			}
			for _, a := range list {
				if !yield(s.account(a)) {
					return nil
				}
			}
			if from += len(list); len(list) == 0 || from >= total {
				return nil
			}
		}
	})
}

func (s *Source) account(a access.Account) map[string]any {
	var roles, areas, parties, until []string
	add := func(to *[]string, word string) {
		if word != "" && !slices.Contains(*to, word) {
			*to = append(*to, word)
		}
	}
	for _, g := range a.Grants {
		add(&roles, s.T.S("access.role."+string(g.Role)))
		add(&areas, s.areaName(g.Area))
		if e, ok := s.Parties.Enterprise(g.Party); ok { // its name, and nothing else that is known of it
			add(&parties, e.Name)
		}
		if g.Until != 0 {
			add(&until, instant(g.Until - 1)[:len(time.DateOnly)])
		}
	}
	state := access.InUse
	switch {
	case a.Disabled():
		state = access.Ended
	case a.Waits:
		state = access.Waiting
	}
	and := s.T.S("web.comma")
	return map[string]any{
		"login": a.Login, "name": a.Name, "roles": strings.Join(roles, and), "party.area": strings.Join(areas, and), "party": strings.Join(parties, and),
		"state": s.T.S("people.account_" + string(state)), "created": instant(a.CreatedAt), "until": strings.Join(until, and),
	}
}

// LogLine is an entry of the log in words, as its page shows it.
type LogLine struct {
	When, Deed, About, Who, Sender, Authority, Reason string
	Commit                                            int64 // 0 for none
}

// log is the lines of a query.
func (s *Source) log(t *Table, lines []LogLine) iter.Seq2[Record, error] {
	return t.rows(func(yield func(map[string]any) bool) error {
		for _, l := range lines {
			values := map[string]any{
				"when": l.When, "deed": l.Deed, "about": l.About, "who": l.Who, "sender": l.Sender, "authority": l.Authority, "reason": l.Reason,
			}
			if l.Commit != 0 {
				values["commit"] = l.Commit
			}
			if !yield(values) {
				return nil
			}
		}
		return nil
	})
}
