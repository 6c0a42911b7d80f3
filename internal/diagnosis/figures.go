package diagnosis

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Row is a diagnosis with what became of it, as figures count it. What was handed in is that of the institute that has it now.
type Row struct {
	Case    int64
	Lot     int64
	Kind    Kind
	Year    int
	Firm    int64
	Area    string // where the case lies
	State   string
	Ended   string // as cases are: "" while it runs
	Work           // of the institute that has it now; of none where it left
	Before  []Work // of institutes that it was taken from, the first one first, where they handed a report in; for offices
	Adopted int
	Later   int
	No      int
	Filed   int // projects that advice became, as filings that are under way or accepted
	Built   int // those that were accepted
	Level   Lift
}

// Work is what an institute did in a diagnosis.
type Work struct {
	Institute int64 // 0 where none has it
	Handed    int64 // the report that it handed in last, 0 for none
	HandedAt  int64
	Sampled   bool
	Advice    int
	Mark      *Mark // of that report, nil for none
}

// Of says that an institute has the diagnosis, or handed a report in before it was taken from it.
func (r Row) Of(institute int64) bool {
	return r.Institute == institute || slices.ContainsFunc(r.Before, func(w Work) bool { return w.Institute == institute })
}

// Accepted says that the diagnosis was accepted.
func (r Row) Accepted() bool { return Accepted(r.State) }

// Lift is the level of a firm when it was diagnosed and the last one that was sealed since.
type Lift struct {
	Was, Is string // ids of levels, "" for below the lowest
	Rated   bool   // there is a level from the diagnosis
	Again   bool   // and one that was sealed later
	Up      bool   // which is higher
}

const (
	diagnosed = `SELECT d.case_id, d.lot, l.kind, l.year, d.firm, c.area, c.state, c.ended FROM diagnosis_case d
JOIN diagnosis_lot l ON l.id = d.lot JOIN case_head c ON c.id = d.case_id`
	lastAssigned = `SELECT a.case_id, a.institute FROM diagnosis_assignment a ORDER BY a.id`
	allHanded    = `SELECT id, case_id, institute, sampled, advice, at FROM diagnosis_handed ORDER BY id`
	allAnswers   = `SELECT case_id, handed, advice, answer FROM diagnosis_answer ORDER BY id`
	allFilings   = filingColumns + ` ORDER BY f.id`
	allMarks     = `SELECT ` + markColumns + ` FROM diagnosis_mark ORDER BY handed`
)

// Rows are the diagnoses that the scope sees, the newest first, with what became of each: all of it worked out from what happened.
func (s *Store) Rows(ctx context.Context, scope access.Scope) ([]Row, error) {
	columns := access.Columns{
		Area: "c.area", Owner: "c.enterprise", Partner: "c.partner",
		Accounts: "SELECT account FROM case_assignment WHERE case_id = c.id AND ended = 0", Roles: "SELECT role FROM case_handed WHERE case_id = c.id",
	}
	where, args := scope.WhereObject(access.ReadCase, columns, nil)
	q := s.DB.Read()
	rows, err := store.List(ctx, q, func(r *store.Rows) (x Row, err error) {
		return x, r.Scan(&x.Case, &x.Lot, &x.Kind, &x.Year, &x.Firm, &x.Area, &x.State, &x.Ended)
	}, diagnosed+" WHERE "+where+" ORDER BY d.case_id DESC", args...)
	if err != nil {
		return nil, fmt.Errorf("read diagnoses: %w", err)
	}
	at := make(map[int64]*Row, len(rows))
	for i := range rows {
		at[rows[i].Case] = &rows[i]
	}
	if err := became(ctx, q, at); err != nil {
		return nil, fmt.Errorf("read what became of diagnoses: %w", err)
	}
	for i := range rows {
		if !scope.Sees(access.ReadCase, rows[i].Area, 0) { // among offices
			rows[i].Before = nil
		}
	}
	return rows, s.levels(ctx, rows)
}

