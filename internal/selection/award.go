package selection

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Speaker makes subjects and facts known with what is decided, in its transaction: a casework.Moment.
type Speaker interface {
	Mention(ctx context.Context, subs ...party.NewSubject) ([]int64, error)
	State(ctx context.Context, statements ...fact.Statement) error
	// Doubt has what was approved on the grounds of a subject looked at again.
	Doubt(ctx context.Context, subject int64, why string) error
}

// Result is a nomination with what became of it.
type Result struct {
	Nomination
	Outcome
}

// results is the whole ranking with what became of everybody.
func (s *Store) results(ctx context.Context, q store.Querier, r Round) ([]Result, error) {
	scheme, sheet, err := s.definition(ctx, q, r)
	if err != nil {
		return nil, err
	}
	all, err := nominations(ctx, q, nominationsOf, r.ID)
	if err != nil {
		return nil, err
	}
	by, out := map[string]Nomination{}, map[string]bool{}
	for _, n := range all {
		by[n.key()], out[n.key()] = n, n.OutAt != 0
	}
	ranked, err := places(ctx, q, r.ID)
	if err != nil {
		return nil, err
	}
	var rs []Result
	for _, o := range Choose(ranked, r.Quota, scheme.Waiting, sheet.Enough, out) {
		rs = append(rs, Result{by[o.Key], o})
	}
	return rs, nil
}

// Results is the ranking with what became of everybody. Who sees the round's area sees it once it is made; others see
// those nominations that they may see, and only from the notice on, and of a tie nothing where the other one is not theirs.
func (s *Store) Results(ctx context.Context, scope access.Scope, roundID int64) ([]Result, error) {
	view, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return nil, err
	}
	var out []Result
	err = s.DB.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		out = nil
		r, err := round(ctx, q, roundID)
		if err != nil {
			return err
		}
		whole := scope.Sees(access.ReadCase, r.Area, 0)
		if !whole && r.State != Noticed && r.State != Decided {
			return nil
		}
		all, err := s.results(ctx, q, r)
		if err != nil {
			return err
		}
		out = slices.DeleteFunc(all, func(o Result) bool { return !whole && !view.Can(access.ReadCase, o.Party) })
		for i := range out {
			if tie := out[i].Tie; tie != nil && !slices.ContainsFunc(out, func(o Result) bool { return o.Key == tie.With }) {
				out[i].Tie = nil
			}
		}
		return nil
	})
	return out, err
}

// Public is a line of a public notice: these fields and no others.
type Public struct {
	Enterprise string
	Person     string // "" where the enterprise itself is chosen
	County     string // code
	Since      period.Day
}

// Notice is who stands in the public notice of a round, in the order of names: neither places nor points.
func (s *Store) Notice(ctx context.Context, roundID int64) ([]Public, error) {
	view, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	var out []Public
	err = s.DB.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		out = nil
		r, err := round(ctx, q, roundID)
		if err != nil {
			return err
		}
		if r.State != Noticed && r.State != Decided {
			return errs.NotFound("notice of round", roundID)
		}
		all, err := s.results(ctx, q, r)
		if err != nil {
			return err
		}
		for _, o := range all {
			if e, ok := view.Enterprise(o.Party); ok && o.Standing == Chosen && o.Noticed != 0 {
				out = append(out, Public{e.Name, o.Item, o.County, o.Noticed})
			}
		}
		return nil
	})
	slices.SortFunc(out, func(a, b Public) int { return strings.Compare(a.Enterprise+a.Person, b.Enterprise+b.Person) })
	return out, err
}

const (
	noticeRound = `UPDATE selection_round SET state = 'notice' WHERE id = $1`
	setNoticed  = `UPDATE selection_nomination SET noticed = $1 WHERE id = $2`
	decideRound = `UPDATE selection_round SET state = 'decided', decided_at = $1, document = $2 WHERE id = $3`
)

