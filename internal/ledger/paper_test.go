package ledger_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// take is the file of a batch, for somebody.
func (d *desk) take(scope access.Scope, batch int64) (ledger.Batch, []ledger.Payment, error) {
	var head ledger.Batch
	var list []ledger.Payment
	_, body, err := d.book.TakeFile(d.Context(), ledger.Act{Scope: scope}, batch, func(w io.Writer, b ledger.Batch, all []ledger.Payment) (string, error) {
		head, list = b, all
		return "支付.csv", ledger.Paper(i18n.T{Lang: i18n.ZH}, b, all).CSV(w)
	})
	if err == nil {
		err = body.Close()
	}
	return head, list, err
}

// textOf is what a kept file says.
func (d *desk) textOf(scope access.Scope, batch, file int64) string {
	d.Helper()
	_, body, err := d.book.OpenFile(d.Context(), scope, batch, file)
	if err != nil {
		d.Fatal(err)
	}
	text, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil {
		d.Fatal(err)
	}
	return string(text)
}

func (d *desk) files(batch int64) []ledger.File {
	d.Helper()
	return read(d, access.SystemScope(), func(ctx context.Context, v *ledger.View) ([]ledger.File, error) { return v.Files(ctx, batch) })
}

func (d *desk) results(batch int64, name string, body []byte) (ledger.Results, error) {
	return d.brings(access.SystemScope(), batch, name, body)
}

func (d *desk) brings(scope access.Scope, batch int64, name string, body []byte) (ledger.Results, error) {
	path := filepath.Join(d.TempDir(), "result")
	if err := os.WriteFile(path, body, 0o600); err != nil {
		d.Fatal(err)
	}
	return d.book.ReadResults(d.Context(), scope, batch, ledger.ResultFile{Path: path, Name: name})
}

func TestFileOutAndResultsIn(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 1_000_000)
		var orders []ledger.Order
		for i, fen := range []money.Fen{12_345, 200, 400, 500} {
			orders = append(orders, orderOf(d.due(line, fmt.Sprint("C", i), 20_000), fen))
		}
		batch, err := d.draft(orders...)
		if err != nil {
			d.Fatal(err)
		}
		_, _, err = d.take(access.SystemScope(), batch)
		d.refused(err, "草稿")
		must(d, none(func(ctx context.Context, tx *store.Tx) error { return d.book.Send(ctx, tx, d.act(""), batch) }))
		if _, _, err := d.take(access.NewScope(1, access.CityOfficial, []string{city, county}, nil), batch); errs.KindOf(err) != errs.KindForbidden {
			d.Errorf("an official takes the file: %v", err)
		}
		finance := access.NewScope(3, access.Finance, []string{city}, nil)
		_, list, err := d.take(finance, batch)
		if err != nil {
			d.Fatal(err)
		}
		taken := d.files(batch)
		if len(taken) != 1 || taken[0].By != 3 || taken[0].Kind != ledger.FileTaken || taken[0].Name != "支付.csv" {
			d.Fatalf("taken: %+v", taken)
		}
		if text := d.textOf(finance, batch, taken[0].ID); !strings.Contains(text, string(number)) || !strings.Contains(text, "123.45") || !strings.Contains(text, list[3].Reference) {
			d.Errorf("the file to the bank:\n%s", text)
		}

		ref := func(i int) string { return list[i].Reference }
		body := "付款编号,金额（元）,处理结果,失败原因\n" +
			ref(0) + ",123.45,成功,\n" + ref(1) + ",2.00,失败,户名不符\n" + ref(2) + ",4,处理中,\n合计,129.45,,\n"
		got, err := d.results(batch, "回单.csv", []byte(body))
		if err != nil {
			d.Fatal(err)
		}
		want := ledger.Results{File: got.File, Outcomes: []ledger.Outcome{
			{Order: 1, State: ledger.OrderSettled, Place: got.Outcomes[0].Place, File: got.File.ID},
			{Order: 2, State: ledger.OrderFailed, Reason: "户名不符", Place: got.Outcomes[1].Place, File: got.File.ID},
			{Order: 3, State: ledger.OrderUnknown, Place: got.Outcomes[2].Place, File: got.File.ID},
		}, Silent: []int{4}}
		if diff := cmp.Diff(want, got); diff != "" {
			d.Errorf("results (-want +got):\n%s", diff)
		}
		if !strings.Contains(got.Outcomes[1].Place, "回单.csv") || !strings.Contains(got.Outcomes[1].Place, "3") {
			d.Errorf("place %q", got.Outcomes[1].Place)
		}
		d.wantSettled(ledger.Settled{Paid: 1, Failed: 1, Unknown: 1, Open: 2}, batch, got.Outcomes...)
		d.sound()
	})
}

