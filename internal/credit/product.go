package credit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/condition"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// BanksFile and ProductsDir are where banks, lessors among them, and products stand in content.
const (
	BanksFile   = "credit/banks.yaml"
	ProductsDir = "credit/products"
)

// Bank is a bank or a lessor that takes part (content/schema/banks.schema.json).
type Bank struct {
	Code       string    `yaml:"code"`
	Name       i18n.Text `yaml:"name"`
	Kind       string    `yaml:"kind,omitempty"`     // OfBank or OfLessor; "" for a bank
	Invented   bool      `yaml:"invented,omitempty"` // stands in demonstrations alone
	Source     string    `yaml:"source"`
	Cite       string    `yaml:"cite,omitempty"`
	Confidence string    `yaml:"confidence"`
}

// BanksList is the banks as they are written.
type BanksList struct {
	Banks []Bank `yaml:"banks"`
}

// ProductFile is a product as it is written (content/schema/product.schema.json).
type ProductFile struct {
	Product    string           `yaml:"product"`
	Kind       Kind             `yaml:"kind,omitempty"` // Loan where it is not said
	Bank       string           `yaml:"bank"`
	Name       i18n.Text        `yaml:"name"`
	Lead       i18n.Text        `yaml:"lead"`
	Source     string           `yaml:"source"`
	Cite       string           `yaml:"cite,omitempty"`
	Confidence string           `yaml:"confidence"`
	Who        []condition.File `yaml:"who"`           // yearly figures are those of the last year that is over
	Now        []condition.File `yaml:"now,omitempty"` // likewise who; yearly facts are those of the year of asking, such as a list
	Amount     AmountFile       `yaml:"amount"`
	Rate       RateSpan         `yaml:"rate"`
	Months     MonthSpan        `yaml:"months"`
	Documents  []i18n.Text      `yaml:"documents,omitempty"`
	Days       int              `yaml:"days"` // working days within which the bank answers
}

// AmountFile is how much a product lends: by an expression, rounded down to 万元, between two bounds.
type AmountFile struct {
	Of    string    `yaml:"of"`
	Text  i18n.Text `yaml:"text"`
	Least string    `yaml:"least"`
	Most  string    `yaml:"most"`
}

// RateSpan is yearly rates, both included.
type RateSpan struct {
	From money.Rate `yaml:"from"`
	To   money.Rate `yaml:"to"`
}

// MonthSpan is how long a loan runs, both included.
type MonthSpan struct {
	From int `yaml:"from"`
	To   int `yaml:"to"`
}

// Product is a product that was read: a loan or a lease. It never changes and may be used by many goroutines.
type Product struct {
	ProductFile
	By          Bank
	Hash        string // SHA-256 of the file, in lower-case hexadecimal
	Least, Most money.Fen

	who []condition.Condition
	now []condition.Condition
	of  *rule.Expr
	src []byte

	names bool // clauses read the equipment that a firm names
}

// Limits of a product.
const (
	maxRate   = "36%"
	maxMonths = 360
	maxDays   = 10 // of the clock in content/workflows/*_referral.yaml: then the city is told
)

// identification are the facts that a bank is always shown of a firm that asks: who it is. Whom to call stands in what the firm
// sends.
var identification = []string{"ent.founded", "ent.size", "ent.registered_capital", "ent.address", "ent.main_product"}

// Facts are the codes of the facts that a bank reads of a firm that asks for the product: who it is, and what the clauses go by.
// In the order in which a page shows them.
func (p *Product) Facts() []string {
	all := slices.Clone(identification)
	add := func(defs []content.FactDef) {
		for _, d := range defs {
			if d.Code != rule.AreaCode && d.Code != rule.IndustryCode && !slices.Contains(all, d.Code) {
				all = append(all, d.Code)
			}
		}
	}
	for _, c := range slices.Concat(p.who, p.now) {
		add(c.Facts())
	}
	add(p.of.Facts())
	return all
}