// became fills in what became of diagnoses, by their cases.
func became(ctx context.Context, q store.Querier, at map[int64]*Row) error {
	type pair struct{ of, n int64 }
	given, err := store.List(ctx, q, func(r *store.Rows) (x pair, err error) { return x, r.Scan(&x.of, &x.n) }, lastAssigned)
	if err != nil {
		return err
	}
	for _, x := range given {
		if r := at[x.of]; r != nil {
			r.Institute = x.n
		}
	}
	reports, err := store.List(ctx, q, func(r *store.Rows) (h Handed, err error) {
		return h, r.Scan(&h.ID, &h.Case, &h.Institute, (*bit)(&h.Sampled), &h.Advice, &h.At)
	}, allHanded)
	if err != nil {
		return err
	}
	for _, h := range reports {
		if r := at[h.Case]; r != nil {
			*r.work(h.Institute) = Work{Institute: h.Institute, Handed: h.ID, HandedAt: h.At, Sampled: h.Sampled, Advice: h.Advice}
		}
	}
	type answer struct {
		of, handed     int64
		advice, answer string
	}
	answers, err := store.List(ctx, q, func(r *store.Rows) (x answer, err error) { return x, r.Scan(&x.of, &x.handed, &x.advice, &x.answer) }, allAnswers)
	if err != nil {
		return err
	}
	type key struct {
		of     int64
		advice string
	}
	last := map[key]string{}
	for _, x := range answers {
		if r := at[x.of]; r != nil && r.Handed == x.handed {
			last[key{x.of, x.advice}] = x.answer
		}
	}
	for k, a := range last {
		switch r := at[k.of]; a {
		case Adopt:
			r.Adopted++
		case Later:
			r.Later++
		case No:
			r.No++
		}
	}
	filed, err := filings(ctx, q, allFilings)
	if err != nil {
		return err
	}
	first := map[int64]int64{} // the diagnosis to which a project counts: two pieces of advice may have become one
	for _, id := range slices.Sorted(maps.Keys(filed)) {
		for _, f := range filed[id] {
			if r := at[id]; f.stands() && first[f.Case] == 0 {
				first[f.Case] = id
				if r == nil {
					continue
				}
				if r.Filed++; f.Ended == accepted {
					r.Built++
				}
			}
		}
	}
	marks, err := store.List(ctx, q, scanMark, allMarks)
	if err != nil {
		return err
	}
	for _, m := range marks {
		if r := at[m.Case]; r != nil {
			if w := r.work(m.Institute); w.Handed == m.Handed { // else the report was reworked since
				w.Mark = &m
			}
		}
	}
	return nil
}

// work is what an institute did in a diagnosis: of who has it now, or of another.
func (r *Row) work(institute int64) *Work {
	if r.Institute == institute {
		return &r.Work
	}
	i := slices.IndexFunc(r.Before, func(w Work) bool { return w.Institute == institute })
	if i < 0 {
		i = len(r.Before)
		r.Before = append(r.Before, Work{Institute: institute})
	}
	return &r.Before[i]
}

// levels fills in the level of each firm when it was diagnosed, and since, under whichever of its records it was rated.
func (s *Store) levels(ctx context.Context, rows []Row) error {
	sealed, err := s.Results.All(ctx)
	if err != nil {
		return err
	}
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return err
	}
	one := func(firm int64) int64 {
		if e, ok := view.Enterprise(firm); ok {
			return e.ID
		}
		return firm
	}
	all := map[int64][]results.Sealed{}
	for _, x := range sealed {
		all[one(x.Party)] = append(all[one(x.Party)], x)
	}
	for i := range rows {
		r := &rows[i]
		kind, err := s.Programme.Kind(r.Kind)
		if err != nil || kind.rubric == nil {
			continue
		}
		rank := func(id string) int {
			return slices.IndexFunc(kind.rubric.Levels, func(l assess.LevelFile) bool { return l.ID == id })
		}
		began := false
		for _, x := range all[one(r.Firm)] {
			switch {
			case x.Model != kind.rubric.Rubric || x.How == results.BySelf: // what the firm says of itself tells nothing of the diagnosis
			case x.Case == r.Case:
				r.Level, began = Lift{Was: x.Level, Is: x.Level, Rated: true}, true
			case began:
				r.Level.Is, r.Level.Again = x.Level, true
			}
		}
		r.Level.Up = r.Level.Again && rank(r.Level.Is) > rank(r.Level.Was)
	}
	return nil
}

// Tally is diagnoses counted.
type Tally struct {
	Cases    int // that were not called off
	Reports  int // that were handed in: of each institute that had a case the last one
	Accepted int
	Advice   int // of those whose firm has answered
	Adopted  int
	Later    int
	No       int
	Filed    int
	Built    int
	Marks    int // reports that a third party gave a mark
	Score    int64
	Rated    int // accepted ones with a level from the diagnosis, and one since
	Up       int // whose level rose
}

// Adoption is how much of the advice that was answered was adopted, a part of one; nil of none.
func (t Tally) Adoption() *big.Rat { return part(t.Adopted, t.Advice) }

// Conversion is how much of the advice that was answered became a project that was accepted (方案转化实施率); nil of none.
func (t Tally) Conversion() *big.Rat { return part(t.Built, t.Advice) }

// Lifted is how many of the firms that were rated again stand higher; nil of none.
func (t Tally) Lifted() *big.Rat { return part(t.Up, t.Rated) }

func part(n, of int) *big.Rat {
	if of == 0 {
		return nil
	}
	return big.NewRat(int64(n), int64(of))
}

// Add counts a diagnosis.
func (t *Tally) Add(r Row) {
	if r.Ended == "withdrawn" {
		return
	}
	t.Cases++
	for _, w := range append(r.Before[:len(r.Before):len(r.Before)], r.Work) {
		t.add(w)
	}
	if r.Accepted() {
		t.Accepted++
	}
	if answered := r.Adopted + r.Later + r.No; answered > 0 {
		t.Advice, t.Adopted, t.Later, t.No = t.Advice+answered, t.Adopted+r.Adopted, t.Later+r.Later, t.No+r.No
	}
	t.Filed, t.Built = t.Filed+r.Filed, t.Built+r.Built
	if r.Accepted() && r.Level.Again {
		t.Rated++
		if r.Level.Up {
			t.Up++
		}
	}
}

