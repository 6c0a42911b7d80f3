package subsidy

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/lot"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Appointing experts and audit firms: who may be, who may not and why, and drawing experts by lot.

// Candidate is an account that holds a role where a case lies.
type Candidate struct {
	Account int64
	Name    string
	Bar     i18n.Msg // why the case may not be assigned to it; zero where it may
}

// Candidates is who holds a role where a case lies, with who may not be appointed and why. It is for who handles the case.
func (s *Store) Candidates(ctx context.Context, scope access.Scope, id int64, role access.Role) ([]Candidate, error) {
	c, _, err := s.cases.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if !scope.Sees(access.HandleCase, c.Area, 0) {
		return nil, errs.Forbidden(fmt.Sprintf("appoint somebody in case %d", id))
	}
	return s.candidates(ctx, s.DB.Read(), c, role)
}

func (s *Store) candidates(ctx context.Context, q store.Querier, c casework.Case, role access.Role) ([]Candidate, error) {
	if role != access.Expert && role != access.AuditFirm {
		return nil, errs.Invalid(i18n.M("subsidy.not_appointed", i18n.M("access.role."+string(role))))
	}
	reach := access.Reach{Roles: []access.Role{role}}
	for _, n := range s.Library.Areas().Path(c.Area) {
		reach.Areas = append(reach.Areas, n.Code)
	}
	accounts, err := s.Accounts.Receivers(ctx, q, reach)
	if err != nil {
		return nil, err
	}
	bars, err := s.bars(ctx, q, c, role)
	if err != nil {
		return nil, err
	}
	all := make([]Candidate, len(accounts))
	for i, a := range accounts {
		all[i] = Candidate{Account: a.ID, Name: a.Name, Bar: bars[a.ID]}
	}
	return all, nil
}

// bars is who may not be appointed, and why: who acts for the enterprise, who has declared a conflict of interest in the case,
// and who has acted in it as somebody else.
func (s *Store) bars(ctx context.Context, q store.Querier, c casework.Case, role access.Role) (map[int64]i18n.Msg, error) {
	view, err := s.system(ctx)
	if err != nil {
		return nil, err
	}
	bars := map[int64]i18n.Msg{}
	events, err := s.cases.Track(ctx, access.SystemScope(), c.ID)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if e.Actor != 0 && e.Who != string(role) {
			bars[e.Actor] = i18n.M("subsidy.bar_acted")
		}
	}
	given, err := scores(ctx, q, c.ID)
	if err != nil {
		return nil, err
	}
	for _, x := range given {
		if x.Conflict && role == access.Expert {
			bars[x.Account] = i18n.M("subsidy.bar_conflict", x.Remark)
		}
	}
	firm := []int64{c.Enterprise}
	if e, ok := view.Registry().Enterprise(c.Enterprise); ok {
		firm = append(firm, e.Merged...)
	}
	own, err := s.Accounts.Receivers(ctx, q, access.Reach{Parties: firm})
	for _, a := range own {
		bars[a.ID] = i18n.M("subsidy.bar_own")
	}
	return bars, err
}

// appointed checks who was picked: accounts of the role for whom nothing speaks against it.
func (s *Store) appointed(ctx context.Context, q store.Querier, c casework.Case, role access.Role, picked []int64) error {
	all, err := s.candidates(ctx, q, c, role)
	if err != nil {
		return err
	}
	for _, account := range picked {
		i := slices.IndexFunc(all, func(x Candidate) bool { return x.Account == account })
		if i < 0 {
			return errs.Invalid(i18n.M("subsidy.pick_unknown", account, i18n.M("access.role."+string(role))))
		}
		if x := all[i]; !x.Bar.IsZero() {
			return errs.Invalid(i18n.M("subsidy.pick_barred", x.Name, x.Bar))
		}
	}
	return nil
}

// Left is an account that a drawing left out, and why.
type Left struct {
	Account int64    `json:"account"`
	Why     i18n.Msg `json:"why"`
}

// Draw is a drawing of experts by lot. Before it was drawn there is only the commitment to its seed.
type Draw struct {
	N          int    // of the case, from 1
	Seed       string // "" before it was drawn
	Commitment string // SHA-256 of the seed
	At         int64  // when it was committed to, ms
	DrawnAt    int64  // 0 before
	By         int64
	Reason     string // why it was drawn again
	Pool       []int64
	Left       []Left
	Roll       string
	Drawn      []int64
}

// Purpose is what the lots of the drawing are drawn for.
func (d Draw) Purpose(id int64) string { return fmt.Sprintf("experts of case %d, draw %d", id, d.N) }

