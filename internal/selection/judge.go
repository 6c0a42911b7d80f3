package selection

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/store"
)

const (
	drawRound   = `UPDATE selection_round SET roll = $1, pool = $2, state = 'judging', drawn_at = $3 WHERE id = $4`
	setNumber   = `UPDATE selection_nomination SET number = $1 WHERE id = $2`
	judgedNow   = `SELECT ` + roundColumns + ` FROM selection_round WHERE state = 'judging' ORDER BY id`
	seatsOf     = `SELECT n.id, s.expert_id, s.ended_at FROM selection_seat s JOIN selection_nomination n ON n.id = s.nomination_id WHERE n.round_id = $1 ORDER BY n.id, s.expert_id`
	insertSeat  = `INSERT INTO selection_seat (nomination_id, expert_id, at, ended_at) VALUES ($1, $2, $3, 0)`
	endSeat     = `UPDATE selection_seat SET ended_at = $1 WHERE nomination_id = $2 AND expert_id = $3`
	takeSeat    = `UPDATE selection_seat SET ended_at = 0 WHERE nomination_id = $1 AND expert_id = $2`
	rankRound   = `UPDATE selection_round SET state = 'ranked', ranked_at = $1 WHERE id = $2`
	insertPlace = `INSERT INTO selection_place (nomination_id, round_id, place, total, exact, items, tie) VALUES ($1, $2, $3, $4, $5, $6, $7)`
)

// Draw ends the nominations: the seed becomes known, those that were accepted get their numbers and judges. It is done after
// the last day. Conflict where nobody was accepted, or too few experts may judge one of them.
func (s *Store) Draw(ctx context.Context, tx *store.Tx, roundID int64) (Round, error) {
	if err := tx.Lock(ctx, poolLock); err != nil { // before the round, as those who declare an interest take them
		return Round{}, err
	}
	r, err := locked(ctx, tx, roundID, Nominating)
	if err != nil {
		return Round{}, err
	}
	if s.Clock.Today() <= r.Closes {
		return Round{}, errs.Conflict(i18n.M("selection.still_open", r.Closes.String()))
	}
	in, err := s.closeNominations(ctx, tx, r.ID)
	if err != nil {
		return Round{}, err
	}
	pool, err := s.poolOf(ctx, tx, r)
	if err != nil {
		return Round{}, err
	}
	var keys, judges []string
	for _, n := range in {
		keys = append(keys, n.key())
	}
	r.pool = []int64{} // none is a list too
	for _, e := range pool {
		judges, r.pool = append(judges, e.key()), append(r.pool, e.ID)
	}
	r.Roll, r.DrawnAt, r.State = Roll(keys, judges), s.Clock.Millis(), Judging
	if _, err := tx.Exec(ctx, drawRound, r.Roll, asJSON(r.pool), r.DrawnAt, r.ID); err != nil {
		return Round{}, fmt.Errorf("draw round %d: %w", r.ID, err)
	}
	numbers := r.lots().BlindNumbers(keys)
	for _, n := range in {
		if _, err := tx.Exec(ctx, setNumber, numbers[n.key()], n.ID); err != nil {
			return Round{}, fmt.Errorf("number nomination %d: %w", n.ID, err)
		}
	}
	return r, s.seat(ctx, tx, r, true)
}

// closeNominations takes out what was not accepted and gives what was.
func (s *Store) closeNominations(ctx context.Context, tx *store.Tx, id int64) ([]Nomination, error) {
	all, err := nominations(ctx, tx, nominationsOf, id)
	if err != nil {
		return nil, err
	}
	var in []Nomination
	for _, n := range all {
		switch {
		case n.OutAt != 0:
		case n.State == Accepted:
			in = append(in, n)
		default:
			if err := s.exclude(ctx, tx, n.ID, NotDone, ""); err != nil {
				return nil, err
			}
		}
	}
	if len(in) == 0 {
		return nil, errs.Conflict(i18n.M("selection.nobody"))
	}
	return in, nil
}