// TestResultsAsWorkbook writes the answer as the workbook that went out, with a column added, as a bank does.
func TestResultsAsWorkbook(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t, migrations))
	line := d.appropriate(2024, 1000)
	batch := d.sent(orderOf(d.due(line, "A", 100), 100), orderOf(d.due(line, "B", 200), 200))
	head, list, err := d.take(access.SystemScope(), batch)
	if err != nil {
		t.Fatal(err)
	}
	paper := ledger.Paper(i18n.T{Lang: i18n.ZH}, head, list)
	out := sheet.Export{Title: paper.Title, NotesName: paper.NotesName, Notes: paper.Notes, Table: sheet.Table{
		Name: paper.Name, Columns: append([]string{}, append(paper.Columns, "状态")...),
		Rows: func(yield func([]any) bool) {
			for row := range paper.Rows {
				if !yield(append(row, "交易成功")) {
					return
				}
			}
		},
	}}
	var body bytes.Buffer
	if err := out.Workbook(&body); err != nil {
		t.Fatal(err)
	}
	got, err := d.results(batch, "回单.xlsx", body.Bytes())
	if err != nil || len(got.Faults) > 0 {
		t.Fatal(err, got.Faults)
	}
	d.wantSettled(ledger.Settled{Paid: 2}, batch, got.Outcomes...)
}

func TestBadResults(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t, migrations))
	line := d.appropriate(2024, 1000)
	batch := d.sent(orderOf(d.due(line, "A", 100), 100), orderOf(d.due(line, "B", 200), 200))
	_, list, err := d.take(access.SystemScope(), batch)
	if err != nil {
		t.Fatal(err)
	}
	head := "付款编号,金额（元）,处理结果\n"
	one := list[0].Reference
	for name, tc := range map[string]struct {
		body  string
		words []string // of the only fault
	}{
		"another batch":  {head + "0123456789abcdef-1,1.00,成功\n", []string{"A2", "0123456789abcdef-1"}},
		"another amount": {head + one + ",1.01,成功\n", []string{"B2", "1.01", "1.00"}},
		"no amount":      {head + one + ",,成功\n", []string{"B2"}},
		"about":          {head + one + ",约1.00,成功\n", []string{"B2"}},
		"a strange word": {head + one + ",1.00,差不多\n", []string{"C2", "差不多", "退汇"}},
		"no word":        {head + one + ",1.00,\n", []string{"C2"}},
		"two answers":    {head + one + ",1.00,成功\n" + one + ",1.00,失败\n", []string{"C3", one}},
	} {
		got, err := d.results(batch, "回单.csv", []byte(tc.body))
		if err != nil || len(got.Faults) != 1 || len(got.Outcomes) != 0 {
			t.Errorf("%s: %v, faults %v, outcomes %v", name, err, got.Faults, got.Outcomes)
			continue
		}
		text := i18n.T{Lang: i18n.ZH}.Msg(got.Faults[0])
		for _, w := range tc.words {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q does not name %q", name, text, w)
			}
		}
	}
	if _, err := d.results(batch, "别的.csv", []byte("企业名称,营业收入\n甲,1\n")); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("a file about something else: %v", err)
	}
	many := head + strings.Repeat("x,1.00,成功\n", 500)
	if got, err := d.results(batch, "多.csv", []byte(many)); err != nil || len(got.Faults) > 60 {
		t.Errorf("%d faults, %v", len(got.Faults), err)
	}
}