// Names says that its clauses read the equipment that a firm names.
func (p *Product) Names() bool { return p.names }

// Conditions is who may get the product, as it is written: by the figures of last year, then by the state of this one.
func (p *Product) Conditions() []condition.File { return slices.Concat(p.Who, p.Now) }

// Bytes is the file as it was read.
func (p *Product) Bytes() []byte { return slices.Clone(p.src) }

// Set is the banks and products of today. It never changes.
type Set struct {
	banks    []Bank
	products []*Product
}

// Banks is all of them, as the file lists them. The slice must not be changed.
func (s *Set) Banks() []Bank { return s.banks }

// Bank is the bank with a code; NotFound when there is none.
func (s *Set) Bank(code string) (Bank, error) {
	i := slices.IndexFunc(s.banks, func(b Bank) bool { return b.Code == code })
	if i < 0 {
		return Bank{}, errs.NotFound("bank", code)
	}
	return s.banks[i], nil
}

// Products is all of them, by file. The slice must not be changed.
func (s *Set) Products() []*Product { return s.products }

// Product is the product with a code; NotFound when there is none.
func (s *Set) Product(code string) (*Product, error) {
	i := slices.IndexFunc(s.products, func(p *Product) bool { return p.Product == code })
	if i < 0 {
		return nil, errs.NotFound("loan product", code)
	}
	return s.products[i], nil
}