// poolOf is the experts of a round's area who are in the pool now.
func (s *Store) poolOf(ctx context.Context, q store.Querier, r Round) ([]Expert, error) {
	all, err := experts(ctx, q)
	return slices.DeleteFunc(all, func(e Expert) bool { return e.Left != 0 || !s.Library.Areas().Within(r.Area, e.Area) }), err
}

// reseat settles anew who judges what, in every round that is being judged, after the pool or an interest changed. Where
// too few are left, seats stay empty, and the round cannot be ranked until somebody joins the pool.
func (s *Store) reseat(ctx context.Context, tx *store.Tx) error {
	rounds, err := store.List(ctx, tx, func(r *store.Rows) (Round, error) { return scanRound(r) }, judgedNow)
	if err != nil {
		return err
	}
	for _, r := range rounds {
		r, err = locked(ctx, tx, r.ID, Judging)
		if errs.KindOf(err) == errs.KindConflict { // it was ranked meanwhile
			continue
		}
		if err != nil {
			return err
		}
		if err := s.seat(ctx, tx, r, false); err != nil {
			return err
		}
	}
	return nil
}

// seat writes who judges what. full wants every seat to be taken.
func (s *Store) seat(ctx context.Context, tx *store.Tx, r Round, full bool) error {
	d, err := s.drawing(ctx, tx, r)
	if err != nil {
		return err
	}
	have := map[[2]int64]int64{} // when a seat ended, 0 for one that holds
	_, err = store.List(ctx, tx, func(rows *store.Rows) (struct{}, error) {
		var n, e, ended int64
		err := rows.Scan(&n, &e, &ended)
		have[[2]int64{n, e}] = ended
		return struct{}{}, err
	}, seatsOf, r.ID)
	if err != nil {
		return err
	}
	for _, n := range d.nominations {
		want, err := d.panel(n)
		if err != nil && full {
			return err
		}
		if err := s.setSeats(ctx, tx, n.ID, want, have); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) setSeats(ctx context.Context, tx *store.Tx, n int64, want []int64, have map[[2]int64]int64) error {
	for key, ended := range have {
		if key[0] == n && ended == 0 && !slices.Contains(want, key[1]) {
			if _, err := tx.Exec(ctx, endSeat, s.Clock.Millis(), n, key[1]); err != nil {
				return fmt.Errorf("end a seat: %w", err)
			}
		}
	}
	for _, e := range want {
		var err error
		switch ended, known := have[[2]int64{n, e}]; {
		case !known:
			_, err = tx.Exec(ctx, insertSeat, n, e, s.Clock.Millis())
		case ended != 0:
			_, err = tx.Exec(ctx, takeSeat, n, e)
		}
		if err != nil {
			return fmt.Errorf("take a seat: %w", err)
		}
	}
	return nil
}

// drawing is all that seats follow from.
type drawing struct {
	round       Round
	scheme      *Scheme
	rubric      *rubric.Rubric
	nominations []Nomination // that take part
	drawn, late []Judge      // of the draw, and who joined after it
	ids         map[string]int64
	interests   Interests
	view        fact.View
}

func (s *Store) drawing(ctx context.Context, q store.Querier, r Round) (*drawing, error) {
	d := &drawing{round: r, ids: map[string]int64{}}
	var err error
	if d.scheme, d.rubric, err = s.definition(ctx, q, r); err != nil {
		return nil, err
	}
	d.interests.Elsewhere = d.scheme.Elsewhere
	if d.interests.Declared, err = s.interests(ctx, q); err != nil {
		return nil, err
	}
	if d.view, err = s.all(ctx); err != nil {
		return nil, err
	}
	all, err := nominations(ctx, q, nominationsOf, r.ID)
	if err != nil {
		return nil, err
	}
	for _, n := range all {
		if n.OutAt == 0 && n.State == Accepted {
			n.Party = d.view.Registry().Canonical(n.Party)
			d.nominations = append(d.nominations, n)
		}
	}
	pool, err := s.poolOf(ctx, q, r)
	for _, e := range pool {
		e.Party = d.view.Registry().Canonical(e.Party)
		d.ids[e.key()] = e.ID
		if slices.Contains(r.pool, e.ID) {
			d.drawn = append(d.drawn, e.judge())
		} else {
			d.late = append(d.late, e.judge())
		}
	}
	return d, err
}

// panel is who judges a nomination. The error is Conflict where seats stay empty.
func (d *drawing) panel(n Nomination) ([]int64, error) {
	keys, err := d.round.lots().Panel(d.nominee(n), d.interests, d.scheme.Panel, d.drawn, d.late)
	ids := make([]int64, len(keys))
	for i, key := range keys {
		ids[i] = d.ids[key]
	}
	return ids, err
}

// nominee is a nomination as the draw sees one.
func (d *drawing) nominee(n Nomination) Nominee {
	out := Nominee{Key: n.key(), Party: n.Party, County: n.County}
	if e, ok := d.view.Enterprise(n.Party); ok {
		for _, name := range append([]string{e.Name}, e.FormerNames...) {
			out.Names = append(out.Names, party.FoldName(name))
		}
	}
	return out
}

// Review is what an expert has to judge.
type Review struct {
	Round  int64
	Scheme *Scheme
	Rubric *rubric.Rubric
	Blind  Blind
	Sheet  rubric.Sheet // what the expert gave last; nil before
	Remark string
}

// Place is where what an expert has typed and not given is kept.
func (v Review) Place() string { return fmt.Sprintf("judging/%d/%d", v.Round, v.Blind.Number) }

const seatsOfExpert = `SELECT n.id FROM selection_seat s JOIN selection_nomination n ON n.id = s.nomination_id
	WHERE s.expert_id = $1 AND s.ended_at = 0 AND n.out_at = 0 ORDER BY n.round_id, n.number`

// Reviews is what the expert of the scope has to judge now, in the order of the numbers. Nobody else sees any, and of a
// nomination nothing but what the scheme shows.
func (s *Store) Reviews(ctx context.Context, scope access.Scope) ([]Review, error) {
	var all []Review
	err := s.DB.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		all = nil
		e, err := me(ctx, q, scope)
		if errs.KindOf(err) == errs.KindNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		ids, err := store.List(ctx, q, func(r *store.Rows) (id int64, err error) { return id, r.Scan(&id) }, seatsOfExpert, e.ID)
		if err != nil {
			return err
		}
		known := map[int64]Review{} // what reviews of a round have in common; a round that is not judged has no rubric
		for _, id := range ids {
			if all, err = s.review(ctx, q, e, id, known, all); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

func (s *Store) review(ctx context.Context, q store.Querier, e Expert, id int64, known map[int64]Review, all []Review) ([]Review, error) {
	n, err := nomination(ctx, q, nominationByID, id)
	if err != nil {
		return nil, err
	}
	v, ok := known[n.Round]
	if !ok {
		r, err := round(ctx, q, n.Round)
		if err != nil {
			return nil, err
		}
		if v.Round = r.ID; r.State == Judging {
			if v.Scheme, v.Rubric, err = s.definition(ctx, q, r); err != nil {
				return nil, err
			}
		}
		known[n.Round] = v
	}
	if v.Rubric == nil {
		return all, nil
	}
	v.Blind = v.Scheme.Blind(n.Number, n.Material)
	given, err := lastSheet(ctx, q, n.ID, e.ID)
	if v.Sheet, v.Remark = given.points, given.remark; err != nil {
		return nil, err
	}
	return append(all, v), nil
}

const nominationByNumber = `SELECT ` + nominationColumns + ` FROM selection_nomination WHERE round_id = $1 AND number = $2`

const seatHeld = `SELECT COUNT(*) FROM selection_seat WHERE nomination_id = $1 AND expert_id = $2 AND ended_at = 0`

// seated is the nomination with a number that the expert judges; NotFound for any other.
func seated(ctx context.Context, q store.Querier, e Expert, roundID int64, number int) (Nomination, error) {
	n, err := nomination(ctx, q, nominationByNumber, roundID, number)
	if err != nil {
		return Nomination{}, err
	}
	var held int
	if err := q.QueryRow(ctx, seatHeld, n.ID, e.ID).Scan(&held); err != nil {
		return Nomination{}, fmt.Errorf("look for a seat: %w", err)
	}
	if held == 0 || n.OutAt != 0 || number == 0 {
		return Nomination{}, errs.NotFound("nomination", number)
	}
	return n, nil
}

const (
	insertSheet = `INSERT INTO selection_sheet (id, nomination_id, expert_id, at, points, remark) VALUES ($1, $2, $3, $4, $5, $6)`
	newestSheet = `SELECT points, remark FROM selection_sheet WHERE nomination_id = $1 AND expert_id = $2 ORDER BY id DESC LIMIT 1`
)

// Score keeps what the expert of the scope gives to the nomination with a number, while the round is judged; the last sheet
// counts.
func (s *Store) Score(ctx context.Context, scope access.Scope, roundID int64, number int, given rubric.Sheet, remark string) error {
	remark = strings.TrimSpace(remark)
	if utf8.RuneCountInString(remark) > maxReason || !utf8.ValidString(remark) {
		return errs.Invalid(i18n.M("selection.long_remark", maxReason))
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		e, err := me(ctx, tx, scope)
		if err != nil {
			return err
		}
		r, err := locked(ctx, tx, roundID, Judging)
		if err != nil {
			return err
		}
		n, err := seated(ctx, tx, e, roundID, number)
		if err != nil {
			return err
		}
		_, sheet, err := s.definition(ctx, tx, r)
		if err != nil {
			return err
		}
		if err := sheet.Check(given); err != nil {
			return err
		}
		id, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		audit.Note(tx, loggedSheet, id)
		_, err = tx.Exec(ctx, insertSheet, id, n.ID, e.ID, s.Clock.Millis(), asJSON(given), remark)
		return err
	})
	if err != nil {
		return fmt.Errorf("score number %d of round %d: %w", number, roundID, err)
	}
	return nil
}

type sheetRow struct {
	points rubric.Sheet
	remark string
}

// lastSheet is what an expert gave last; without points where nothing was given.
func lastSheet(ctx context.Context, q store.Querier, nomination, expert int64) (sheetRow, error) {
	var points string
	var out sheetRow
	err := q.QueryRow(ctx, newestSheet, nomination, expert).Scan(&points, &out.remark)
	if errors.Is(err, sql.ErrNoRows) {
		return sheetRow{}, nil
	}
	if err != nil {
		return sheetRow{}, fmt.Errorf("read a sheet: %w", err)
	}
	return out, fromJSON(points, &out.points)
}

// Rank ends the judging: scores are worked out from the sheets of those who hold the seats, and nominations get their
// places. Conflict while a seat is empty or a sheet is missing.
func (s *Store) Rank(ctx context.Context, tx *store.Tx, roundID int64) ([]Place, error) {
	r, err := locked(ctx, tx, roundID, Judging)
	if err != nil {
		return nil, err
	}
	d, err := s.drawing(ctx, tx, r)
	if err != nil {
		return nil, err
	}
	if len(d.nominations) == 0 {
		return nil, errs.Conflict(i18n.M("selection.nobody"))
	}
	entries, ids, missing := make([]Scored, 0, len(d.nominations)), map[string]int64{}, 0
	for _, n := range d.nominations {
		sheets, lacks, err := d.sheets(ctx, tx, n)
		if err != nil {
			return nil, err
		}
		if missing += lacks; lacks > 0 {
			continue
		}
		score, err := d.rubric.Score(sheets)
		if err != nil {
			return nil, err
		}
		entries, ids[n.key()] = append(entries, Scored{Key: n.key(), Score: score, At: n.At}), n.ID
	}
	if missing > 0 {
		return nil, errs.Conflict(i18n.M("selection.sheets_missing", missing))
	}
	places := Rank(entries, d.scheme.Ties, r.lots())
	for _, p := range places {
		items := map[string]string{}
		for id, mean := range p.Score.Items {
			items[id] = mean.RatString()
		}
		audit.Note(tx, loggedPlace, ids[p.Key])
		_, err := tx.Exec(ctx, insertPlace, ids[p.Key], r.ID, p.Rank, int64(p.Score.Total), p.Score.Exact.RatString(), asJSON(items), asJSON(p.Tie))
		if err != nil {
			return nil, fmt.Errorf("write a place: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, rankRound, s.Clock.Millis(), r.ID); err != nil {
		return nil, fmt.Errorf("rank round %d: %w", r.ID, err)
	}
	return places, nil
}

// sheets is what the panel of a nomination gave, and how many have not.
func (d *drawing) sheets(ctx context.Context, q store.Querier, n Nomination) (sheets []rubric.Sheet, missing int, err error) {
	panel, err := d.panel(n)
	if err != nil {
		return nil, 0, err
	}
	return d.given(ctx, q, n, panel)
}

func (d *drawing) given(ctx context.Context, q store.Querier, n Nomination, panel []int64) (sheets []rubric.Sheet, missing int, err error) {
	for _, e := range panel {
		given, err := lastSheet(ctx, q, n.ID, e)
		if err != nil {
			return nil, 0, err
		}
		if given.points == nil {
			missing++
			continue
		}
		sheets = append(sheets, given.points)
	}
	return sheets, missing, nil
}

// Progress is how far the judging of a round is.
type Progress struct{ Seats, Given, Empty int }

// Progress tells those who see the round's area; before the draw there are no seats.
func (s *Store) Progress(ctx context.Context, scope access.Scope, roundID int64) (p Progress, err error) {
	err = s.DB.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		p = Progress{}
		r, err := round(ctx, q, roundID)
		if err == nil && !scope.Sees(access.ReadCase, r.Area, 0) {
			err = errs.NotFound("round", roundID)
		}
		if err != nil || r.DrawnAt == 0 {
			return err
		}
		d, err := s.drawing(ctx, q, r)
		if err != nil {
			return err
		}
		panels := map[int64][]int64{} // as they are held: those of a round that was ranked do not change any more
		_, err = store.List(ctx, q, func(rows *store.Rows) (struct{}, error) {
			var n, e, ended int64
			err := rows.Scan(&n, &e, &ended)
			if ended == 0 {
				panels[n] = append(panels[n], e)
			}
			return struct{}{}, err
		}, seatsOf, r.ID)
		if err != nil {
			return err
		}
		for _, n := range d.nominations {
			panel := panels[n.ID]
			p.Seats, p.Empty = p.Seats+d.scheme.Panel, p.Empty+d.scheme.Panel-len(panel)
			sheets, _, err := d.given(ctx, q, n, panel)
			if err != nil {
				return err
			}
			p.Given += len(sheets)
		}
		return nil
	})
	return p, err
}

const placesOf = `SELECT nomination_id, place, total, exact, items, tie FROM selection_place WHERE round_id = $1 ORDER BY place`

// places reads the ranking of a round.
func places(ctx context.Context, q store.Querier, id int64) ([]Place, error) {
	return store.List(ctx, q, func(r *store.Rows) (Place, error) {
		var p Place
		var exact, items, tie string
		var nomination int64
		if err := r.Scan(&nomination, &p.Rank, &p.Score.Total, &exact, &items, &tie); err != nil {
			return Place{}, err
		}
		p.Key = Nomination{ID: nomination}.key()
		var means map[string]string
		if err := errors.Join(fromJSON(items, &means), fromJSON(tie, &p.Tie)); err != nil {
			return Place{}, err
		}
		p.Score.Items = map[string]*big.Rat{}
		for id, mean := range means {
			p.Score.Items[id], _ = new(big.Rat).SetString(mean)
		}
		p.Score.Exact, _ = new(big.Rat).SetString(exact)
		return p, nil
	}, placesOf, id)
}

// day is a legal day as it is stored.
func day(d *period.Day) int64 {
	if d == nil {
		return 0
	}
	return int64(*d)
}
