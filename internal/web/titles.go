package web

import (
	"context"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/selection"
)

// titleRow is a title of an enterprise in words.
type titleRow struct {
	selection.Title
	Name, Round, State string
	Holds              bool
	Case               int64 // in which it is looked at again, 0 where the visitor sees none
	Looks              []lookRow
}

// lookRow is a look at a title.
type lookRow struct {
	selection.Looked
	By string
}

// standRow is where an enterprise stands on a ladder.
type standRow struct {
	L             *selection.Ladder
	On, Next      string
	Enter, Lacks  []conditionRow
	Near, In, Was bool // in the pool; was in it before
	Stays         []stayRow
}

// stayRow is what happened in a pool, in words.
type stayRow struct{ At, What, Step, Reason, By string }

// honours is what an enterprise was nominated for and given, and where it stands on the ladders.
type honours struct {
	Titles      []titleRow
	Nominations []nominationOwn
	Stands      []standRow
}

// nominationOwn is a nomination with the round that it is for.
type nominationOwn struct {
	nominationRow
	Round string
}

func (s *server) honoursOf(ctx context.Context, v *visit, view fact.View, firm int64) (honours, error) {
	var h honours
	var err error
	if h.Titles, err = s.titleRows(ctx, v, view, firm); err != nil {
		return h, err
	}
	all, err := s.Selections.NominationsOf(ctx, v.scope, firm)
	if err != nil {
		return h, err
	}
	for _, n := range all {
		own := nominationOwn{nominationRow: s.nominationRow(v.t, view, n)}
		if own.Round, err = s.selectionName(ctx, v, n.Round); err != nil {
			return h, err
		}
		results, err := s.Selections.Results(ctx, v.scope, n.Round)
		if err != nil {
			return h, err
		}
		if i := slices.IndexFunc(results, func(o selection.Result) bool { return o.Nomination.ID == n.ID }); i >= 0 && n.OutAt == 0 {
			own.StateText = v.t.Msg(results[i].Standing.Msg())
		}
		h.Nominations = append(h.Nominations, own)
	}
	h.Stands, err = s.standRows(ctx, v, view, firm)
	return h, err
}

func (s *server) titleRows(ctx context.Context, v *visit, view fact.View, firm int64) ([]titleRow, error) {
	all, err := s.Selections.Titles(ctx, v.scope, firm)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	kept, _, err := s.Cases.Cases(ctx, access.SystemScope(), casework.Filter{Workflow: selection.TitleFlow, Enterprise: firm}, 0, listRows)
	if err != nil {
		return nil, err
	}
	rows := make([]titleRow, len(all))
	for i, x := range all {
		if rows[i], err = s.titleRow(ctx, v, x); err != nil {
			return nil, err
		}
		for _, c := range kept {
			if c.Data["title"].Int() == x.ID && view.Can(access.ReadCase, firm) {
				rows[i].Case = c.ID
			}
		}
	}
	return rows, nil
}

func (s *server) titleRow(ctx context.Context, v *visit, x selection.Title) (titleRow, error) {
	t, today := v.t, s.Clock.Today()
	row := titleRow{Title: x, Name: x.Title, Holds: x.Holds(today), State: t.S("selectionpage.held")}
	titles, _ := s.Library.CodeList("titles")
	if e, ok := titles.Entry(x.Title); ok {
		row.Name = t.Text(e.Name)
	}
	switch {
	case x.EndedOn != 0:
		row.State = t.S("selectionpage.revoked", x.EndedOn.String())
	case !row.Holds:
		row.State = t.S("selectionpage.expired")
	}
	var err error
	if row.Round, err = s.selectionName(ctx, v, x.Round); err != nil {
		return row, err
	}
	looks, err := s.Selections.Rechecks(ctx, v.scope, x.ID)
	names := map[int64]string{}
	for _, l := range looks {
		look := lookRow{Looked: l}
		if l.Actor != 0 {
			if look.By, err = s.personName(ctx, names, l.Actor); err != nil {
				return row, err
			}
		}
		row.Looks = append(row.Looks, look)
	}
	return row, err
}