// Publish puts those who are chosen into a public notice: the first time all of them, later those who moved up, as a correction of
// what was published before. Conflict where nobody is new in it.
func (s *Store) Publish(ctx context.Context, tx *store.Tx, roundID int64, by Act) ([]Result, error) {
	r, err := locked(ctx, tx, roundID, Ranked, Noticed)
	if err != nil {
		return nil, err
	}
	all, err := s.results(ctx, tx, r)
	if err != nil {
		return nil, err
	}
	var fresh []Result
	for i, o := range all {
		if o.Standing != Chosen || o.Noticed != 0 {
			continue
		}
		all[i].Noticed = s.Clock.Today()
		if _, err := tx.Exec(ctx, setNoticed, int64(all[i].Noticed), o.Nomination.ID); err != nil {
			return nil, fmt.Errorf("publish round %d: %w", r.ID, err)
		}
		fresh = append(fresh, all[i])
	}
	if len(fresh) == 0 {
		return nil, errs.Conflict(i18n.M("selection.nobody_new"))
	}
	if r.State == Noticed && by.Reason == "" {
		by.Reason = i18n.T{Lang: i18n.ZH}.S("selection.published_more", len(fresh))
	}
	if err := s.release(ctx, tx, r, all, by); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, noticeRound, r.ID); err != nil {
		return nil, fmt.Errorf("publish round %d: %w", r.ID, err)
	}
	return fresh, nil
}

// Title is a title that was given.
type Title struct {
	ID         int64
	Round      int64
	Nomination int64
	Party      int64
	Item       string // the person; "" for the enterprise itself
	Title      string // code
	Honour     int64  // the subject of its facts
	GivenOn    period.Day
	ValidUntil period.Day // the last day; 0 for no end
	EndedOn    period.Day // 0 while it was not revoked
	EndReason  string
}

// Holds says that the title is held on a day.
func (t Title) Holds(on period.Day) bool {
	return on >= t.GivenOn && (t.ValidUntil == 0 || on <= t.ValidUntil) && (t.EndedOn == 0 || on < t.EndedOn)
}