// The file of the bank is kept as it came, once for whoever brings it, and each payment that it settles refers to it; one with a
// fault is not kept. Whoever may not pay gets neither it nor the one for the bank, and who takes that again is noted again.
func TestFilesAreKept(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 10_000)
		batch := d.sent(orderOf(d.due(line, "A", 100), 100), orderOf(d.due(line, "B", 200), 200))
		other := d.sent(orderOf(d.due(line, "C", 300), 300))
		finance := access.NewScope(3, access.Finance, []string{city}, nil)
		_, list, err := d.take(finance, batch)
		if err != nil {
			d.Fatal(err)
		}
		body := []byte("付款编号,金额（元）,处理结果\n" + list[0].Reference + ",1.00,成功\n" + list[1].Reference + ",2.00,失败\n")
		if got, err := d.brings(finance, batch, "错.csv", bytes.Replace(body, []byte("失败"), []byte("差不多"), 1)); err != nil || len(got.Faults) == 0 || got.File != (ledger.File{}) {
			d.Fatalf("a file with a fault: %+v, %v", got, err)
		}
		group, results := errgroup.Group{}, make([]ledger.Results, 4)
		for i := range results {
			group.Go(func() (err error) {
				results[i], err = d.brings(finance, batch, "回单.csv", body)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			d.Fatal(err)
		}
		again, err := d.brings(access.NewScope(4, access.Finance, []string{city}, nil), batch, "回单.csv", body)
		if err != nil {
			d.Fatal(err)
		}
		got, kept := results[0], d.files(batch)
		if len(kept) != 3 || kept[0].Kind != ledger.FileTaken || kept[1] != got.File || kept[2] != again.File || kept[1].SHA256 != kept[2].SHA256 {
			d.Fatalf("kept: %+v", kept)
		}
		sum := sha256.Sum256(body)
		if f := got.File; f.By != 3 || f.At != d.now.Load() || f.Name != "回单.csv" || f.Size != int64(len(body)) || f.SHA256 != hex.EncodeToString(sum[:]) {
			d.Errorf("kept as %+v", f)
		}
		if text := d.textOf(finance, batch, got.File.ID); text != string(body) {
			d.Errorf("it came as %q and is kept as %q", body, text)
		}
		auditor := access.NewScope(5, access.Auditor, []string{city}, nil)
		for name, err := range map[string]error{
			"an auditor":       second(d.book.OpenFile(d.Context(), auditor, batch, got.File.ID)),
			"another's result": second(d.book.OpenFile(d.Context(), finance, other, got.File.ID)),
		} {
			if kind := errs.KindOf(err); kind != errs.KindForbidden && kind != errs.KindNotFound {
				d.Errorf("%s opens it: %v", name, err)
			}
		}
		if _, err := d.brings(auditor, batch, "回单.csv", body); errs.KindOf(err) != errs.KindForbidden {
			d.Errorf("an auditor brings one: %v", err)
		}
		d.textOf(access.NewScope(4, access.Finance, []string{city}, nil), batch, kept[0].ID)
		if all := d.files(batch); len(all) != 4 || all[3].Kind != ledger.FileTaken || all[3].By != 4 || all[3].SHA256 != kept[0].SHA256 {
			d.Errorf("taken again: %+v", all)
		}

		for _, foreign := range []int64{kept[0].ID, 1} {
			_, err := do(d, func(ctx context.Context, tx *store.Tx) (ledger.Settled, error) {
				return d.book.Settle(ctx, tx, d.act(""), batch, []ledger.Outcome{{Order: 1, State: ledger.OrderSettled, File: foreign}})
			})
			if errs.KindOf(err) != errs.KindNotFound {
				d.Errorf("settled by file %d: %v", foreign, err)
			}
		}
		d.wantSettled(ledger.Settled{Paid: 1, Failed: 1}, batch, got.Outcomes...)
		payments := read(d, access.SystemScope(), func(ctx context.Context, v *ledger.View) ([]ledger.Payment, error) { return v.Payments(ctx, batch) })
		for _, p := range payments {
			if last := p.Steps[len(p.Steps)-1]; last.File != got.File.ID || last.Place == "" {
				d.Errorf("payment %d refers to %+v", p.N, last)
			}
		}
		d.sound()
	})
}

