package credit

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/condition"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/content/contenttest"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

var (
	library = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })
	shipped = sync.OnceValues(func() (*Set, error) {
		lib, err := library()
		if err != nil {
			return nil, err
		}
		return Load(contentdata.FS, lib)
	})
)

func products(t testing.TB) *Set {
	t.Helper()
	set, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestShipped(t *testing.T) {
	contenttest.Schema(t, contentdata.FS, "schema/product.schema.json", &ProductFile{})
	contenttest.Schema(t, contentdata.FS, "schema/banks.schema.json", &BanksList{})
	set := products(t)
	var got []string
	for _, p := range set.Products() {
		got = append(got, p.Product)
		if !p.By.Invented || !strings.Contains(p.Name.ZH, "演示") || p.Confidence != content.Unverified {
			t.Errorf("%s does not say that it is invented", p.Product)
		}
	}
	if diff := cmp.Diff([]string{"demo_a_digital", "demo_a_equipment", "demo_b_factory", "demo_l_equipment"}, got); diff != "" {
		t.Errorf("products (-want +got):\n%s", diff)
	}
	p, err := set.Product("demo_a_equipment")
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Concat(identification, []string{"ent.above_scale", "ent.revenue", "ent.blacklisted"})
	if diff := cmp.Diff(want, p.Facts()); diff != "" {
		t.Errorf("what its bank reads (-want +got):\n%s", diff)
	}
	if _, err := set.Product("nonsense"); errs.KindOf(err) != errs.KindNotFound {
		t.Errorf("a product that there is not: %v", err)
	}
	if got := (&Store{Deps: Deps{Set: set}}).Offered(); len(got) > 0 {
		t.Errorf("an installation with real data offers %d products of invented banks", len(got))
	}
	if got := (&Store{Deps: Deps{Set: set, Demo: true}}).Offered(); len(got) != 4 {
		t.Errorf("a demonstration offers %d products", len(got))
	}
}

func TestAsk(t *testing.T) {
	p, err := products(t).Product("demo_a_equipment")
	if err != nil {
		t.Fatal(err)
	}
	firm := func(revenue string) facts {
		f := facts{"ent.above_scale": rule.Bool(true), "ent.blacklisted": rule.Bool(false)}
		if revenue != "" {
			fen, err := money.Parse(revenue)
			if err != nil {
				t.Fatal(err)
			}
			f["ent.revenue"] = rule.Money(fen)
		}
		return f
	}
	listed := firm("1亿元")
	listed["ent.blacklisted"] = rule.Bool(true)
	for _, c := range []struct {
		name    string
		of      facts
		state   condition.State
		limit   string
		missing int
	}{
		{"all met", firm("1亿元"), condition.Met, "1000万元", 0},
		{"rounded down", firm("10019.99万元"), condition.Met, "1001万元", 0},
		{"the largest loan", firm("90亿元"), condition.Met, "2000万元", 0},
		{"revenue too small", firm("1999.99万元"), condition.NotMet, "199万元", 0},
		{"not trusted", listed, condition.NotMet, "1000万元", 0},
		{"no revenue stated", firm(""), condition.Unknown, "0", 1},
		{"nothing known", facts{}, condition.Unknown, "0", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := p.Ask(c.of, period.Date(2024, 10, 31), Equipment{})
			if err != nil {
				t.Fatal(err)
			}
			limit, err := money.Parse(c.limit)
			if err != nil {
				t.Fatal(err)
			}
			if got.State != c.state || got.Limit != limit || len(got.Missing) != c.missing || got.Year != 2023 {
				t.Errorf("%+v, want %s, %s, %d missing", got, c.state, limit, c.missing)
			}
		})
	}
}

