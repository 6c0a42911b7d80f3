package monitor

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "monitor", FS: schema}

// Limits on saved views.
const (
	maxViews   = 100  // of one account
	maxName    = 80   // characters
	maxAddress = 3000 // bytes
)

// Saved is a view of figures that somebody saved. Its owner sees it, and whoever it is shown to by a link may see it who sees figures of
// its area; figures are worked out anew for each reader.
type Saved struct {
	ID      int64
	Owner   int64 // account
	Name    string
	Area    string
	Address string // the query that restores it
	At      int64  // when it was saved, milliseconds UTC
	Dropped bool
}

const (
	selectView = `SELECT id, owner, name, area, address, saved, dropped FROM monitor_view`
	viewByID   = selectView + ` WHERE id = $1`
	viewsOf    = selectView + ` WHERE owner = $1 AND dropped = 0 ORDER BY id DESC`
	countViews = `SELECT COUNT(*) FROM monitor_view WHERE owner = $1 AND dropped = 0`
	insertView = `INSERT INTO monitor_view (id, owner, name, area, address, saved, dropped) VALUES ($1, $2, $3, $4, $5, $6, 0)`
	dropView   = `UPDATE monitor_view SET dropped = $1 WHERE id = $2 AND owner = $3`
)

// SaveView keeps a view of the scope's account under a name.
func (m *Monitor) SaveView(ctx context.Context, scope access.Scope, v Saved) (id int64, err error) {
	v.Name = strings.TrimSpace(v.Name)
	switch n := utf8.RuneCountInString(v.Name); {
	case n == 0 || n > maxName:
		return 0, errs.Invalid(i18n.M("monitor.view_name", maxName))
	case len(v.Address) > maxAddress:
		return 0, errs.Invalid(i18n.M("monitor.view_long"))
	case scope.Account() == 0 || !scope.Sees(access.ReadFact, v.Area, 0):
		return 0, errs.NotFound("area", v.Area)
	}
	err = m.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		var n int64
		if err := tx.QueryRow(ctx, countViews, scope.Account()).Scan(&n); err != nil {
			return err
		}
		if n >= maxViews {
			return errs.Conflict(i18n.M("monitor.view_many", maxViews))
		}
		if id, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertView, id, scope.Account(), v.Name, v.Area, v.Address, m.Clock.Millis())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("save a view of figures: %w", err)
	}
	return id, nil
}

// View is a saved view, even one that was thrown away: a link says so rather than break. NotFound for who may not see figures of its area.
func (m *Monitor) View(ctx context.Context, scope access.Scope, id int64) (Saved, error) {
	v, err := scanView(m.DB.Read().QueryRow(ctx, viewByID, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Saved{}, errs.NotFound("view", id)
	}
	if err != nil {
		return Saved{}, fmt.Errorf("read view %d: %w", id, err)
	}
	if !scope.Sees(access.ReadFact, v.Area, 0) {
		return Saved{}, errs.NotFound("view", id)
	}
	return v, nil
}

// Views are what the scope's account saved, the newest first.
func (m *Monitor) Views(ctx context.Context, scope access.Scope) ([]Saved, error) {
	rows, err := m.DB.Read().Query(ctx, viewsOf, scope.Account())
	if err != nil {
		return nil, fmt.Errorf("read saved views: %w", err)
	}
	defer rows.Close()
	var all []Saved
	for rows.Next() {
		v, err := scanView(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("read saved views: %w", err)
		}
		if scope.Sees(access.ReadFact, v.Area, 0) {
			all = append(all, v)
		}
	}
	return all, rows.Err()
}

func scanView(scan func(...any) error) (v Saved, err error) {
	var dropped int64
	err = scan(&v.ID, &v.Owner, &v.Name, &v.Area, &v.Address, &v.At, &dropped)
	v.Dropped = dropped != 0
	return v, err
}

// DropView throws a view of the scope's account away, and brings it back where back is said. NotFound for one of another account.
func (m *Monitor) DropView(ctx context.Context, scope access.Scope, id int64, back bool) error {
	v, err := m.View(ctx, scope, id)
	if err != nil {
		return err
	}
	if v.Owner != scope.Account() {
		return errs.NotFound("view", id)
	}
	at := m.Clock.Millis()
	if back {
		at = 0
	}
	err = m.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, dropView, at, id, scope.Account())
		return err
	})
	if err != nil {
		return fmt.Errorf("drop or restore view %d: %w", id, err)
	}
	return nil
}