func (s *server) standRows(ctx context.Context, v *visit, view fact.View, firm int64) ([]standRow, error) {
	stays, err := s.Selections.History(ctx, v.scope, firm)
	if err != nil {
		return nil, err
	}
	var rows []standRow
	for _, l := range s.Selections.Set.Ladders() {
		row, err := s.standRow(ctx, v, view, l, firm)
		if err != nil {
			return nil, err
		}
		for _, stay := range stays {
			if stay.Ladder == l.Ladder {
				row.In, row.Was = row.In || stay.Gone == 0, row.Was || stay.Gone != 0
				if row.Stays, err = s.stayRows(ctx, v.t, l, row.Stays, stay.Events); err != nil {
					return nil, err
				}
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (s *server) standRow(ctx context.Context, v *visit, view fact.View, l *selection.Ladder, firm int64) (standRow, error) {
	row := standRow{L: l, On: v.t.S("selectionpage.no_step")}
	at, err := s.Selections.Advise(ctx, v.scope, l.Ladder, firm)
	if err != nil {
		return row, err
	}
	if at.On != nil {
		row.On = v.t.Text(at.On.Name)
	}
	if at.Next != nil {
		row.Next = v.t.Text(at.Next.Name)
	}
	row.Near, row.Enter, row.Lacks = at.Near, s.conditionRows(v.t, view, firm, at.Enter), s.conditionRows(v.t, view, firm, at.Lacks)
	return row, nil
}

func (s *server) stayRows(ctx context.Context, t i18n.T, l *selection.Ladder, rows []stayRow, events []selection.PoolEvent) ([]stayRow, error) {
	names := map[int64]string{}
	for _, e := range events {
		row := stayRow{At: instant(e.At), What: t.S("selectionpage.pool_" + e.Kind), Step: t.S("selectionpage.no_step"), Reason: e.Reason}
		if step, _, ok := l.Step(e.Step); ok {
			row.Step = t.Text(step.Name)
		}
		if e.Actor != 0 {
			var err error
			if row.By, err = s.personName(ctx, names, e.Actor); err != nil {
				return nil, err
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// selectionPart is what a case of a selection, a title or a pool shows besides what every case does.
type selectionPart struct {
	Round     string // address of the round
	RoundName string
	Checks    []conditionRow
	Read      []blindPart // what experts read of it
	Title     *titleRow
	Stand     *standRow
}

// caseSelection fills in what concerns a selection, in a case that is about one. Which title or ladder it is about stands in
// what the case remembers, which is no secret of whoever reads the case.
func (s *server) caseSelection(ctx context.Context, v *visit, view fact.View, d *casePageData) error {
	switch d.W.Workflow {
	case selection.RoundFlow:
		return s.caseInRound(ctx, v, view, d, d.ID)
	case selection.NominationFlow:
		return s.caseInRound(ctx, v, view, d, d.Batch)
	case selection.TitleFlow, selection.PoolFlow:
		c, _, err := s.Cases.Get(ctx, access.SystemScope(), d.ID)
		if err != nil {
			return err
		}
		d.Selection = &selectionPart{}
		if d.W.Workflow == selection.TitleFlow {
			return s.caseTitle(ctx, v, d, c.Data["title"].Int())
		}
		return s.caseStand(ctx, v, view, d, c.Data["ladder"].Text())
	}
	return nil
}

// caseStand is where the enterprise of a case stands on a ladder.
func (s *server) caseStand(ctx context.Context, v *visit, view fact.View, d *casePageData, ladder string) error {
	l, err := s.Selections.Set.Ladder(ladder)
	if errs.KindOf(err) == errs.KindNotFound { // it was taken out of content since
		return nil
	}
	if err != nil {
		return err
	}
	stand, err := s.standRow(ctx, v, view, l, d.Enterprise)
	d.Selection.Stand = &stand
	return err
}

// caseInRound is the round of a case, and of a nomination how it stands.
func (s *server) caseInRound(ctx context.Context, v *visit, view fact.View, d *casePageData, of int64) error {
	r, err := s.selectionOfCase(ctx, v, of)
	if errs.KindOf(err) == errs.KindNotFound { // not announced yet
		return nil
	}
	if err != nil {
		return err
	}
	row, err := s.selectionRow(ctx, v.t, r)
	if err != nil {
		return err
	}
	d.Selection = &selectionPart{Round: selectionPath(r.ID), RoundName: row.Name}
	if of == d.ID {
		return nil
	}
	d.Choices = slices.DeleteFunc(d.Choices, func(x choice) bool { // with the form of other selections
		return x.ActionItem.Form != "" && x.ActionItem.Form != row.Scheme.Form
	})
	return s.caseNomination(ctx, v, view, d, row)
}

// selectionOfCase is the round whose case has an id; NotFound before it was announced.
func (s *server) selectionOfCase(ctx context.Context, v *visit, id int64) (selection.Round, error) {
	all, err := s.Selections.Rounds(ctx, v.scope)
	if err != nil {
		return selection.Round{}, err
	}
	i := slices.IndexFunc(all, func(r selection.Round) bool { return r.Case == id })
	if i < 0 {
		return selection.Round{}, errs.NotFound("round of case", id)
	}
	return all[i], nil
}

// caseNomination is how the enterprise stands to the conditions, and what of its nomination experts read.
func (s *server) caseNomination(ctx context.Context, v *visit, view fact.View, d *casePageData, r selectionRow) error {
	p := d.Selection
	checks, err := s.Selections.Eligible(ctx, v.scope, r.Round, d.Enterprise)
	if err != nil {
		return err
	}
	p.Checks = s.conditionRows(v.t, view, d.Enterprise, checks)
	own, err := s.Selections.NominationsOf(ctx, v.scope, d.Enterprise)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(own, func(n selection.Nomination) bool { return n.Case == d.ID })
	if i < 0 { // not handed in yet
		return nil
	}
	for k, c := range checks {
		for _, m := range own[i].Checks {
			if m.ID == c.ID {
				p.Checks[k].Marked = v.t.Msg(m.State.Msg())
			}
		}
	}
	p.Read = blindParts(v.t, r.Scheme, r.Scheme.Blind(0, own[i].Material))
	return nil
}

func (s *server) caseTitle(ctx context.Context, v *visit, d *casePageData, id int64) error {
	all, err := s.Selections.Titles(ctx, v.scope, d.Enterprise)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(x selection.Title) bool { return x.ID == id })
	if i < 0 {
		return nil
	}
	row, err := s.titleRow(ctx, v, all[i])
	d.Selection.Title, d.Selection.Round, d.Selection.RoundName = &row, selectionPath(all[i].Round), row.Round
	return err
}
