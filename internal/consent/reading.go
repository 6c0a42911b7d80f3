package consent

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Reading is that personal or confidential data was read, or anything under a consent.
type Reading struct {
	ID        int64
	At        int64 // ms
	Account   int64
	Role      access.Role
	Party     int64    // the enterprise; 0 for more of them than were told apart
	Areas     []string // where those lie
	Facts     []string // codes of definitions, sorted; casework.ReadFile and ReadDossier for files and dossiers of cases
	Place     string   // the page or the operation; "" for a pack
	Grant     int64    // the consent that it was read under; 0 for none
	Emergency int64    // likewise
}

const (
	insertReading = `INSERT INTO consent_reading (id, at, account_id, role, party_id, areas, facts, place, grant_id, emergency_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	placeMax      = 200 // bytes
)

func (s *Store) record(ctx context.Context, tx *store.Tx, list ...Reading) error {
	first, err := tx.NextIDs(ctx, int64(len(list)))
	if err != nil {
		return err
	}
	for i, r := range list {
		if len(r.Place) > placeMax {
			r.Place = strings.ToValidUTF8(r.Place[:placeMax], "")
		}
		_, err := tx.Exec(ctx, insertReading, first+int64(i), r.At, r.Account, string(r.Role), r.Party, strings.Join(r.Areas, " "), strings.Join(r.Facts, " "), r.Place, r.Grant, r.Emergency)
		if err != nil {
			return fmt.Errorf("record reading: %w", err)
		}
	}
	return nil
}

// Visit is what somebody reads while one request is answered.
type Visit struct {
	s           *Store
	watch       access.Watch
	account     access.Account
	role        access.Role
	areas       []string // of the account's grants
	emergencies []Emergency
}

// Enter gives the scope of an account, with what an emergency adds to it, and the visit that must be recorded before anything that was
// read through it goes out, however the scope is narrowed.
func (s *Store) Enter(ctx context.Context, a access.Account) (access.Scope, *Visit, error) {
	scope := s.Frames.ScopeOf(a)
	v := &Visit{s: s, account: a, role: scope.Role()}
	for _, g := range a.Grants {
		if g.Area != "" && !slices.Contains(v.areas, g.Area) {
			v.areas = append(v.areas, g.Area)
		}
	}
	if scope.Can(access.BreakGlass) {
		var err error
		if v.emergencies, err = s.Mine(ctx, scope); err != nil {
			return access.Scope{}, nil, err
		}
		if len(v.emergencies) > 0 {
			firms := make([]int64, len(v.emergencies))
			for i, e := range v.emergencies {
				firms[i] = e.Party
			}
			scope = scope.And(access.NewScope(a.ID, access.Emergency, nil, firms))
			v.watch.Apart(firms...)
		}
	}
	return scope.Watched(&v.watch), v, nil
}

// Record keeps what was read since it was last called. Whoever answers calls it before the answer is sent, and once more after a
// stream; where it fails, the answer must not go out. Nothing is written where nothing was read. A nil visit has read nothing.
func (v *Visit) Record(ctx context.Context, place string) error {
	if v == nil {
		return nil
	}
	seen := v.watch.Take()
	if len(seen) == 0 {
		return nil
	}
	now := v.s.Clock.Millis()
	list := make([]Reading, len(seen))
	for i, was := range seen {
		r := Reading{At: now, Account: v.account.ID, Role: v.role, Party: was.Party, Facts: was.Defs, Place: place}
		if r.Party == 0 {
			r.Areas = v.areas
		}
		for _, e := range v.emergencies {
			if e.Party == r.Party {
				r.Emergency = e.ID
			}
		}
		list[i] = r
	}
	// Who has gone away has been answered, or may have been.
	return v.s.DB.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx *store.Tx) error {
		if err := v.s.record(ctx, tx, list...); err != nil {
			return err
		}
		return v.s.alarm(ctx, tx, v.account.ID, v.account.Name, v.areas)
	})
}

const (
	many     = 200              // enterprises whose data somebody reads one by one
	manySpan = 10 * time.Minute // within this
	recently = `SELECT COUNT(DISTINCT party_id) FROM consent_reading WHERE account_id = $1 AND at > $2 AND party_id > 0`
)

// alarm tells those who audit areas, and the administrators, of somebody who reads one enterprise after another.
func (s *Store) alarm(ctx context.Context, tx *store.Tx, account int64, name string, areas []string) error {
	now := s.Clock.Millis()
	var firms int
	if err := tx.QueryRow(ctx, recently, account, now-manySpan.Milliseconds()).Scan(&firms); err != nil {
		return fmt.Errorf("count readings: %w", err)
	}
	if firms < many {
		return nil
	}
	m := notice.Message{
		// Once in that time, however much is read.
		Key: fmt.Sprintf("readings/%d/%d", account, now/manySpan.Milliseconds()), Kind: notice.System,
		Title: i18n.M("consent.alarm_title", name), Body: i18n.M("consent.alarm", name, firms, int(manySpan.Minutes())), At: now,
	}
	return s.warn(ctx, tx, m, areas)
}

// warn posts a message to the administrators and to those who audit areas. Its key is made one for each.
func (s *Store) warn(ctx context.Context, tx *store.Tx, m notice.Message, areas []string) error {
	key := m.Key
	for _, area := range append([]string{""}, areas...) {
		m.Key, m.To = key+"/"+area, notice.ToRole(access.Auditor, area)
		if area == "" {
			m.To = notice.ToRole(access.Administrator, "")
		}
		if err := notice.Post(ctx, tx, m); err != nil {
			return err
		}
	}
	return nil
}

// ReadingQuery asks for a stretch of readings, newest first.
type ReadingQuery struct {
	Before int64 // the id of the last of the stretch before; 0 for the newest
	Limit  int
}

const readingColumns = `SELECT id, at, account_id, role, party_id, areas, facts, place, grant_id, emergency_id FROM consent_reading WHERE `

// Readings is who has read an enterprise's data, newest first: alone, or among very many of an area that it lies in. Forbidden for who
// may not see that.
func (s *Store) Readings(ctx context.Context, scope access.Scope, firm int64, q ReadingQuery) ([]Reading, error) {
	parties, err := s.readable(ctx, scope, firm)
	if err != nil {
		return nil, err
	}
	area, _, err := s.area(ctx, firm)
	if err != nil {
		return nil, err
	}
	over := func(a string) bool { return slices.Contains(s.Library.Areas().Below(a), area) }
	var all []Reading
	for before := cmp.Or(q.Before, math.MaxInt64); len(all) < q.Limit; {
		some, err := s.stretch(ctx, append(parties, 0), before, q.Limit+readingStep)
		if err != nil {
			return nil, err
		}
		for _, r := range some {
			if before = r.ID; (r.Party != 0 || slices.ContainsFunc(r.Areas, over)) && len(all) < q.Limit {
				all = append(all, r)
			}
		}
		if len(some) < q.Limit+readingStep {
			break
		}
	}
	return all, nil
}

// readingStep is how many readings more than a page are read at a time: some are of very many enterprises elsewhere.
const readingStep = 100

// stretch is the newest readings of parties before one, at most so many; 0 stands for those of very many enterprises.
func (s *Store) stretch(ctx context.Context, parties []int64, before int64, limit int) ([]Reading, error) {
	in, args := placeholders(parties)
	args = append(args, before, limit)
	where := fmt.Sprintf(`party_id IN (%s) AND id < $%d ORDER BY id DESC LIMIT $%d`, in, len(args)-1, len(args))
	rows, err := s.DB.Read().Query(ctx, readingColumns+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read readings: %w", err)
	}
	defer rows.Close()
	var all []Reading
	for rows.Next() {
		var (
			r            Reading
			areas, facts string
		)
		if err := rows.Scan(&r.ID, &r.At, &r.Account, &r.Role, &r.Party, &areas, &facts, &r.Place, &r.Grant, &r.Emergency); err != nil {
			return nil, fmt.Errorf("read readings: %w", err)
		}
		r.Areas, r.Facts = strings.Fields(areas), strings.Fields(facts)
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read readings: %w", err)
	}
	return all, nil
}
