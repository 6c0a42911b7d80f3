package sample

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/big"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Limits of a sample.
const (
	MaxFirms    = 200_000 // enterprises in all files
	maxProblems = 100     // that are told
	batch       = 500     // enterprises that are stated at once
)

// authority is in whose name the files speak; no other source speaks, so any would do.
const authority = "bureau"

// Place is the stores of the database that enterprises are stated in. All of it is needed.
type Place struct {
	DB      *store.DB
	Library *content.Library
	Sources *source.Store
	Parties *party.Store
	Facts   *fact.Store
	Frames  *fact.Frames
}

// stating is the enterprises of one file on their way into the database.
type stating struct {
	Place
	file   string
	source int64
	ids    map[string]bool // of the enterprises of all files
	wrong  content.Problems

	firms []*rule.Doc
}

// File is the enterprises of one file, as rule.ReadFacts gives them.
type File struct {
	Name  string
	Firms iter.Seq2[*rule.Doc, error]
}

// State makes the enterprises of files known, all of them or none, and gives how many there are. Mistakes come as
// content.Problems, all at once up to a limit. An id must not stand twice, in whatever files.
func (p Place) State(ctx context.Context, files ...File) (firms int, err error) {
	ids := map[string]bool{}
	var (
		wrong   content.Problems
		sources []int64
	)
	for _, f := range files {
		s := &stating{Place: p, file: f.Name, ids: ids}
		if s.source, err = p.Sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: authority, Name: f.Name}); err != nil {
			return 0, err
		}
		sources = append(sources, s.source)
		n, err := s.all(ctx, f.Firms, MaxFirms-firms)
		if err != nil {
			return 0, err
		}
		firms, wrong = firms+n, append(wrong, s.wrong...)
	}
	if len(wrong) > 0 {
		return 0, wrong[:min(len(wrong), maxProblems)]
	}
	for _, id := range sources {
		if _, err := p.Sources.Publish(ctx, id, nil); err != nil {
			return 0, err
		}
	}
	return firms, p.Frames.Refresh(ctx)
}

// all states the enterprises of a file, at most so many. After the first mistake it goes on reading only, to tell the others.
func (s *stating) all(ctx context.Context, firms iter.Seq2[*rule.Doc, error], most int) (n int, err error) {
	for doc, err := range firms {
		var problems content.Problems
		switch {
		case errors.As(err, &problems):
			s.wrong = append(s.wrong, problems...)
		case err != nil:
			return 0, err
		default:
			if n++; n > most {
				s.report(doc, "sample.too_many", MaxFirms)
				return n, nil
			}
			s.take(doc)
		}
		if len(s.wrong) >= maxProblems {
			return n, nil
		}
		if len(s.firms) == batch {
			if err := s.flush(ctx); err != nil {
				return 0, err
			}
		}
	}
	return n, s.flush(ctx)
}

// report tells of a mistake in the document of an enterprise.
func (s *stating) report(doc *rule.Doc, key string, args ...any) {
	line, col := doc.At()
	s.wrong = append(s.wrong, content.Problem{File: s.file, Line: line, Col: col, Msg: i18n.M(key, args...)})
}

// take checks what a database could not say of an enterprise, and keeps it for the next batch.
func (s *stating) take(doc *rule.Doc) {
	key := doc.ID()
	switch {
	case key == "":
		s.report(doc, "sample.no_id")
		return
	case s.ids[key]:
		s.report(doc, "sample.id_twice", key)
		return
	}
	s.ids[key] = true
	before := len(s.wrong)
	for _, code := range []string{rule.AreaCode, rule.IndustryCode} {
		for _, n := range doc.Nodes(code) {
			if n.State == rule.None {
				def, _ := rule.FactDef(s.Library, code)
				s.report(doc, "sample.nowhere", key, def.Name)
			}
		}
	}
	for _, d := range append(doc.Below(), doc) {
		for _, f := range d.Stated() {
			if f.State == rule.Present && f.Value.Type() == rule.RateType && !perMillion(f.Value) {
				def, _ := s.Library.FactDef(f.Def)
				s.report(doc, "sample.rate", key, def.Name, f.Value.String())
			}
		}
	}
	if len(s.wrong) == before {
		s.firms = append(s.firms, doc)
	}
}

var million = big.NewRat(1_000_000, 1)

