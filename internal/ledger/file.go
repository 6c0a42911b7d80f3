package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/store"
)

// FileKind says which way a file of a batch went.
type FileKind string

// The kinds.
const (
	FileTaken  FileKind = "taken"  // for the bank: it has the account numbers in full
	FileResult FileKind = "result" // from the bank or the treasury, which may name accounts too
)

// File is that somebody took the file of a batch for the bank, or brought one that came back. Its bytes are kept as they were.
type File struct {
	ID     int64
	Batch  int64
	Kind   FileKind
	Name   string
	SHA256 string // "" of one that was taken before files were kept
	Size   int64  // bytes
	At     int64  // ms
	By     int64  // account
}

const (
	fileColumns = `SELECT id, batch_id, kind, name, sha256, size, at, by_account FROM ledger_batch_file`
	filesOf     = fileColumns + ` WHERE batch_id = $1 ORDER BY id`
	fileByID    = fileColumns + ` WHERE batch_id = $1 AND id = $2`
	fileBrought = fileColumns + ` WHERE batch_id = $1 AND kind = 'result' AND sha256 = $2 AND by_account = $3 ORDER BY id LIMIT 1`
	insertFile  = `INSERT INTO ledger_batch_file (id, batch_id, kind, name, sha256, size, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
)

func scanFile(row interface{ Scan(...any) error }) (f File, err error) {
	err = row.Scan(&f.ID, &f.Batch, &f.Kind, &f.Name, &f.SHA256, &f.Size, &f.At, &f.By)
	return f, err
}

// Files are those of a batch, in the order in which they were taken and brought.
func (v *View) Files(ctx context.Context, batch int64) ([]File, error) {
	if _, err := v.Batch(ctx, batch); err != nil {
		return nil, err
	}
	rows, err := v.q.Query(ctx, filesOf, batch)
	return collect(rows, err, "read files of a batch", func(rows *store.Rows) (File, error) { return scanFile(rows) })
}

// pays refuses whoever may not pay in the area of a batch.
func (v *View) pays(ctx context.Context, batch int64) error {
	b, err := v.Batch(ctx, batch)
	if err == nil && !v.scope.Sees(access.PayOut, b.Area, 0) {
		return errs.Forbidden(string(access.PayOut))
	}
	return err
}

// Form writes the file of a batch for a bank, and says what it is called. It may reveal the account numbers.
type Form func(w io.Writer, b Batch, list []Payment) (name string, err error)

// TakeFile makes the file of a batch for the bank, keeps it, and notes who took it. A draft has no file: what could reach the bank
// has been sent. The caller closes what it gets.
func (b *Book) TakeFile(ctx context.Context, a Act, batch int64, form Form) (File, *os.File, error) {
	var head Batch
	var list []Payment
	err := b.db.Snapshot(ctx, func(ctx context.Context, q store.Querier) (err error) {
		if _, err := ordersOf(ctx, q, a, batch); err != nil {
			return err
		}
		v := In(q, access.SystemScope()) // the act may pay out of each of its lines
		if head, err = v.Batch(ctx, batch); err != nil {
			return err
		}
		if head.State != OrderSent {
			return errs.Conflict(i18n.M("ledger.no_file", i18n.M("ledger.order_"+string(head.State))))
		}
		list, err = v.Payments(ctx, batch)
		return err
	})
	if err != nil {
		return File{}, nil, err
	}
	var body bytes.Buffer // of maxOrders lines at the most
	name, err := form(&body, head, list)
	if err != nil {
		return File{}, nil, fmt.Errorf("write the file of batch %d: %w", batch, err)
	}
	f := File{Batch: batch, Kind: FileTaken, Name: name, By: a.by()}
	if f.SHA256, f.Size, err = b.files.Put(&body, int64(body.Len())); err != nil {
		return File{}, nil, err
	}
	if err := b.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error { return b.noteFile(ctx, tx, &f) }); err != nil {
		return File{}, nil, err
	}
	out, err := b.files.Get(f.SHA256)
	return f, out, err
}

// noteFile notes a file whose bytes are kept.
func (b *Book) noteFile(ctx context.Context, tx *store.Tx, f *File) (err error) {
	if f.ID, err = tx.NextIDs(ctx, 1); err != nil {
		return err
	}
	f.At = b.clock.Millis()
	audit.Note(tx, loggedFile, f.ID)
	if _, err := tx.Exec(ctx, insertFile, f.ID, f.Batch, string(f.Kind), f.Name, f.SHA256, f.Size, f.At, f.By); err != nil {
		return fmt.Errorf("note file of batch %d: %w", f.Batch, err)
	}
	return nil
}

// keepResult keeps a file of the bank: once, however often the same account brings it.
func (b *Book) keepResult(ctx context.Context, scope access.Scope, batch int64, from ResultFile) (File, error) {
	in, err := os.Open(from.Path)
	if err != nil {
		return File{}, fmt.Errorf("keep a file of the bank: %w", err)
	}
	f := File{Batch: batch, Kind: FileResult, Name: from.Name, By: scope.Account()}
	f.SHA256, f.Size, err = b.files.Put(in, sheet.FormLimit)
	if err = errors.Join(err, in.Close()); err != nil {
		return File{}, err
	}
	err = b.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, fmt.Sprint("ledger files of batch ", batch)); err != nil {
			return err
		}
		before, err := scanFile(tx.QueryRow(ctx, fileBrought, batch, f.SHA256, f.By))
		if errors.Is(err, sql.ErrNoRows) {
			return b.noteFile(ctx, tx, &f)
		}
		f = before
		return err
	})
	return f, err
}

// OpenFile is a kept file of a batch, for who may pay in its area. That somebody takes one for the bank again, with its account
// numbers, is noted as the first time is. The caller closes it.
func (b *Book) OpenFile(ctx context.Context, scope access.Scope, batch, id int64) (f File, body *os.File, err error) {
	err = b.Read(ctx, scope, func(ctx context.Context, v *View) error {
		if err := v.pays(ctx, batch); err != nil {
			return err
		}
		f, err = scanFile(v.q.QueryRow(ctx, fileByID, batch, id))
		if errors.Is(err, sql.ErrNoRows) || err == nil && f.SHA256 == "" {
			return errs.NotFound("file of batch", fmt.Sprint(batch, "/", id))
		}
		return err
	})
	if err != nil {
		return File{}, nil, err
	}
	if body, err = b.files.Get(f.SHA256); err != nil || f.Kind != FileTaken {
		return f, body, err
	}
	again := f
	again.By = scope.Account()
	err = b.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error { return b.noteFile(ctx, tx, &again) })
	if err != nil {
		return File{}, nil, errors.Join(err, body.Close())
	}
	return f, body, nil
}

// saidBy refuses outcomes that name a file which did not come back for the batch.
func saidBy(ctx context.Context, tx *store.Tx, batch int64, outcomes []Outcome) error {
	known := map[int64]bool{0: true}
	for _, o := range outcomes {
		if known[o.File] {
			continue
		}
		f, err := scanFile(tx.QueryRow(ctx, fileByID, batch, o.File))
		if errors.Is(err, sql.ErrNoRows) || err == nil && f.Kind != FileResult {
			return errs.NotFound("file of batch", fmt.Sprint(batch, "/", o.File))
		}
		if err != nil {
			return fmt.Errorf("read file %d of batch %d: %w", o.File, batch, err)
		}
		known[o.File] = true
	}
	return nil
}

const keptFiles = `SELECT f.id, f.batch_id, f.kind, f.name, f.sha256, f.size, f.at, f.by_account, b.area FROM ledger_batch_file f JOIN ledger_batch b ON b.id = f.batch_id
	WHERE f.sha256 <> '' AND NOT EXISTS (SELECT 1 FROM ledger_batch_file e WHERE e.sha256 = f.sha256 AND e.id < f.id) ORDER BY f.id`

// spoilt finds the files of batches that are gone, or not what was kept any more.
func (b *Book) spoilt(ctx context.Context, q store.Querier) ([]Fault, error) {
	type placed struct {
		File
		area string
	}
	rows, err := q.Query(ctx, keptFiles)
	all, err := collect(rows, err, "check files of batches", func(rows *store.Rows) (f placed, err error) {
		err = rows.Scan(&f.ID, &f.Batch, &f.Kind, &f.Name, &f.SHA256, &f.Size, &f.At, &f.By, &f.area)
		return f, err
	})
	if err != nil {
		return nil, err
	}
	var faults []Fault
	told := map[string]int{}
	for _, f := range all {
		if told[f.area] >= maxFaults {
			continue
		}
		whole, err := b.whole(f.File)
		if err != nil {
			return nil, err
		}
		if !whole {
			told[f.area]++
			faults = append(faults, Fault{i18n.M("ledger.fault_file", fmt.Sprint(f.Batch), f.Name, f.SHA256), f.area})
		}
	}
	return faults, nil
}

// whole says that a file is there and has the bytes that were kept.
func (b *Book) whole(f File) (bool, error) {
	in, err := b.files.Get(f.SHA256)
	if errs.KindOf(err) == errs.KindNotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	h := sha256.New()
	n, err := io.Copy(h, in)
	if err := errors.Join(err, in.Close()); err != nil {
		return false, fmt.Errorf("check a file of batch %d: %w", f.Batch, err)
	}
	return n == f.Size && hex.EncodeToString(h.Sum(nil)) == f.SHA256, nil
}