// Whatever is known of a firm: the limit lies between the smallest and the largest loan or is none, nothing is met that misses a
// fact, and stating a missing fact never takes back what was known.
func TestAskKeepsWithinBounds(t *testing.T) {
	set := products(t)
	lib, err := library()
	if err != nil {
		t.Fatal(err)
	}
	day := period.Date(2024, 10, 31)
	rapid.Check(t, func(r *rapid.T) {
		p := rapid.SampledFrom(set.Products()).Draw(r, "product")
		known, whole := facts{}, facts{}
		for _, code := range p.Facts() {
			def, ok := lib.FactDef(code)
			if !ok {
				r.Fatalf("%s is no fact", code)
			}
			var v rule.Value
			switch def.Type {
			case content.Bool:
				v = rule.Bool(rapid.Bool().Draw(r, code))
			case content.Money:
				v = rule.Money(money.Fen(rapid.Int64Range(0, 1<<42).Draw(r, code)))
			default:
				continue
			}
			whole[code] = v
			if rapid.Bool().Draw(r, "known") {
				known[code] = v
			}
		}
		equipment := Equipment{
			Named: true, Kind: rapid.SampledFrom([]string{"robot", "other"}).Draw(r, "kind"), Age: rapid.Int64Range(0, 5).Draw(r, "age"),
			Price: money.Fen(rapid.Int64Range(1, 1<<42).Draw(r, "price")),
		}
		named := equipment
		if p.Names() && rapid.Bool().Draw(r, "not named") {
			named = Equipment{}
		}
		part, err := p.Ask(known, day, named)
		if err != nil {
			r.Fatal(err)
		}
		all, err := p.Ask(whole, day, equipment)
		if err != nil {
			r.Fatal(err)
		}
		for _, f := range []Fit{part, all} {
			if f.Limit != 0 && (f.Limit < p.Least || f.Limit > p.Most || f.Limit%wan != 0) {
				r.Fatalf("limit %s", f.Limit)
			}
			if f.State == condition.Met && (f.Limit == 0 || len(f.Missing) > 0) {
				r.Fatalf("met, with the limit %s and %v missing", f.Limit, f.Missing)
			}
		}
		if all.State == condition.Unknown {
			r.Fatalf("all is stated, and the answer is not known: %+v", all)
		}
		if part.State != condition.Unknown && part.State != all.State || len(part.Missing) == 0 && !part.Unnamed && part.Limit != all.Limit {
			r.Fatalf("known %+v, and once all is stated %+v", part, all)
		}
	})
}

func TestParseTellsMistakes(t *testing.T) {
	set := products(t)
	p, err := set.Product("demo_a_equipment")
	if err != nil {
		t.Fatal(err)
	}
	lib, err := library()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, key string }{
		{"bank: demo_a", "bank: nobody", "credit.no_bank"},
		{"least: 50万元", "least: 3000万元", "credit.span"},
		{"least: 50万元", "least: lots", "credit.bad_amount"},
		{"from: 3.1%", "from: 9%", "credit.rates"},
		{"to: 3.8%", "to: 40%", "credit.rates"},
		{"from: 12, to: 36", "from: 12, to: 3", "credit.months"},
		{"days: 10", "days: 90", "credit.days"},
		{"product: demo_a_equipment", "product: A", "content.bad_code"},
		{"confidence: unverified", "confidence: sure", "content.one_of"},
		{"bank: demo_a", "bank: demo_a\nkind: gift", "credit.bad_kind"},
	} {
		got, problems := ParseProduct(lib, set.Bank, "x.yaml", []byte(strings.Replace(string(p.Bytes()), c.old, c.new, 1)))
		if got != nil || len(problems) != 1 || problems[0].Msg.Key != c.key {
			t.Errorf("%s: %v", c.new, problems)
		}
	}
	for old, bad := range map[string]string{
		"ent.revenue * rate": "ent.employees * rate", "'!ent.blacklisted'": "ent.nonsense",
		"ent.revenue >=": "equipment.price >=", // which no firm names for a loan
	} {
		if got, problems := ParseProduct(lib, set.Bank, "x.yaml", []byte(strings.Replace(string(p.Bytes()), old, bad, 1))); got != nil || len(problems) == 0 {
			t.Errorf("%s is taken", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	lib, err := library()
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range products(f).Products() {
		f.Add(string(p.Bytes()))
	}
	set := products(f)
	f.Fuzz(func(t *testing.T, src string) {
		if p, problems := ParseProduct(lib, set.Bank, "x.yaml", []byte(src)); p == nil && len(problems) == 0 {
			t.Error("neither a product nor a mistake")
		}
	})
}

// facts is an enterprise of which no more than this is known: in 2023, what products ask of the year that runs in 2024, or
// without time.
type facts map[string]rule.Value

func (facts) Kind() string                   { return content.Enterprise }
func (facts) ID() string                     { return "1" }
func (facts) Name() string                   { return "测试企业" }
func (facts) Parent() rule.Subject           { return nil }
func (facts) Children(string) []rule.Subject { return nil }

func (f facts) Fact(def content.FactDef, p period.Period, _ period.Day) (rule.Value, rule.State) {
	v, ok := f[def.Code]
	year := period.OfYear(2023)
	if def.Code == "ent.blacklisted" || def.Code == "ent.major_accident" {
		year = period.OfYear(2024)
	}
	if !ok || p != year && p != (period.Period{}) {
		return rule.Value{}, rule.Unknown
	}
	return v, rule.Present
}
