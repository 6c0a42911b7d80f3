package ledger_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/ledger"
)

// The result of a walk over the ledger is kept with its time; one is asked for by who manages the fund, once at a time, and who
// sees a part of the ledger is told of the faults of that part alone.
func TestCheckIsKept(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 10_000)
		d.sent(orderOf(d.due(line, "A", 300), 300))
		city := access.NewScope(1, access.CityOfficial, []string{"320900", "320904", "320981"}, nil)
		county := access.NewScope(2, access.CountyOfficial, []string{"320981"}, nil)
		last := func(scope access.Scope) ledger.Kept {
			d.Helper()
			k, err := d.book.LastCheck(d.Context(), scope)
			if err != nil {
				d.Fatal(err)
			}
			return k
		}
		if k := last(city); k.At != 0 || k.Asked != 0 {
			d.Errorf("before any: %+v", k)
		}
		if err := d.book.AskCheck(d.Context(), access.NewScope(3, access.Auditor, []string{"320900"}, nil)); errs.KindOf(err) != errs.KindForbidden {
			d.Errorf("asked for by an auditor: %v", err)
		}
		ask := func() {
			d.Helper()
			if err := d.book.AskCheck(d.Context(), city); err != nil {
				d.Fatal(err)
			}
		}
		ask()
		first := last(city).Asked
		d.now.Add(time.Minute.Milliseconds())
		ask()
		if k := last(city); first == 0 || k.Asked != first {
			d.Errorf("asked for twice: %d, then %d", first, k.Asked)
		}
		recheck := func() bool {
			d.Helper()
			_, did, err := d.book.Recheck(d.Context())
			if err != nil {
				d.Fatal(err)
			}
			return did
		}
		if !recheck() {
			d.Error("nothing was done")
		}
		if k := last(city); k.At != d.now.Load() || k.Asked != 0 || !k.Whole || k.Transfers == 0 || len(k.Faults) > 0 {
			d.Errorf("a sound ledger: %+v", k)
		}
		ask()
		if k := last(city); k.Asked != 0 {
			d.Error("asked for again at once")
		}
		// A scope that sees all lines does not see the whole while anything else lies elsewhere.
		if k := last(access.NewScope(5, access.CountyOfficial, []string{"320900"}, nil)); k.Whole || k.Transfers != 0 {
			d.Errorf("who sees the lines alone is told of %+v", k)
		}
		// What is asked for while a walk is under way is not done when that one ends: it had begun before.
		d.now.Add(time.Hour.Milliseconds())
		ask()
		d.exec("UPDATE ledger_check SET began_at = " + fmt.Sprint(d.now.Load())) // a walk of another process begins
		began := d.now.Load()
		ask()
		meanwhile := last(city).Asked
		if meanwhile <= began {
			d.Errorf("asked at %d while a walk that began at %d was under way", meanwhile, began)
		}
		d.now.Add(time.Second.Milliseconds())
		d.exec(fmt.Sprintf("UPDATE ledger_check SET ended_at = %d, walked_at = %d", d.now.Load(), began)) // and ends
		if k := last(city); k.Asked != meanwhile {
			d.Errorf("a walk that began before answers who asked meanwhile: %+v", k)
		}
		if asked, err := d.book.Asked(d.Context()); err != nil || !asked {
			d.Errorf("nobody would walk: %v", err)
		}
		d.now.Add(time.Second.Milliseconds())
		if !recheck() || last(city).Asked != 0 {
			d.Errorf("the next walk does not answer: %+v", last(city))
		}
		// While another process walks, this one does not; one that was killed while it walked holds nobody up for ever.
		d.now.Add(time.Hour.Milliseconds())
		ask()
		d.exec("UPDATE ledger_check SET began_at = ended_at + 1800000")
		if recheck() {
			d.Error("two walk at a time")
		}
		d.now.Add(time.Hour.Milliseconds())
		if !recheck() {
			d.Error("a walk that was lost holds others up")
		}
		// Nor does one that failed.
		d.now.Add(time.Hour.Milliseconds())
		d.exec("ALTER TABLE ledger_stand RENAME TO ledger_elsewhere")
		if _, did, err := d.book.Recheck(d.Context()); !did || err == nil {
			d.Errorf("walked over half a ledger: %t, %v", did, err)
		}
		d.exec("ALTER TABLE ledger_elsewhere RENAME TO ledger_stand")
		if !recheck() {
			d.Error("a walk that failed holds others up")
		}

		d.withoutTriggers()
		d.exec("UPDATE ledger_part_balance SET payable = payable + 1")
		d.exec("UPDATE ledger_hold_balance SET held = held + 1")
		d.exec("UPDATE ledger_stand SET n = n + 1")
		d.exec("UPDATE ledger_commitment SET area = '320904'")
		recheck()
		whole := last(city)
		if !whole.Whole || len(whole.Faults) < 3 {
			d.Errorf("the whole: %+v", whole)
		}
		lost := 0
		for _, f := range whole.Faults {
			if f.Area == "" {
				lost++
			} else if f.Area != "320904" && f.Area != "320900" && f.Area != "320981" {
				d.Errorf("a fault in %q: %s", f.Area, f)
			}
		}
		if lost == 0 {
			d.Error("each fault has an area, also a claim's count")
		}
		if k := last(county); k.Whole || k.Transfers != 0 || strings.Contains(faults(k), "part") {
			d.Errorf("another county is told of %+v", k)
		}
		here := access.NewScope(4, access.CountyOfficial, []string{"320904"}, nil)
		if k := last(here); !strings.Contains(faults(k), "ledger.fault_part") || strings.Contains(faults(k), "ledger.fault_stand ") || strings.Contains(faults(k), "ledger.fault_line") {
			d.Errorf("the county of the commitment is told of %+v", k)
		}
	})
}

// Of many rows that break a rule those of one area do not push those of another out.
func TestFaultsOfEachArea(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 1_000_000)
		for i := range 60 {
			d.due(line, fmt.Sprint("A", i), 100)
		}
		d.due(line, "last", 100)
		d.withoutTriggers()
		d.exec("UPDATE ledger_commitment SET area = '320904'")
		d.exec("UPDATE ledger_commitment SET area = '320981' WHERE case_id = 'last'")
		d.exec("UPDATE ledger_part_balance SET payable = payable + 1")
		if _, _, err := d.book.Recheck(d.Context()); err != nil {
			d.Fatal(err)
		}
		for area, want := range map[string]int{"320904": 50, "320981": 1} {
			k, err := d.book.LastCheck(d.Context(), access.NewScope(2, access.CountyOfficial, []string{area}, nil))
			if err != nil {
				d.Fatal(err)
			}
			if n := strings.Count(faults(k), "ledger.fault_part "); n != want {
				d.Errorf("%s is told of %d instalments, want %d", area, n, want)
			}
		}
	})
}

// faults are the keys of what was found.
func faults(k ledger.Kept) string {
	var all strings.Builder
	for _, f := range k.Faults {
		all.WriteString(f.Msg.Key + " ")
	}
	return all.String()
}
