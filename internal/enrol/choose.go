package enrol

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Choice is which enterprises are to have an account: those of an area that have none yet.
type Choice struct {
	Area string // and all below it
	Year int    // those above scale in this year; 0 for all
}

// aboveScale is the figure that Choice.Year is about.
const aboveScale = "ent.above_scale"

// chosen is the enterprises of a choice, and all that they depend on.
type (
	chosen    []party.Enterprise
	chosenKey struct {
		Choice
		scope     string
		seq, done int64 // up to which commit, and after how many deeds
	}
)

// Size is how much room the enterprises take on a shelf.
func (c chosen) Size() int { return len(c) }

// Choose is the enterprises of a choice to which the scope may give an account, by id. They are shared by who asks: it is
// worked out anew when a fact or an account has changed.
func (s *Service) Choose(ctx context.Context, scope access.Scope, c Choice) ([]party.Enterprise, error) {
	if !scope.Sees(access.IssueAccess, c.Area, 0) {
		return nil, errs.Forbidden("enrol the enterprises of area " + c.Area)
	}
	done, err := s.deps.Access.Deeds(ctx) // first: what is done in the meantime is another key's
	if err != nil {
		return nil, err
	}
	whole, err := s.deps.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	return s.chosen.Try(chosenKey{c, scope.Key(), whole.Seq(), done}, func() (chosen, error) {
		have, err := s.deps.Access.Enrolled(ctx)
		return s.choose(scope, c, whole, have), err
	})
}

func (s *Service) choose(scope access.Scope, c Choice, whole fact.View, have map[int64]int64) chosen {
	var list chosen
	scale := whole.Column(aboveScale, period.OfYear(c.Year))
	for e := range whole.Enterprises() {
		if !s.deps.Library.Areas().Within(e.Area, c.Area) || !scope.Sees(access.IssueAccess, e.Area, e.ID) || has(have, e) {
			continue
		}
		if row, ok := whole.Row(e.ID); c.Year != 0 && (!ok || row.At(scale).Value.Num != 1) {
			continue
		}
		list = append(list, e)
	}
	return slices.Clip(list)
}

// standing is what is known of all enterprises, and which of them have an account. What it gives reaches nobody but
// through a scope's IssueAccess.
func (s *Service) standing(ctx context.Context) (fact.View, map[int64]int64, error) {
	whole, err := s.deps.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return fact.View{}, nil, err
	}
	have, err := s.deps.Access.Enrolled(ctx)
	return whole, have, err
}

// has says whether an enterprise has an account, as itself or as one that was merged into it.
func has(have map[int64]int64, e party.Enterprise) bool {
	return have[e.ID] != 0 || slices.ContainsFunc(e.Merged, func(id int64) bool { return have[id] != 0 })
}

// line is one enterprise that a batch is about, or what stood where a list should have named one.
type line struct {
	party        int64
	words, place string
	outcome      Outcome
}

// maxLines is how many enterprises a list may name.
const maxLines = 100_000

// readList finds the enterprises that a workbook or a .csv names, row by row: by a credit code in any of its cells, else
// by a name that only one enterprise bears. Rows above the first that names one are taken for headings.
func (s *Service) readList(ctx context.Context, scope access.Scope, area, name string, body io.Reader) ([]line, error) {
	path, err := s.keep(body)
	if err != nil {
		return nil, err
	}
	defer os.Remove(path) //nolint:errcheck // a file of the system's own directory for such
	book, err := sheet.Open(path, name, s.deps.Limits)
	if err != nil {
		return nil, err
	}
	defer book.Close()
	whole, have, err := s.standing(ctx)
	if err != nil {
		return nil, err
	}
	r := listReader{scope: scope, area: area, tree: s.deps.Library.Areas(), reg: whole.Registry(), have: have, seen: map[int64]bool{}}
	for i := range book.Sheets() {
		r.begun = false
		err := book.Rows(ctx, i, func(row *sheet.Row) error { return r.row(row, book.Place(i, row.Num, -1)) })
		if err != nil {
			return nil, err
		}
	}
	if !slices.ContainsFunc(r.lines, func(l line) bool { return l.party != 0 }) {
		return nil, errs.Invalid(i18n.M("enrol.no_firms", name))
	}
	return r.lines, nil
}