func second[A, B any](_ A, _ B, err error) error { return err }

// Bytes that are kept and could not be noted belong to no batch: nobody is told of them, the check does not take them for damage, and
// the same file is taken, or brought, as if nothing had been.
func TestFileWithoutNote(t *testing.T) {
	each(t, func(d *desk) {
		root := d.TempDir()
		d.book = ledger.New(d.db, clock.Clock(func() time.Time { return time.UnixMilli(d.now.Load()) }), blob.At(root))
		kept := func() int {
			d.Helper()
			names, err := filepath.Glob(filepath.Join(root, "??", "*"))
			if err != nil {
				d.Fatal(err)
			}
			return len(names)
		}
		line := d.appropriate(2024, 10_000)
		batch := d.sent(orderOf(d.due(line, "A", 100), 100))
		finance := access.NewScope(3, access.Finance, []string{city}, nil)
		payments := read(d, access.SystemScope(), func(ctx context.Context, v *ledger.View) ([]ledger.Payment, error) { return v.Payments(ctx, batch) })
		body := []byte("付款编号,金额（元）,处理结果\n" + payments[0].Reference + ",1.00,成功\n")

		d.exec("ALTER TABLE ledger_batch_file RENAME TO ledger_elsewhere")
		_, _, taking := d.take(finance, batch)
		_, bringing := d.brings(finance, batch, "回单.csv", body)
		d.exec("ALTER TABLE ledger_elsewhere RENAME TO ledger_batch_file")
		if taking == nil || bringing == nil || kept() != 2 {
			d.Fatalf("taken without a note: %v; brought without one: %v; %d files", taking, bringing, kept())
		}
		if all := d.files(batch); len(all) != 0 {
			d.Errorf("noted: %+v", all)
		}
		d.sound()

		if _, _, err := d.take(finance, batch); err != nil {
			d.Fatal(err)
		}
		got, err := d.brings(finance, batch, "回单.csv", body)
		if err != nil {
			d.Fatal(err)
		}
		all := d.files(batch)
		if len(all) != 2 || all[0].Kind != ledger.FileTaken || all[1] != got.File || kept() != 2 {
			d.Fatalf("noted: %+v; %d files", all, kept())
		}
		if text := d.textOf(finance, batch, all[0].ID); !strings.Contains(text, payments[0].Reference) {
			d.Errorf("the file for the bank:\n%s", text)
		}
		if text := d.textOf(finance, batch, got.File.ID); text != string(body) {
			d.Errorf("the file of the bank:\n%s", text)
		}
		d.sound()
	})
}

// The check finds a file of a batch that is gone, and one whose bytes are others.
func TestCheckFindsSpoiltFiles(t *testing.T) {
	root := t.TempDir()
	d := newDesk(t, storetest.SQLite(t, migrations))
	d.book = ledger.New(d.db, clock.Clock(func() time.Time { return time.UnixMilli(d.now.Load()) }), blob.At(root))
	line := d.appropriate(2024, 10_000)
	batch := d.sent(orderOf(d.due(line, "A", 100), 100))
	if _, _, err := d.take(access.SystemScope(), batch); err != nil {
		t.Fatal(err)
	}
	d.sound()
	sha := d.files(batch)[0].SHA256
	path := filepath.Join(root, sha[:2], sha)
	was, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func() error{
		"gone":    func() error { return os.Remove(path) },
		"cut off": func() error { return os.WriteFile(path, was[:len(was)-1], 0o600) },
		"changed": func() error { return os.WriteFile(path, append([]byte("x"), was[1:]...), 0o600) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		found, err := d.book.Check(t.Context())
		if err != nil || len(found.Faults) != 1 || found.Faults[0].Msg.Key != "ledger.fault_file" || found.Faults[0].Area != city {
			t.Errorf("%s: %v, %v", name, found.Faults, err)
		}
		if err := os.WriteFile(path, was, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d.sound()
}