// add counts what an institute handed in.
func (t *Tally) add(w Work) {
	if w.Handed != 0 {
		t.Reports++
	}
	if w.Mark != nil {
		t.Marks, t.Score = t.Marks+1, t.Score+w.Mark.Score
	}
}

// ByInstitute counts diagnoses by institute, in the order of their parties: each those that it has, and what it handed in of those that were
// taken from it. Nobody's are not counted.
func ByInstitute(rows []Row) []Counted[int64] {
	var before []Row
	for _, r := range rows {
		for _, w := range r.Before {
			if r.Ended != "withdrawn" {
				before = append(before, Row{Work: w})
			}
		}
	}
	now := slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.Institute == 0 })
	for i := range now {
		now[i].Before = nil
	}
	all := By(now, Row.who)
	for _, c := range By(before, Row.who) {
		c.Cases = 0
		i, found := slices.BinarySearchFunc(all, c.Of, func(x Counted[int64], of int64) int { return cmp.Compare(x.Of, of) })
		if !found {
			all = slices.Insert(all, i, Counted[int64]{Of: c.Of})
		}
		all[i].Reports, all[i].Marks, all[i].Score = all[i].Reports+c.Reports, all[i].Marks+c.Marks, all[i].Score+c.Score
	}
	return all
}

func (r Row) who() int64 { return r.Institute }

// By counts diagnoses by what of gives, in the order of its values.
func By[K cmp.Ordered](rows []Row, of func(Row) K) []Counted[K] {
	m := map[K]*Tally{}
	for _, r := range rows {
		k := of(r)
		if m[k] == nil {
			m[k] = &Tally{}
		}
		m[k].Add(r)
	}
	var all []Counted[K]
	for k, t := range m {
		all = append(all, Counted[K]{k, *t})
	}
	slices.SortFunc(all, func(a, b Counted[K]) int { return cmp.Compare(a.Of, b.Of) })
	return all
}

// Counted is the diagnoses of a part, counted.
type Counted[K cmp.Ordered] struct {
	Of K
	Tally
}

// Grade is how an institute does, worked out from what firms adopted and whose level rose: A, B, C or D; "" while it has too few. points are
// of a hundred.
func (p *Programme) Grade(t Tally) (grade string, points *big.Rat) {
	if t.Accepted < p.Grading.Least || t.Advice == 0 || len(p.Grading.Bands) == 0 {
		return "", nil
	}
	adopted, lifted := big.NewRat(p.Grading.Adopted, 1), big.NewRat(p.Grading.Lifted, 1)
	points = new(big.Rat).Mul(adopted, t.Adoption())
	if l := t.Lifted(); l != nil {
		points.Add(points, new(big.Rat).Mul(lifted, l))
	} else { // nobody was rated again: what there is counts for the whole
		points.Mul(points, new(big.Rat).Quo(big.NewRat(100, 1), adopted))
	}
	for _, b := range p.Grading.Bands {
		if points.Cmp(big.NewRat(b.From, 1)) >= 0 {
			return b.Grade, points
		}
	}
	return "", points
}

// Effect is what a figure of a firm was before advice was followed, and after.
type Effect struct {
	Filing
	Before fact.Cell // of the year in which the report was handed in, or the last one before that is known
	Then   period.Period
	After  fact.Cell // of the last year that is known since
	Since  period.Period
}

// Effects is what became of each piece of adopted advice that was filed, as the view knows the firm: the figure that the advice names, before
// and after. After stays unknown until the project was accepted.
func (s *Store) Effects(ctx context.Context, view fact.View, id int64) ([]Effect, error) {
	h, r, err := lastHanded(ctx, s.DB.Read(), id)
	if err != nil {
		return nil, err
	}
	_, firm, err := lotOfCase(ctx, s.DB.Read(), id)
	if err != nil {
		return nil, err
	}
	all, err := filings(ctx, s.DB.Read(), filingsOf, id)
	if err != nil {
		return nil, err
	}
	filed := make([]Effect, len(all[id]))
	for i, f := range all[id] {
		filed[i].Filing = f
	}
	year := clock.DayOf(h.At).Year()
	for i := range filed {
		a, ok := r.Has(filed[i].Advice)
		if !ok || a.Fact == "" {
			continue
		}
		periods := view.Periods(firm, a.Fact)
		slices.SortFunc(periods, func(a, b period.Period) int { return a.Compare(b) })
		for _, p := range periods {
			c := view.Value(firm, a.Fact, p)
			if c.State != fact.Present {
				continue
			}
			switch {
			case p.YearOf() <= year:
				filed[i].Before, filed[i].Then = c, p
			case filed[i].Ended == accepted:
				filed[i].After, filed[i].Since = c, p
			}
		}
	}
	return filed, nil
}
