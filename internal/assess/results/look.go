package results

import (
	"context"
	"fmt"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/store"
)

// LookState is what came of looking at an answer on the spot.
type LookState string

// The states: it is so, it is otherwise, nobody looked.
const (
	Confirmed LookState = "confirmed"
	Changed   LookState = "changed"
	Left      LookState = "left"
)

// Looked is one question of a rating on the spot.
type Looked struct {
	Def     content.FactDef
	State   LookState
	Had     bool // something was known before
	Was     fact.Value
	WasBy   string // authority
	WasAt   int64  // milliseconds UTC
	Found   fact.Value
	Counts  bool // what was found goes before what was known, by the order of authorities
	Secret  bool // personal or confidential: neither value is kept here
	Missing bool // the definition is no longer in the library
}

// Look is what a rating on the spot looked at.
type Look struct {
	Items                    []Looked // in the order of the questionnaire
	Confirmed, Changed, Left int
}

// Of is how many questions there were.
func (l *Look) Of() int { return len(l.Items) }

// Seen is how many of them somebody looked at.
func (l *Look) Seen() int { return l.Confirmed + l.Changed }

const (
	lookColumns = `event_id, n, case_id, party, def, year, state, was, was_by, was_at, found, counts`
	insertLook  = `INSERT INTO assess_look (` + lookColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	looksOfCase = `SELECT event_id, def, state, was, was_by, was_at, found, counts FROM assess_look
		WHERE case_id = $1 AND event_id = (SELECT MAX(event_id) FROM assess_look WHERE case_id = $1) ORDER BY n`
)

var loggedLook = &audit.Kind{
	Name: "assess.look",
	Parts: []audit.Part{{
		Name:  "look",
		Query: `SELECT event_id, n, case_id, party, def, year, state, was, was_by, was_at, found, counts FROM assess_look WHERE event_id = $1 ORDER BY n`,
	}},
	All:  `SELECT DISTINCT CAST(event_id AS VARCHAR(100)) AS ref FROM assess_look`,
	Case: `SELECT DISTINCT CAST(event_id AS VARCHAR(100)) AS ref FROM assess_look WHERE case_id = $1`,
}

// looking says of which model a rating is handed in.
type looking struct {
	Rubric  string `yaml:"rubric"`
	Edition string `yaml:"edition"`
}

// look keeps what the answers of a rating confirm, change and leave of what was known before it.
func (s *Store) look(ctx context.Context, tx *store.Tx, at *casework.Moment, args looking) error {
	r, err := s.modelAt(ctx, at, sealing{Rubric: args.Rubric, Edition: args.Edition})
	if err != nil {
		return err
	}
	f, err := r.Form(s.Library, assess.OnSite)
	if err != nil {
		return err
	}
	given, _, err := f.Kept(at.Event().Answers)
	if err != nil {
		return err
	}
	year := at.Case().Year(at.Today())
	asked := f.Check(form.At{Subject: at.Subject(), Year: year, On: at.Today()}, f.Entry(given), nil).Asked
	n := 0
	for _, field := range f.Fields() {
		if field.Fact == nil || field.Readonly || !asked[field.Name] {
			continue
		}
		x, err := s.lookedAt(ctx, at, field, given, year)
		if err != nil {
			return err
		}
		was, found := "", ""
		if !x.Secret {
			if x.Had {
				was = kept(x.Def, x.Was)
			}
			if x.State != Left {
				found = kept(x.Def, x.Found)
			}
		}
		counts := 0
		if x.Counts {
			counts = 1
		}
		n++
		if _, err := tx.Exec(ctx, insertLook, at.Event().ID, n, at.Case().ID, at.Case().Enterprise, x.Def.Code, year, string(x.State), was, x.WasBy, x.WasAt, found, counts); err != nil {
			return fmt.Errorf("keep what was looked at in case %d: %w", at.Case().ID, err)
		}
	}
	if n > 0 {
		audit.Note(tx, loggedLook, at.Event().ID)
	}
	return nil
}

// lookedAt is what an answer says of what was known before.
func (s *Store) lookedAt(ctx context.Context, at *casework.Moment, field *form.Field, given form.Answers, year int) (Looked, error) {
	x := Looked{Def: *field.Fact, State: Left, Secret: field.Fact.Sensitive()}
	cell := at.View().Value(at.Case().Enterprise, x.Def.Code, field.Period(year))
	if cell.State == fact.Present {
		origin, err := at.View().Origin(ctx, cell)
		if err != nil && errs.KindOf(err) != errs.KindNotFound {
			return x, fmt.Errorf("look up where %s comes from: %w", x.Def.Code, err)
		}
		x.Had, x.Was, x.WasBy, x.WasAt = true, cell.Value, origin.Source.Authority, origin.Source.ReceivedAt
	}
	answer, ok := given[field.Name]
	if !ok {
		return x, nil
	}
	x.Found.Num, x.Found.Text = answer.Value.Stored()
	x.State = Changed
	if x.Had && x.Found == x.Was {
		x.State = Confirmed
	}
	x.Counts = !x.Had || s.Library.Rank(x.Def, assess.OnSite) <= s.Library.Rank(x.Def, x.WasBy)
	return x, nil
}

// kept is a value as a row keeps it.
func kept(def content.FactDef, v fact.Value) string {
	if def.Type.IsText() {
		return v.Text
	}
	return strconv.FormatInt(v.Num, 10)
}

// value is a value as a row keeps it; ok is false where there is none.
func value(def content.FactDef, text string) (v fact.Value, ok bool) {
	if def.Type.IsText() {
		v.Text = text
		return v, text != ""
	}
	n, err := strconv.ParseInt(text, 10, 64)
	v.Num = n
	return v, err == nil
}

// Look is what was looked at on the spot for a sealed result that the view shows, item by item; empty where it was no rating on the spot, or
// nobody kept what was looked at.
func (s *Store) Look(ctx context.Context, view fact.View, x *Sealed) (Look, error) {
	var out Look
	if x.How != OnSite {
		return out, nil
	}
	if !view.Can(access.ReadFact, x.Party) {
		return out, errs.NotFound("result", x.ID)
	}
	items, err := store.List(ctx, s.DB.Read(), func(rows *store.Rows) (l Looked, err error) {
		var event int64
		var def, state, was, found string
		var counts int
		if err := rows.Scan(&event, &def, &state, &was, &l.WasBy, &l.WasAt, &found, &counts); err != nil {
			return l, err
		}
		var ok bool
		l.State, l.Counts = LookState(state), counts == 1
		if l.Def, ok = s.Library.FactDef(def); !ok {
			l.Def, l.Missing = content.FactDef{Code: def}, true
			return l, nil
		}
		l.Secret = l.Def.Sensitive()
		l.Was, l.Had = value(l.Def, was)
		l.Found, _ = value(l.Def, found)
		return l, nil
	}, looksOfCase, x.Case)
	if err != nil {
		return out, fmt.Errorf("read what was looked at in case %d: %w", x.Case, err)
	}
	out.Items = items
	for _, l := range items {
		switch l.State {
		case Confirmed:
			out.Confirmed++
		case Changed:
			out.Changed++
		default:
			out.Left++
		}
	}
	return out, nil
}
