package selection

import (
	"context"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/lot"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Seat is who judged what, or was to.
type Seat struct {
	Nomination int64
	Number     int
	Expert     int64
	Label      string
	At         int64
	Ended      int64 // since when it does not count, 0 while it does
	Given      bool
	Sheet      rubric.Sheet // from the ranking on
	Remark     string       // likewise
}

const seatsFull = `SELECT n.id, n.number, e.id, e.label, s.at, s.ended_at FROM selection_seat s
	JOIN selection_nomination n ON n.id = s.nomination_id JOIN selection_expert e ON e.id = s.expert_id
	WHERE n.round_id = $1 ORDER BY n.number, e.id`

// Seats tells those who see the round's area who judged what, those who lost their seat too. What they gave is not told
// before the ranking is made, so that nobody can work towards it.
func (s *Store) Seats(ctx context.Context, scope access.Scope, roundID int64) ([]Seat, error) {
	var all []Seat
	err := s.DB.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		r, err := round(ctx, q, roundID)
		if err == nil && !scope.Sees(access.ReadCase, r.Area, 0) {
			err = errs.NotFound("round", roundID)
		}
		if err != nil {
			return err
		}
		all, err = store.List(ctx, q, func(rows *store.Rows) (t Seat, err error) {
			return t, rows.Scan(&t.Nomination, &t.Number, &t.Expert, &t.Label, &t.At, &t.Ended)
		}, seatsFull, roundID)
		for i := range all {
			given, err := lastSheet(ctx, q, all[i].Nomination, all[i].Expert)
			if err != nil {
				return err
			}
			if all[i].Given = given.points != nil; r.RankedAt != 0 {
				all[i].Sheet, all[i].Remark = given.points, given.remark
			}
		}
		return err
	})
	return all, err
}

// Drawn is what the lots of a round were drawn of: with the seed, anybody can draw them again.
type Drawn struct {
	Nominations []int64 // by number of their records, in the order of the numbers that experts know them by
	Experts     []int64 // of the pool on the day of the draw, by number of their records, in the order of their lots
}

// Drawn tells those who see the round's area from the draw on, and everybody once the notice is published: before, somebody
// who knows which record is theirs could tell an expert their number.
func (s *Store) Drawn(ctx context.Context, scope access.Scope, roundID int64) (Drawn, error) {
	var d Drawn
	err := s.DB.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		d = Drawn{}
		r, err := round(ctx, q, roundID)
		if err != nil || r.DrawnAt == 0 || !scope.Sees(access.ReadCase, r.Area, 0) && r.State != Noticed && r.State != Decided {
			return err
		}
		all, err := nominations(ctx, q, nominationsOf, r.ID)
		if err != nil {
			return err
		}
		slices.SortFunc(all, func(a, b Nomination) int { return a.Number - b.Number })
		for _, n := range all {
			if n.Number > 0 { // whoever took part, and was taken out since
				d.Nominations = append(d.Nominations, n.ID)
			}
		}
		d.Experts = slices.Clone(r.pool)
		lots := r.lots()
		slices.SortFunc(d.Experts, func(a, b int64) int {
			return strings.Compare(lots.Lot(ForExperts, Expert{ID: a}.key()), lots.Lot(ForExperts, Expert{ID: b}.key()))
		})
		return nil
	})
	return d, err
}

// DrawnLot is a record that took part in a draw, with its lot.
type DrawnLot struct {
	Record int64
	Number int64 // its place, from 1: of a nomination, what experts know it by
	Lot    string
}

// Lots is each record with its lot, in the order of the lots.
func (d Drawn) Lots(r Round) (nominations, experts []DrawnLot) {
	lots := r.lots()
	for i, id := range d.Nominations {
		nominations = append(nominations, DrawnLot{id, int64(i + 1), lots.Lot(ForBlind, Nomination{ID: id}.key())})
	}
	for i, id := range d.Experts {
		experts = append(experts, DrawnLot{id, int64(i + 1), lots.Lot(ForExperts, Expert{ID: id}.key())})
	}
	return nominations, experts
}

// Sound says that the seed is the one to which the round was committed, and its roll that of who was drawn of.
func (d Drawn) Sound(r Round) bool {
	return lot.Commitment(r.Seed) == r.Commitment && d.Roll() == r.Roll
}

// Roll is the digest that goes into every lot, worked out anew from who was drawn of.
func (d Drawn) Roll() string {
	nominations, experts := make([]string, len(d.Nominations)), make([]string, len(d.Experts))
	for i, id := range d.Nominations {
		nominations[i] = Nomination{ID: id}.key()
	}
	for i, id := range d.Experts {
		experts[i] = Expert{ID: id}.key()
	}
	return Roll(nominations, experts)
}

// Declaration is that an expert has an interest in an enterprise.
type Declaration struct {
	Expert     int64
	Label      string
	Enterprise int64
	At         int64
	Reason     string
}

const declarations = `SELECT e.id, e.label, i.party, i.at, i.reason, e.area, e.account FROM selection_interest i
	JOIN selection_expert e ON e.id = i.expert_id ORDER BY i.at, e.id`

// Declarations is every interest that was declared, as far as the scope sees the area of the pool; an expert sees the own.
func (s *Store) Declarations(ctx context.Context, scope access.Scope) ([]Declaration, error) {
	var out []Declaration
	_, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (struct{}, error) {
		var d Declaration
		var area string
		var account int64
		err := r.Scan(&d.Expert, &d.Label, &d.Enterprise, &d.At, &d.Reason, &area, &account)
		if scope.Sees(access.ReadCase, area, 0) || account != 0 && account == scope.Account() {
			out = append(out, d)
		}
		return struct{}{}, err
	}, declarations)
	return out, err
}