// DrawOrder asks for a drawing: how many, and who is left out for which reason.
type DrawOrder struct {
	Size    int
	Without map[int64]string
	Reason  string // why it is drawn again; of the first drawing there is none
}

const (
	drawColumns = `n, seed, commitment, at, drawn_at, by_account, reason, pool, left_out, roll, drawn`
	drawsOf     = `SELECT ` + drawColumns + ` FROM subsidy_draw WHERE case_id = $1 ORDER BY n`
	nextDraw    = `SELECT ` + drawColumns + ` FROM subsidy_draw WHERE case_id = $1 AND drawn_at = 0 ORDER BY n LIMIT 1`
	countDraws  = `SELECT COUNT(*) FROM subsidy_draw WHERE case_id = $1`
	insertDraw  = `INSERT INTO subsidy_draw (case_id, n, seed, commitment, at, drawn_at, by_account, reason, pool, left_out, roll, drawn) VALUES ($1, $2, $3, $4, $5, 0, 0, '', '[]', '[]', '', '[]')`
	setDraw     = `UPDATE subsidy_draw SET drawn_at = $1, by_account = $2, reason = $3, pool = $4, left_out = $5, roll = $6, drawn = $7 WHERE case_id = $8 AND n = $9 AND drawn_at = 0`
)

// maxPanel is how many experts one case may have.
const maxPanel = 30

// commitDraw draws the seed of the next drawing of a case, and keeps what is known of it.
func (s *Store) commitDraw(ctx context.Context, tx *store.Tx, id int64) error {
	seed, err := lot.NewSeed(s.Random)
	if err != nil {
		return err
	}
	var n int
	if err := tx.QueryRow(ctx, countDraws, id).Scan(&n); err != nil {
		return fmt.Errorf("count drawings: %w", err)
	}
	_, err = tx.Exec(ctx, insertDraw, id, n+1, seed, lot.Commitment(seed), s.Clock.Millis())
	return noted("commit to a drawing", err)
}

func scanDraw(row interface{ Scan(...any) error }) (d Draw, err error) {
	var pool, left, drawn string
	if err := row.Scan(&d.N, &d.Seed, &d.Commitment, &d.At, &d.DrawnAt, &d.By, &d.Reason, &pool, &left, &d.Roll, &drawn); err != nil {
		return d, err
	}
	return d, errors.Join(json.Unmarshal([]byte(pool), &d.Pool), json.Unmarshal([]byte(left), &d.Left), json.Unmarshal([]byte(drawn), &d.Drawn))
}

// Draws is the drawings of a case, the last of them only committed to, for who handles or audits it; a seed is not told before
// it was drawn by.
func (s *Store) Draws(ctx context.Context, scope access.Scope, id int64) ([]Draw, error) {
	c, _, err := s.cases.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if !handles(scope, c) {
		return nil, errs.NotFound("drawings of case", id)
	}
	rows, err := s.DB.Read().Query(ctx, drawsOf, id)
	if err != nil {
		return nil, fmt.Errorf("read drawings: %w", err)
	}
	defer rows.Close()
	var all []Draw
	for rows.Next() {
		d, err := scanDraw(rows)
		if err != nil {
			return nil, fmt.Errorf("read drawings: %w", err)
		}
		if d.DrawnAt == 0 {
			d.Seed = ""
		}
		all = append(all, d)
	}
	return all, noted("read drawings", rows.Err())
}

// handles says that a scope handles or audits a case.
func handles(scope access.Scope, c casework.Case) bool {
	return scope.Sees(access.HandleCase, c.Area, 0) || scope.As(access.Auditor).Sees(access.ReadCase, c.Area, 0)
}

// DrawExperts draws experts of a case by lot, for whoever may assign it now, and enters them as picked. Those for whom
// something speaks against it are left out with the reason, and so are those whom the order leaves out. Each drawing is kept;
// one after the first needs its reason.
func (s *Store) DrawExperts(ctx context.Context, scope access.Scope, id int64, order DrawOrder) (Draw, error) {
	choices, err := s.cases.Choices(ctx, scope, id)
	if err != nil {
		return Draw{}, err
	}
	if !slices.ContainsFunc(choices, func(x casework.Choice) bool { return x.Action.Does("subsidy.assign") }) {
		return Draw{}, errs.Conflict(i18n.M("subsidy.no_draw_now"))
	}
	if order.Size < 1 || order.Size > maxPanel {
		return Draw{}, errs.Invalid(i18n.M("subsidy.draw_size", maxPanel))
	}
	c, _, err := s.cases.Get(ctx, scope, id)
	if err != nil {
		return Draw{}, err
	}
	var d Draw
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if d, err = s.draw(ctx, tx, c, scope.Account(), order); err != nil {
			return err
		}
		if err := s.commitDraw(ctx, tx, id); err != nil {
			return err
		}
		return s.put(ctx, tx, id, scope.Account(), Picked{Accounts: d.Drawn})
	})
	if err != nil {
		return Draw{}, err
	}
	return d, nil
}