// perMillion says that a rate is a whole number of millionths.
func perMillion(v rule.Value) bool { return new(big.Rat).Mul(v.Rate().Rat(), million).IsInt() }

// stored is a value as facts keep it.
func stored(v rule.Value) (x fact.Value) {
	x.Num, x.Text = v.Stored()
	return x
}

// flush states the enterprises that were taken; nothing once there are mistakes.
func (s *stating) flush(ctx context.Context) error {
	firms := s.firms
	s.firms = s.firms[:0]
	if len(firms) == 0 || len(s.wrong) > 0 {
		return nil
	}
	var (
		docs []*rule.Doc // enterprises, then what lies below them
		ids  []int64     // of these
	)
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		docs, ids, err = s.subjects(ctx, tx, firms)
		if err != nil {
			return err
		}
		return s.who(ctx, tx, firms, ids)
	})
	if err != nil {
		return fmt.Errorf("state the enterprises of %s: %w", s.file, err)
	}
	return s.Facts.Append(ctx, s.source, s.statements(docs, ids))
}

// subjects makes the enterprises known, and what lies below them: projects before what belongs to a project.
func (s *stating) subjects(ctx context.Context, tx *store.Tx, firms []*rule.Doc) (docs []*rule.Doc, ids []int64, err error) {
	at := map[rule.Subject]int64{}
	for _, kinds := range [][]string{{content.Enterprise}, {content.Project}, {content.Loan, content.Lease, content.Honour}} {
		var (
			some []*rule.Doc
			subs []party.NewSubject
		)
		for _, firm := range firms {
			for _, d := range append(firm.Below(), firm) {
				if slices.Contains(kinds, d.Kind()) {
					some, subs = append(some, d), append(subs, party.NewSubject{Kind: d.Kind(), Key: d.ID(), Parent: at[d.Parent()]})
				}
			}
		}
		made, err := s.Parties.Ensure(ctx, tx, s.source, subs)
		if err != nil {
			return nil, nil, err
		}
		for i, d := range some {
			at[d] = made[i]
		}
		docs, ids = append(docs, some...), append(ids, made...)
	}
	return docs, ids, nil
}

// who states the names, the codes and the places of enterprises.
func (s *stating) who(ctx context.Context, tx *store.Tx, firms []*rule.Doc, ids []int64) error {
	var (
		names   []party.Name
		codes   []party.Identifier
		members []party.Membership
	)
	for i, firm := range firms {
		line, _ := firm.At()
		place, name := strconv.Itoa(line), firm.Name()
		if name == "" {
			name = firm.ID()
		}
		names = append(names, party.Name{Subject: ids[i], Name: name, Place: place})
		if code, finding := party.ParseUSCC(firm.ID()); finding.Usable() {
			codes = append(codes, party.Identifier{Subject: ids[i], Scheme: party.SchemeUSCC, Value: string(code), Sound: finding == party.Sound, Place: place})
		}
		for tree, code := range map[string]string{party.TreeArea: rule.AreaCode, party.TreeIndustry: rule.IndustryCode} {
			for _, n := range firm.Nodes(code) {
				if n.State == rule.Present {
					members = append(members, party.Membership{Subject: ids[i], Tree: tree, Node: n.Code, From: n.From, To: n.Until, Place: place})
				}
			}
		}
	}
	if err := s.Parties.AppendNames(ctx, tx, s.source, names); err != nil {
		return err
	}
	if err := s.Parties.AppendIdentifiers(ctx, tx, s.source, codes); err != nil {
		return err
	}
	return s.Parties.AppendMemberships(ctx, tx, s.source, members)
}

func (s *stating) statements(docs []*rule.Doc, ids []int64) []fact.Statement {
	var all []fact.Statement
	for i, d := range docs {
		for _, f := range d.Stated() {
			st := fact.Statement{Subject: ids[i], Def: f.Def, Period: f.Period, State: fact.None}
			if f.State == rule.Present {
				st.State, st.Value = fact.Present, stored(f.Value)
			}
			all = append(all, st)
		}
		link := fact.Statement{Subject: ids[i], Def: d.Kind() + "." + content.Project}
		if _, known := s.Library.FactDef(link.Def); !known {
			continue
		}
		switch id, state := d.Project(); state {
		case rule.Present:
			link.State, link.Value.Text = fact.Present, id
			all = append(all, link)
		case rule.None:
			link.State = fact.None
			all = append(all, link)
		}
	}
	return all
}
