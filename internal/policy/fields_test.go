package policy

import (
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// TestInstalmentsMakeTheWhole: the parts of an amount add up to it, whatever the shares, and more of it never brings less.
func TestInstalmentsMakeTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.Int64Range(1, 97).Draw(t, "of")
		var parts []DuePart
		due := dues{inParts: true}
		for left := of; left > 0; {
			n := rapid.Int64Range(1, left).Draw(t, "share")
			share, err := money.NewRate(n, of)
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, DuePart{Share: share})
			if left -= n; left > 0 {
				due.shares = append(due.shares, share)
			}
		}
		amount := money.Fen(rapid.Int64Range(0, 1<<50).Draw(t, "amount"))
		sum := money.Fen(0)
		for _, p := range instalments(parts, amount) {
			if sum += p.Amount; p.Amount < 0 {
				t.Fatalf("a part of %d", p.Amount)
			}
		}
		if sum != amount {
			t.Fatalf("the parts of %d make %d", amount, sum)
		}
		if less, more := due.of(amount), due.of(amount+1); less > amount || more < less {
			t.Fatalf("of %d are due %d, of a fen more %d", amount, less, more)
		}
	})
}

// TestJointCeilingOverLevels: what the clauses pay and what other levels gave keep the share of the investment.
func TestJointCeilingOverLevels(t *testing.T) {
	p := compile(t, "testdata/patterns/23-joint-ceiling")
	plan, err := p.Plan(nil)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		firm := drawFirm(t, p)
		d, err := plan.Decide(firm, period.Date(2023, 12, 31), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all(firm) {
			for _, y := range []int{2022, 2023} {
				base, state := s.Fact(readFact(p.lib, "project.investment"), period.OfYear(y), 0)
				gave, other := s.Fact(readFact(p.lib, "project.higher_award"), period.OfYear(y), 0)
				if state != rule.Present || other != rule.Present {
					continue
				}
				paid := money.Fen(0)
				for _, l := range d.Lines {
					if l.Subject.Kind == s.kind && l.Subject.ID == s.id && l.Year == y {
						paid += l.Pays.Sure
					}
				}
				if room := max(base.Fen()/5-gave.Fen(), 0); paid > room {
					t.Fatalf("%s %d: %s is paid, %s is left", s.id, y, paid, room)
				}
			}
		}
	})
}

// TestAmendmentsLeaveThePast: events before the first amendment's day are decided as if there were none.
func TestAmendmentsLeaveThePast(t *testing.T) {
	amended := compile(t, "testdata/patterns/28-amendment")
	src, err := os.ReadFile("testdata/patterns/28-amendment/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	before, _, ok := strings.Cut(string(src), "\namendments:\n")
	if !ok {
		t.Fatal("the example has no amendments")
	}
	base, problems := Compile(amended.lib, "base.yaml", []byte(before))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	now, err1 := amended.Plan(nil)
	then, err2 := base.Plan(nil)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	asOf := period.Date(2023, 6, 30) // the day before
	rapid.Check(t, func(t *rapid.T) {
		firm := drawFirm(t, amended)
		a, err1 := now.Decide(firm, asOf, Options{})
		b, err2 := then.Decide(firm, asOf, Options{})
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if a.Total != b.Total || len(a.Lines) != len(b.Lines) {
			t.Fatalf("amended %+v, before %+v", a.Total, b.Total)
		}
	})
}