const (
	titleColumns = `id, nomination_id, round_id, party, item, title, honour, given_on, valid_until, ended_on, end_reason`
	titleByID    = `SELECT ` + titleColumns + ` FROM selection_title WHERE id = $1`
	titlesOf     = `SELECT ` + titleColumns + ` FROM selection_title WHERE party = $1 ORDER BY id DESC`
	titlesRound  = `SELECT ` + titleColumns + ` FROM selection_title WHERE round_id = $1 ORDER BY id`
	lockTitle    = `UPDATE selection_title SET ended_on = ended_on WHERE id = $1`
	insertTitle  = `INSERT INTO selection_title (` + titleColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '')`
	endTitle     = `UPDATE selection_title SET ended_on = $1, end_reason = $2 WHERE id = $3`
)

func titles(ctx context.Context, q store.Querier, query string, id int64) ([]Title, error) {
	return store.List(ctx, q, func(r *store.Rows) (t Title, err error) {
		return t, r.Scan(&t.ID, &t.Nomination, &t.Round, &t.Party, &t.Item, &t.Title, &t.Honour, &t.GivenOn, &t.ValidUntil,
			&t.EndedOn, &t.EndReason)
	}, query, id)
}

// Award ends a round: everybody who is chosen gets the title, as facts about an honour of the enterprise. Conflict where
// one of them did not stand in a notice for the working days of the scheme, or nobody is chosen.
func (s *Store) Award(ctx context.Context, tx *store.Tx, roundID int64, document string, by Speaker) ([]Title, error) {
	document = strings.TrimSpace(document)
	if document == "" || utf8.RuneCountInString(document) > maxLabel || !utf8.ValidString(document) {
		return nil, errs.Invalid(i18n.M("selection.no_document", maxLabel))
	}
	r, err := locked(ctx, tx, roundID, Noticed)
	if err != nil {
		return nil, err
	}
	scheme, _, err := s.definition(ctx, tx, r)
	if err != nil {
		return nil, err
	}
	all, err := s.results(ctx, tx, r)
	if err != nil {
		return nil, err
	}
	chosen := slices.DeleteFunc(all, func(o Result) bool { return o.Standing != Chosen })
	if len(chosen) == 0 {
		return nil, errs.Conflict(i18n.M("selection.nobody"))
	}
	if err := s.stoodInNotice(scheme, chosen); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, decideRound, s.Clock.Millis(), document, r.ID); err != nil {
		return nil, fmt.Errorf("decide round %d: %w", r.ID, err)
	}
	r.Document = document
	return s.give(ctx, tx, r, scheme, chosen, by)
}

// stoodInNotice wants the working days of the notice to have passed for each: the day after the notice began is the first.
func (s *Store) stoodInNotice(scheme *Scheme, chosen []Result) error {
	for _, o := range chosen {
		if o.Objected != 0 {
			return errs.Conflict(i18n.M("selection.objection_open", o.Rank))
		}
		if o.Noticed == 0 {
			return errs.Conflict(i18n.M("selection.not_in_notice", o.Rank))
		}
		if last, _ := s.NoticeEnds(scheme, o.Noticed); s.Clock.Today() <= last {
			return errs.Conflict(i18n.M("selection.notice_runs", o.Rank, scheme.Notice, last.String()))
		}
	}
	return nil
}

// NoticeEnds is the last day of a notice that began on a day; known says that the holidays up to it are published.
func (s *Store) NoticeEnds(scheme *Scheme, began period.Day) (last period.Day, known bool) {
	return s.Library.Calendar().AddWorkdays(began, scheme.Notice)
}

// give writes titles with their facts.
func (s *Store) give(ctx context.Context, tx *store.Tx, r Round, scheme *Scheme, chosen []Result, by Speaker) ([]Title, error) {
	first, err := tx.NextIDs(ctx, int64(len(chosen)))
	if err != nil {
		return nil, err
	}
	subs := make([]party.NewSubject, len(chosen))
	for i, o := range chosen {
		subs[i] = party.NewSubject{Kind: content.Honour, Parent: o.Party, Key: fmt.Sprintf("selection %d", o.Nomination.ID)}
	}
	honours, err := by.Mention(ctx, subs...)
	if err != nil {
		return nil, err
	}
	today := s.Clock.Today()
	out := make([]Title, len(chosen))
	var facts []fact.Statement
	for i, o := range chosen {
		t := Title{
			ID: first + int64(i), Round: r.ID, Nomination: o.Nomination.ID, Party: o.Party, Item: o.Item, Title: scheme.Title, Honour: honours[i],
			GivenOn: today, ValidUntil: period.Day(day(scheme.ValidUntil(today))),
		}
		out[i] = t
		audit.Note(tx, loggedTitle, t.ID)
		_, err := tx.Exec(ctx, insertTitle, t.ID, t.Nomination, t.Round, t.Party, t.Item, t.Title, t.Honour, int64(t.GivenOn), int64(t.ValidUntil))
		if err != nil {
			return nil, fmt.Errorf("give a title: %w", err)
		}
		facts = append(facts, s.honour(t, r.Document)...)
	}
	return out, by.State(ctx, facts...)
}

// honour is what is stated of a title.
func (s *Store) honour(t Title, document string) []fact.Statement {
	titles, _ := s.Library.CodeList("titles")
	entry, _ := titles.Entry(t.Title)
	all := []fact.Statement{
		{Def: "honour.title", Value: fact.Value{Text: t.Title}},
		{Def: "honour.awarded_on", Value: fact.Value{Num: int64(t.GivenOn)}},
		{Def: "honour.document", Value: fact.Value{Text: document}},
	}
	if entry.Level != "" {
		all = append(all, fact.Statement{Def: "honour.level", Value: fact.Value{Text: entry.Level}})
	}
	if t.Item != "" {
		all = append(all, fact.Statement{Def: "honour.item", Value: fact.Value{Text: t.Item}})
	}
	if t.ValidUntil != 0 {
		all = append(all, fact.Statement{Def: "honour.valid_until", Value: fact.Value{Num: int64(t.ValidUntil)}})
	}
	return stated(t, all...)
}

// stated makes values statements about the honour of a title.
func stated(t Title, all ...fact.Statement) []fact.Statement {
	for i := range all {
		all[i].Subject, all[i].State, all[i].Status = t.Honour, fact.Present, fact.Verified
	}
	return all
}

const insertRecheck = `INSERT INTO selection_recheck (id, title_id, case_id, at, actor, passed, note) VALUES ($1, $2, $3, $4, $5, $6, $7)`

// Recheck keeps that a title was looked at again, and whether it stood. One that did not is revoked by Revoke.
func (s *Store) Recheck(ctx context.Context, tx *store.Tx, id int64, passed bool, act Act) error {
	if _, err := s.held(ctx, tx, id, act); err != nil {
		return err
	}
	n, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	audit.Note(tx, loggedRecheck, n)
	if _, err := tx.Exec(ctx, insertRecheck, n, id, act.Case, s.Clock.Millis(), act.Actor, number(passed), strings.TrimSpace(act.Reason)); err != nil {
		return fmt.Errorf("check title %d: %w", id, err)
	}
	return nil
}

// held is a title that was not revoked, which nobody else changes before the transaction ends.
func (s *Store) held(ctx context.Context, tx *store.Tx, id int64, act Act) (Title, error) {
	if strings.TrimSpace(act.Reason) == "" || utf8.RuneCountInString(act.Reason) > maxReason {
		return Title{}, errs.Invalid(i18n.M("selection.need_reason"))
	}
	if _, err := tx.Exec(ctx, lockTitle, id); err != nil {
		return Title{}, fmt.Errorf("lock title %d: %w", id, err)
	}
	all, err := titles(ctx, tx, titleByID, id)
	switch {
	case err != nil:
		return Title{}, err
	case len(all) == 0:
		return Title{}, errs.NotFound("title", id)
	case all[0].EndedOn != 0:
		return Title{}, errs.Conflict(i18n.M("selection.revoked_already", all[0].EndedOn.String()))
	}
	return all[0], nil
}

// Revoke ends a title today: the day and the reason become facts about the honour, which otherwise stays as it was stated. What
// was approved on its grounds, such as an award that was paid, is to be looked at again.
func (s *Store) Revoke(ctx context.Context, tx *store.Tx, id int64, act Act, by Speaker) (Title, error) {
	t, err := s.held(ctx, tx, id, act)
	if err != nil {
		return Title{}, err
	}
	t.EndedOn, t.EndReason = s.Clock.Today(), strings.TrimSpace(act.Reason)
	if _, err := tx.Exec(ctx, endTitle, int64(t.EndedOn), t.EndReason, t.ID); err != nil {
		return Title{}, fmt.Errorf("revoke title %d: %w", id, err)
	}
	err = by.State(ctx, stated(t,
		fact.Statement{Def: "honour.ended_on", Value: fact.Value{Num: int64(t.EndedOn)}},
		fact.Statement{Def: "honour.end_reason", Value: fact.Value{Text: t.EndReason}},
	)...)
	if err != nil {
		return t, err
	}
	return t, by.Doubt(ctx, t.Honour, strings.TrimSpace(s.titleName(t.Title)+" "+t.Item)+"："+t.EndReason)
}

// titleName is the name of a title in the language of what is kept.
func (s *Store) titleName(code string) string {
	list, _ := s.Library.CodeList("titles")
	for _, e := range list.Entries {
		if e.Code == code {
			return e.Name.ZH
		}
	}
	return code
}

// Titles is those of an enterprise that the scope may see, the newest first.
func (s *Store) Titles(ctx context.Context, scope access.Scope, enterprise int64) ([]Title, error) {
	return s.titlesSeen(ctx, scope, titlesOf, enterprise)
}

// TitlesOf is those of a round that the scope may see.
func (s *Store) TitlesOf(ctx context.Context, scope access.Scope, roundID int64) ([]Title, error) {
	return s.titlesSeen(ctx, scope, titlesRound, roundID)
}

// TitleByID is one title; NotFound where the scope may not see it.
func (s *Store) TitleByID(ctx context.Context, scope access.Scope, id int64) (Title, error) {
	seen, err := s.titlesSeen(ctx, scope, titleByID, id)
	if err != nil {
		return Title{}, err
	}
	if len(seen) == 0 {
		return Title{}, errs.NotFound("title", id)
	}
	return seen[0], nil
}

func (s *Store) titlesSeen(ctx context.Context, scope access.Scope, query string, id int64) ([]Title, error) {
	view, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return nil, err
	}
	all, err := titles(ctx, s.DB.Read(), query, id)
	return slices.DeleteFunc(all, func(t Title) bool { return !view.Can(access.ReadFact, t.Party) }), err
}

// Looked is one look at a title.
type Looked struct {
	At     int64
	Actor  int64
	Case   int64
	Passed bool
	Note   string
}

const rechecksOf = `SELECT at, actor, case_id, passed, note FROM selection_recheck WHERE title_id = $1 ORDER BY id`

// Rechecks is every look at a title that the scope may see, the oldest first.
func (s *Store) Rechecks(ctx context.Context, scope access.Scope, id int64) ([]Looked, error) {
	seen, err := s.titlesSeen(ctx, scope, titleByID, id)
	if err != nil || len(seen) == 0 {
		return nil, err
	}
	return store.List(ctx, s.DB.Read(), func(r *store.Rows) (l Looked, err error) {
		var passed int
		err = r.Scan(&l.At, &l.Actor, &l.Case, &passed, &l.Note)
		l.Passed = passed == 1
		return l, err
	}, rechecksOf, id)
}
