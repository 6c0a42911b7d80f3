package retention

import (
	"context"
	"fmt"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Names of kinds in the register, but for those of packages above.
const (
	CaseFiles = "case_file"
	Messages  = "message"
	Readings  = "reading"
	Drafts    = "draft"
)

// facts is values of definitions.
type facts struct {
	frames *fact.Frames
	store  *fact.Store
}

// OfFacts is the kind of values of definitions.
func OfFacts(frames *fact.Frames, store *fact.Store) Kind { return facts{frames, store} }

func (facts) Name() string { return Facts }

func (k facts) Due(ctx context.Context, ask Ask) ([]Item, error) {
	view, err := k.frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	due, err := view.Due(ctx, ask.Now)
	if err != nil {
		return nil, err
	}
	all := make([]Item, len(due))
	for i, e := range due {
		all[i] = factItem(e)
	}
	return all, nil
}

func (k facts) Erase(ctx context.Context, tx *store.Tx, _ Ask, it Item) (int64, error) {
	ref, err := audit.ParseRef(it.Ref)
	if err != nil || len(ref) != 2 {
		return 0, fmt.Errorf("%q is no statement", it.Ref)
	}
	gone, err := k.store.Erase(ctx, tx, ref[0], ref[1], it.Subject, it.What)
	return one(gone), err
}

func (facts) Clear(context.Context, Item) error { return nil }
func (facts) Tables() []string                  { return fact.ErasedTables }

func one(gone bool) int64 {
	if gone {
		return 1
	}
	return 0
}

// caseFiles is files of cases that are over.
type caseFiles struct{ cases *casework.Store }

// OfCaseFiles is the kind of files of cases.
func OfCaseFiles(cases *casework.Store) Kind { return caseFiles{cases} }

func (caseFiles) Name() string { return CaseFiles }

func (k caseFiles) Due(ctx context.Context, ask Ask) ([]Item, error) {
	due, err := casework.EndedFiles(ctx, k.cases.DB.Read(), ask.Before)
	if err != nil {
		return nil, err
	}
	all := make([]Item, len(due))
	for i, f := range due {
		all[i] = Item{
			Kind: CaseFiles, Ref: strconv.FormatInt(f.ID, 10), Area: f.Area, Party: f.Enterprise, Case: f.Case, Since: f.Ended, SHA256: f.SHA256, Count: 1,
		}
	}
	return all, nil
}

func (k caseFiles) Erase(ctx context.Context, tx *store.Tx, ask Ask, it Item) (int64, error) {
	id, err := strconv.ParseInt(it.Ref, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no file", it.Ref)
	}
	gone, err := casework.EraseFile(ctx, tx, id, it.SHA256, ask.Now)
	return one(gone), err
}

func (k caseFiles) Clear(ctx context.Context, it Item) error {
	return k.cases.DropBytes(ctx, it.SHA256)
}
func (caseFiles) Tables() []string { return nil }

// bulk is records of which nobody asks for a single one.
type bulk struct {
	db     *store.DB
	name   string
	count  func(ctx context.Context, q store.Querier, ask Ask) (int64, error)
	erase  func(ctx context.Context, tx *store.Tx, ask Ask) (int64, error)
	tables []string
}

// OfMessages is the kind of messages and what was sent of them.
func OfMessages(db *store.DB) Kind {
	return bulk{db, Messages, func(ctx context.Context, q store.Querier, a Ask) (int64, error) {
		return notice.CountOld(ctx, q, a.Before, a.Held)
	}, func(ctx context.Context, tx *store.Tx, a Ask) (int64, error) {
		return notice.EraseOld(ctx, tx, a.Before, a.Held)
	}, notice.ErasedTables}
}

// OfReadings is the kind of readings.
func OfReadings(db *store.DB) Kind {
	return bulk{db, Readings, func(ctx context.Context, q store.Querier, a Ask) (int64, error) {
		return consent.CountOld(ctx, q, a.Before, a.Held)
	}, func(ctx context.Context, tx *store.Tx, a Ask) (int64, error) {
		return consent.EraseOld(ctx, tx, a.Before, a.Held)
	}, consent.ErasedTables}
}

// OfDrafts is the kind of forms that were begun and not sent.
func OfDrafts(db *store.DB) Kind {
	return bulk{db, Drafts, func(ctx context.Context, q store.Querier, a Ask) (int64, error) {
		return form.CountOld(ctx, q, a.Before)
	}, func(ctx context.Context, tx *store.Tx, a Ask) (int64, error) {
		return form.EraseOld(ctx, tx, a.Before)
	}, form.ErasedTables}
}

func (k bulk) Name() string { return k.name }

// Due is one item: all from before the day on which the term of the last of them was over.
func (k bulk) Due(ctx context.Context, ask Ask) ([]Item, error) {
	n, err := k.count(ctx, k.db.Read(), ask)
	if err != nil || n == 0 {
		return nil, err
	}
	return []Item{{Kind: k.name, Ref: "0", Since: ask.Before, Count: n}}, nil
}

// Erase takes those from before the instant that the run was proposed for: what came due since waits for the next.
func (k bulk) Erase(ctx context.Context, tx *store.Tx, ask Ask, it Item) (int64, error) {
	ask.Before = it.Since
	return k.erase(ctx, tx, ask)
}

func (bulk) Clear(context.Context, Item) error { return nil }
func (k bulk) Tables() []string                { return k.tables }

// Frozen keeps what an approval stands on.
func Frozen(ctx context.Context, q store.Querier, it Item) (i18n.Msg, error) {
	if it.Kind == CaseFiles {
		id, err := strconv.ParseInt(it.Ref, 10, 64)
		if err != nil {
			return i18n.Msg{}, fmt.Errorf("%q is no file", it.Ref)
		}
		frozen, err := casework.FrozenFile(ctx, q, id)
		if err != nil || !frozen {
			return i18n.Msg{}, err
		}
		return i18n.M("retention.frozen", it.Case), nil
	}
	if it.Source == 0 {
		return i18n.Msg{}, nil
	}
	id, err := casework.FrozenFrom(ctx, q, it.Source, it.What)
	if err != nil || id == 0 {
		return i18n.Msg{}, err
	}
	return i18n.M("retention.frozen", id), nil
}

// Paid keeps what money was promised or claimed for.
func Paid(ctx context.Context, q store.Querier, it Item) (i18n.Msg, error) {
	var stands bool
	var err error
	switch {
	case it.Case != 0:
		stands, err = ledger.PromisedIn(ctx, q, strconv.FormatInt(it.Case, 10))
	case it.Source != 0:
		stands, err = ledger.ClaimedFrom(ctx, q, it.Source)
	}
	if err != nil || !stands {
		return i18n.Msg{}, err
	}
	return i18n.M("retention.money"), nil
}

// Disputed keeps a statement about which a dispute is open.
func Disputed(facts *fact.Store) Reason {
	return func(ctx context.Context, q store.Querier, it Item) (i18n.Msg, error) {
		ref, err := audit.ParseRef(it.Ref)
		if it.Kind != Facts || err != nil || len(ref) != 2 {
			return i18n.Msg{}, err
		}
		open, err := facts.Disputed(ctx, q, ref[0], ref[1])
		if err != nil || !open {
			return i18n.Msg{}, err
		}
		return i18n.M("retention.disputed"), nil
	}
}