func (s *Store) draw(ctx context.Context, tx *store.Tx, c casework.Case, by int64, order DrawOrder) (Draw, error) {
	d, err := scanDraw(tx.QueryRow(ctx, nextDraw, c.ID))
	if errors.Is(err, sql.ErrNoRows) { // of an application from before drawings
		if err := s.commitDraw(ctx, tx, c.ID); err != nil {
			return d, err
		}
		d, err = scanDraw(tx.QueryRow(ctx, nextDraw, c.ID))
	}
	if err != nil {
		return d, fmt.Errorf("read drawing: %w", err)
	}
	if d.Reason = strings.TrimSpace(order.Reason); d.N > 1 && d.Reason == "" {
		return d, errs.Invalid(i18n.M("subsidy.draw_again"))
	}
	if err := limited("subsidy.field_reason", d.Reason, maxText); err != nil {
		return d, err
	}
	if err := s.pool(ctx, tx, c, order, &d); err != nil {
		return d, err
	}
	if len(d.Pool) < order.Size {
		return d, errs.Conflict(i18n.M("subsidy.draw_few", order.Size, len(d.Pool), len(d.Left)))
	}
	keys, out := keysOf(d.Pool), []string{}
	for _, x := range d.Left {
		out = append(out, strconv.FormatInt(x.Account, 10))
	}
	d.Roll = lot.Roll(lot.Group{Name: "case", Keys: []string{strconv.FormatInt(c.ID, 10)}}, lot.Group{Name: "experts", Keys: keys}, lot.Group{Name: "left out", Keys: out})
	for _, key := range (lot.Draw{Seed: d.Seed, Roll: d.Roll}).Order(d.Purpose(c.ID), keys)[:order.Size] {
		account, err := strconv.ParseInt(key, 10, 64)
		if err != nil {
			return d, err
		}
		d.Drawn = append(d.Drawn, account)
	}
	d.DrawnAt, d.By = s.Clock.Millis(), by
	pool, e1 := json.Marshal(d.Pool)
	left, e2 := json.Marshal(d.Left)
	drawn, e3 := json.Marshal(d.Drawn)
	if err := errors.Join(e1, e2, e3); err != nil {
		return d, err
	}
	n, err := tx.Exec(ctx, setDraw, d.DrawnAt, by, d.Reason, string(pool), string(left), d.Roll, string(drawn), c.ID, d.N)
	if err == nil && n != 1 {
		err = errs.Conflict(i18n.M("subsidy.drawn_already"))
	}
	return d, noted("keep a drawing", err)
}

// pool is among whom is drawn, and who is left out for which reason.
func (s *Store) pool(ctx context.Context, tx *store.Tx, c casework.Case, order DrawOrder, d *Draw) error {
	all, err := s.candidates(ctx, tx, c, access.Expert)
	if err != nil {
		return err
	}
	for account := range order.Without {
		if !slices.ContainsFunc(all, func(x Candidate) bool { return x.Account == account }) {
			return errs.Invalid(i18n.M("subsidy.pick_unknown", account, i18n.M("access.role."+string(access.Expert))))
		}
	}
	d.Pool, d.Left = []int64{}, []Left{}
	for _, x := range all {
		why, without := order.Without[x.Account]
		why = strings.TrimSpace(why)
		switch {
		case !x.Bar.IsZero():
			d.Left = append(d.Left, Left{x.Account, x.Bar})
		case without && why == "":
			return errs.Invalid(i18n.M("subsidy.left_reason", x.Name))
		case without:
			if err := limited("subsidy.field_reason", why, maxName); err != nil {
				return err
			}
			d.Left = append(d.Left, Left{x.Account, i18n.M("subsidy.left_said", why)})
		default:
			d.Pool = append(d.Pool, x.Account)
		}
	}
	return nil
}

func keysOf(accounts []int64) []string {
	keys := make([]string, len(accounts))
	for i, a := range accounts {
		keys[i] = strconv.FormatInt(a, 10)
	}
	return keys
}