// Trial is what OrderList would do: how many lines of each outcome, and those that no account would be made for. Those that
// one would be made for wait.
type Trial struct {
	Count map[Outcome]int
	Left  []Left
}

// TryList reads a list as OrderList does, and makes nothing.
func (s *Service) TryList(ctx context.Context, scope access.Scope, c Choice, name string, body io.Reader) (Trial, error) {
	if !scope.Sees(access.IssueAccess, c.Area, 0) {
		return Trial{}, errs.Forbidden("enrol the enterprises of area " + c.Area)
	}
	lines, err := s.readList(ctx, scope, c.Area, name, body)
	if err != nil {
		return Trial{}, err
	}
	t := Trial{Count: map[Outcome]int{}}
	for _, l := range lines {
		t.Count[l.outcome]++
		if l.outcome != Waiting {
			t.Left = append(t.Left, Left{Words: l.words, Place: l.place, Party: l.party, Outcome: l.outcome})
		}
	}
	return t, nil
}

// keep writes a list to a file, which the caller removes.
func (s *Service) keep(body io.Reader) (path string, err error) {
	limit := cmp.Or(max(s.deps.Limits.File, 0), sheet.DefaultLimits().File)
	f, err := os.CreateTemp("", "yanzhen-list-*")
	if err != nil {
		return "", fmt.Errorf("keep list: %w", err)
	}
	n, err := io.Copy(f, io.LimitReader(body, limit+1))
	if err = errors.Join(err, f.Close()); err == nil && n > limit {
		err = errs.Invalid(i18n.M("enrol.too_big", limit>>20))
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

type listReader struct {
	scope access.Scope
	area  string
	tree  *content.Tree
	reg   *party.Registry
	have  map[int64]int64
	seen  map[int64]bool
	begun bool // a row of this sheet named an enterprise
	lines []line
}

func (r *listReader) row(row *sheet.Row, place sheet.Place) error {
	id, words := r.find(row)
	if id == 0 && !r.begun || words == "" {
		return nil
	}
	r.begun = true
	if len(r.lines) == maxLines {
		return errs.Invalid(i18n.M("enrol.too_many", maxLines))
	}
	l := line{party: id, words: words, place: place.String(), outcome: Waiting}
	e, ok := r.reg.Enterprise(id)
	switch {
	case !ok:
		l.outcome = Unknown
	case !r.tree.Within(e.Area, r.area) || !r.scope.Sees(access.IssueAccess, e.Area, e.ID):
		// Not even that it exists is told: the line reads as one that names nobody.
		l.party, l.outcome = 0, Unknown
	case has(r.have, e) || r.seen[e.ID]:
		l.party, l.outcome = e.ID, Had
	default:
		l.party = e.ID
	}
	r.seen[l.party] = true
	r.lines = append(r.lines, l)
	return nil
}

// find is the enterprise that a row names, 0 for none or more than one, and the words that name it: its code, else the
// longest text.
func (r *listReader) find(row *sheet.Row) (id int64, words string) {
	for _, c := range row.Cells {
		if code, finding := party.ParseUSCC(c.Shown()); finding.Usable() {
			if ids := r.reg.ByUSCC(code); len(ids) == 1 {
				return ids[0], string(code)
			}
			words = string(code)
		}
	}
	if words != "" {
		return 0, words
	}
	for _, c := range row.Cells {
		text := strings.TrimSpace(c.Shown())
		if c.Type != sheet.Text || text == "" {
			continue
		}
		if len(text) > len(words) {
			words = text
		}
		if alike := r.reg.ByName(text); len(alike) == 1 {
			return alike[0].ID, text
		}
	}
	return 0, words
}
