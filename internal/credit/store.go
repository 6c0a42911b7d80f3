package credit

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/shelf"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "credit", FS: schema}

// Subjects makes of what a view knows the subject that clauses are asked of.
type Subjects interface {
	Subject(v fact.View, enterprise int64) (s rule.Subject, ok bool)
}

// Deps is what the store stands on.
type Deps struct {
	DB       *store.DB
	Sources  *source.Store
	Parties  *party.Store
	Frames   *fact.Frames
	Facts    *fact.Store
	Files    blob.Dir // lists of banks
	Consents *consent.Store
	Library  *content.Library
	Clock    clock.Clock
	Subjects Subjects
	Set      *Set
	Demo     bool // the installation is a demonstration: invented banks take part
}

// Store is banks, products and what became of referrals. It is safe for many goroutines.
type Store struct {
	Deps

	gathered shelf.Shelf[int64, *books]     // what facts say of loans, by commit
	beside   shelf.Shelf[laidKey, laidRows] // lists of banks beside our records
}

// Open is the store over a database that Migrations were applied to. It asks to hear of sources that are taken back, and has views leave out
// what drawdowns tell of loans of sheets: call it once for a source.Store and the frames beside it.
func Open(d Deps) *Store {
	s := &Store{Deps: d}
	s.beside.RoomFor(maxLines / 25) // two of the longest, or many as they are
	if d.Sources != nil {
		d.Sources.OnRetract(s.holds)
		for _, k := range Kinds() {
			d.Frames.Pair(s.pairing(k))
		}
	}
	return s
}

const (
	partyOfBank = `SELECT party FROM credit_bank WHERE code = $1`
	bankOfParty = `SELECT code FROM credit_bank WHERE party = $1`
	insertBank  = `INSERT INTO credit_bank (code, party) VALUES ($1, $2)`
)

// bankAuthority is who speaks where a bank is entered.
const bankAuthority = "bank"

// takesPart says that a bank takes part in this installation.
func (s *Store) takesPart(b Bank) bool { return s.Demo || !b.Invented }

// Banks are the banks that take part, as the file lists them: those that are invented in a demonstration alone.
func (s *Store) Banks() []Bank {
	var all []Bank
	for _, b := range s.Set.Banks() {
		if s.takesPart(b) {
			all = append(all, b)
		}
	}
	return all
}

// Party is the party that a bank is: it becomes one the first time that somebody asks. NotFound for a bank that does not take
// part.
func (s *Store) Party(ctx context.Context, code string) (id int64, err error) {
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		id, err = s.enter(ctx, tx, code)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("enter bank %s: %w", code, err)
	}
	return id, s.Frames.Refresh(ctx)
}

func (s *Store) enter(ctx context.Context, tx *store.Tx, code string) (id int64, err error) {
	b, err := s.Set.Bank(code)
	if err != nil {
		return 0, err
	}
	if !s.takesPart(b) {
		return 0, errs.NotFound("bank", code)
	}
	if err := tx.Lock(ctx, "credit bank "+code); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, partyOfBank, code).Scan(&id)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	src, err := s.Sources.Say(ctx, tx, source.Source{Kind: source.Entry, Authority: bankAuthority, Name: b.Name.ZH, Note: b.Source})
	if err != nil {
		return 0, err
	}
	ids, err := s.Parties.Say(ctx, tx, src.ID, []party.NewSubject{{Kind: content.Bank, Key: code}})
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, insertBank, code, ids[0])
	return ids[0], err
}

// BankOf is the bank that a party is; NotFound for a party that is none, and for a bank that the content does not know any more.
func (s *Store) BankOf(ctx context.Context, id int64) (Bank, error) {
	var code string
	err := s.DB.Read().QueryRow(ctx, bankOfParty, id).Scan(&code)
	if errors.Is(err, sql.ErrNoRows) {
		return Bank{}, errs.NotFound("bank", id)
	}
	if err != nil {
		return Bank{}, fmt.Errorf("read bank %d: %w", id, err)
	}
	return s.Set.Bank(code)
}