// Load reads the banks and every product below fsys. The error is content.Problems: every mistake of every file.
func Load(fsys fs.FS, lib *content.Library) (*Set, error) {
	s := &Set{}
	src, err := fs.ReadFile(fsys, BanksFile)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	var problems content.Problems
	s.banks, problems = parseBanks(BanksFile, src)
	entries, err := fs.ReadDir(fsys, ProductsDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		base, yaml := strings.CutSuffix(e.Name(), ".yaml")
		if e.IsDir() || !yaml {
			continue
		}
		name := path.Join(ProductsDir, e.Name())
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		p, found := ParseProduct(lib, s.Bank, name, src)
		problems = append(problems, found...)
		if p == nil {
			continue
		}
		if p.Product != base {
			problems = append(problems, content.NewProblem(name, src, 1, 1, i18n.M("credit.file_name", p.Product)))
		}
		if p.By.Gives() != p.Kind {
			problems = append(problems, content.NewProblem(name, src, 1, 1, i18n.M("credit.kind_of_bank", p.Bank, string(p.By.Gives()))))
		}
		s.products = append(s.products, p)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return s, nil
}

// reading gathers the mistakes of one file.
type reading struct {
	doc      *content.Document
	problems content.Problems
}

func (r *reading) report(msg i18n.Msg, at ...any) {
	r.problems = append(r.problems, r.doc.Problem(msg, at...))
}

var codeForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

func (r *reading) code(s string, at ...any) {
	if !codeForm.MatchString(s) {
		r.report(i18n.M("content.bad_code", s), at...)
	}
}

func (r *reading) bilingual(t i18n.Text, at ...any) {
	if t.ZH == "" || t.EN == "" {
		r.report(i18n.M("content.two_languages"), at...)
	}
}

func (r *reading) confidence(word string, at ...any) {
	known := []string{content.Verified, content.Secondary, content.Unverified}
	if !slices.Contains(known, word) {
		r.report(i18n.M("content.one_of", word, strings.Join(known, ", ")), at...)
	}
}

// amount reads an amount above nothing.
func (r *reading) amount(s string, at ...any) money.Fen {
	f, err := money.Parse(s)
	if err != nil || f <= 0 {
		r.report(i18n.M("credit.bad_amount", s), at...)
	}
	return f
}

func parseBanks(name string, src []byte) ([]Bank, content.Problems) {
	var list BanksList
	r := reading{}
	if r.doc, r.problems = content.Decode(name, src, &list); len(r.problems) > 0 {
		return nil, r.problems
	}
	for i, b := range list.Banks {
		r.code(b.Code, "banks", i, "code")
		if slices.ContainsFunc(list.Banks[:i], func(o Bank) bool { return o.Code == b.Code }) {
			r.report(i18n.M("content.code_twice", b.Code), "banks", i, "code")
		}
		r.bilingual(b.Name, "banks", i, "name")
		if known := []string{OfBank, OfLessor}; b.Kind != "" && !slices.Contains(known, b.Kind) {
			r.report(i18n.M("content.one_of", b.Kind, strings.Join(known, ", ")), "banks", i, "kind")
		}
		r.confidence(b.Confidence, "banks", i, "confidence")
	}
	return list.Banks, r.problems
}

// ParseProduct reads a product. Bank tells those that there are. All mistakes are told at once; with problems the Product is nil.
func ParseProduct(lib *content.Library, bank func(code string) (Bank, error), name string, src []byte) (*Product, content.Problems) {
	p := &Product{Hash: hashOf(src), src: slices.Clone(src)}
	r := reading{}
	if r.doc, r.problems = content.Decode(name, src, &p.ProductFile); len(r.problems) > 0 {
		return nil, r.problems
	}
	r.code(p.Product, "product")
	r.bilingual(p.Name, "name")
	r.bilingual(p.Lead, "lead")
	r.confidence(p.Confidence, "confidence")
	for i, d := range p.Documents {
		r.bilingual(d, "documents", i)
	}
	var err error
	if p.Kind, err = ParseKind(string(p.Kind)); err != nil {
		msg, _ := errs.Message(err)
		r.report(msg, "kind")
	}
	if p.By, err = bank(p.Bank); err != nil {
		r.report(i18n.M("credit.no_bank", p.Bank), "bank")
	}
	r.terms(p)
	env, err := rule.NewEnv(lib, content.Enterprise, rule.Declarations{Given: p.Kind.declared(lib)})
	if err != nil {
		r.report(i18n.M("credit.language", err.Error()))
		return nil, r.problems
	}
	var found content.Problems
	p.who, found = condition.Compile(env, r.doc, p.Who, "who")
	r.problems = append(r.problems, found...)
	p.now, found = condition.Compile(env, r.doc, p.Now, "now")
	r.problems = append(r.problems, found...)
	line, col := r.doc.At("amount", "of")
	p.of, found = env.Compile(p.Amount.Of, rule.Position{File: name, Source: r.doc.Source, Line: line, Col: col}, rule.ExactType)
	if r.problems = append(r.problems, found...); len(r.problems) > 0 {
		return nil, r.problems
	}
	p.names = len(p.of.Uses()) > 0 || slices.ContainsFunc(slices.Concat(p.who, p.now), func(c condition.Condition) bool { return len(c.Uses()) > 0 })
	return p, nil
}

// terms checks amounts, rates, months and days.
func (r *reading) terms(p *Product) {
	r.bilingual(p.Amount.Text, "amount", "text")
	p.Least, p.Most = r.amount(p.Amount.Least, "amount", "least"), r.amount(p.Amount.Most, "amount", "most")
	if p.Least > p.Most {
		r.report(i18n.M("credit.span", p.Amount.Least, p.Amount.Most), "amount", "most")
	}
	top, err := money.ParseRate(maxRate)
	if err != nil {
		panic("credit: " + err.Error())
	}
	if p.Rate.From.Cmp(money.Rate{}) <= 0 || p.Rate.To.Cmp(p.Rate.From) < 0 || p.Rate.To.Cmp(top) > 0 {
		r.report(i18n.M("credit.rates", maxRate), "rate")
	}
	if p.Months.From < 1 || p.Months.To < p.Months.From || p.Months.To > maxMonths {
		r.report(i18n.M("credit.months", maxMonths), "months")
	}
	if p.Days < 1 || p.Days > maxDays {
		r.report(i18n.M("credit.days", maxDays), "days")
	}
}

func hashOf(src []byte) string {
	sum := sha256.Sum256(src)
	return hex.EncodeToString(sum[:])
}
