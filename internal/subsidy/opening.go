package subsidy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Opening balances: what other offices and earlier years have granted, from a sheet.

var openingColumns = []column{
	{id: "name", name: i18n.Text{ZH: "企业名称", EN: "Enterprise"}, words: []string{"企业", "单位名称", "申报单位"}, required: true, help: i18n.Text{ZH: "与统一社会信用代码至少填一项", EN: "This or the credit code"}},
	{id: "uscc", name: i18n.Text{ZH: "统一社会信用代码", EN: "Credit code"}, words: []string{"信用代码", "社会信用代码"}, help: i18n.Text{ZH: "18 位", EN: "18 characters"}},
	{id: "family", name: i18n.Text{ZH: "奖补类别", EN: "Kind of support"}, words: []string{"类别", "补助类别"}, required: true, help: i18n.Text{ZH: "投入补助、贷款贴息、服务奖补、诊断服务、荣誉奖励之一", EN: "Investment support, Interest support, Support for services, Diagnosis or Award for a title"}},
	{id: "project", name: i18n.Text{ZH: "项目", EN: "Project"}, words: []string{"项目名称", "项目代码"}, help: i18n.Text{ZH: "项目名称或代码；整个企业的支持留空", EN: "Name or code; empty for support of the enterprise as a whole"}},
	{id: "title", name: i18n.Text{ZH: "称号", EN: "Title"}, words: []string{"荣誉", "荣誉称号"}, help: i18n.Text{ZH: "荣誉奖励必填：称号或获奖名称", EN: "Of an award: the title"}},
	{id: "invoice", name: i18n.Text{ZH: "发票号码", EN: "Invoice number"}, words: []string{"发票号"}, help: i18n.Text{ZH: "只支持某笔费用时填写", EN: "Where one cost item was supported"}},
	{id: "serial", name: i18n.Text{ZH: "设备序列号", EN: "Serial number"}, words: []string{"序列号"}, help: i18n.Text{ZH: "只支持某台设备时填写", EN: "Where one machine was supported"}},
	{id: "seller", name: i18n.Text{ZH: "销售方", EN: "Seller"}, words: []string{"供应商"}, help: i18n.Text{ZH: "发票号码不足 18 位或填写序列号时必填", EN: "Where the invoice number has fewer than 18 digits, or there is a serial number"}},
	{id: "year", name: i18n.Text{ZH: "年度", EN: "Year"}, words: []string{"年份", "资金年度"}, required: true, help: i18n.Text{ZH: "四位年份", EN: "Four digits"}},
	{id: "only", name: i18n.Text{ZH: "只占本年度", EN: "That year only"}, words: []string{"仅本年度"}, help: i18n.Text{ZH: "填“是”表示以后年度还可支持同一项目；否则整个项目不再支持", EN: "“Yes”: later years of the project may be supported; else the project as a whole may not"}},
	{id: "amount", name: i18n.Text{ZH: "金额（元）", EN: "Amount (元)"}, words: []string{"金额", "奖补金额", "Amount"}, required: true, help: i18n.Text{ZH: "已发放金额", EN: "Paid"}},
	{id: "bureau", name: i18n.Text{ZH: "发放单位", EN: "Paid by"}, words: []string{"发放部门", "部门"}, required: true, help: i18n.Text{ZH: "例如 市发展改革委", EN: "The office that paid it"}},
	{id: "document", name: i18n.Text{ZH: "依据文号", EN: "Document"}, words: []string{"文号", "依据文件"}, required: true, help: i18n.Text{ZH: "下达资金的文件", EN: "The document by which it was paid"}},
}

// OpeningTemplate is the sheet that opening balances come in.
func OpeningTemplate(t i18n.T) *sheet.Export {
	return template(t, i18n.M("subsidy.opening_title"), openingColumns, nil)
}

// OpeningPreview is what a sheet of opening balances comes to.
type OpeningPreview struct {
	Name     string
	SHA256   string // of what it states, whatever its layout
	Rows     int
	Total    money.Fen
	Openings []ledger.Opening
	Problems []Problem
	Beside   []ledger.Standing // that stand on the same things: granted twice already
}

// maxOpenings is how many rows one sheet may have.
const maxOpenings = 50_000

// PreviewOpenings reads a sheet and changes nothing: what it would enter, and every cell that will not do.
func (s *Store) PreviewOpenings(ctx context.Context, view fact.View, path, name string) (_ *OpeningPreview, err error) {
	t, err := readTable(ctx, path, name, openingColumns, maxOpenings)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.book.Close()) }()
	p := &OpeningPreview{Name: name, Rows: len(t.rows)}
	firms := firmsOf(view.Enterprises())
	for _, r := range t.rows {
		before := len(t.problems)
		o := s.opening(view, firms, r)
		if len(t.problems) > before {
			continue
		}
		p.Openings = append(p.Openings, o...)
		p.Total += o[0].Amount
	}
	if p.Problems = t.problems; len(t.rows) == 0 {
		p.Problems = []Problem{{t.book.Place(t.sheet, 1, -1), i18n.M("subsidy.no_rows")}}
	}
	ledgerView := ledger.In(s.DB.Read(), access.SystemScope())
	for _, o := range p.Openings {
		beside, err := ledgerView.Against(ctx, o.Claim)
		if err != nil {
			return nil, err
		}
		p.Beside = append(p.Beside, beside...)
	}
	p.SHA256, err = digest(p.Openings)
	return p, err
}

// openingSheet is the kind under which the last sheet is kept that an account has looked at.
const openingSheet = "openings"

// KeepOpenings keeps what the scope's account has read of a sheet, in the place of what it read before, until it is entered.
func (s *Store) KeepOpenings(ctx context.Context, scope access.Scope, p *OpeningPreview) error {
	if !scope.Can(access.Import) {
		return errs.Forbidden(string(access.Import))
	}
	return noted("keep a sheet of earlier payments", s.keepRead(ctx, openingSheet, 0, scope.Account(), p))
}

// KeptOpenings is what the scope's account has read last of a sheet; nil where there is nothing.
func (s *Store) KeptOpenings(ctx context.Context, scope access.Scope) (*OpeningPreview, error) {
	p := &OpeningPreview{}
	found, err := s.keptRead(ctx, openingSheet, 0, scope.Account(), p)
	if err != nil || !found {
		return nil, noted("read a sheet of earlier payments", err)
	}
	return p, nil
}

// digest is a hash of what openings state, without the places where they stand.
func digest(all []ledger.Opening) (string, error) {
	said := slices.Clone(all)
	for i := range said {
		said[i].Place = ""
	}
	b, err := json.Marshal(said)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// firms finds enterprises by their code or name.
type firms struct {
	byCode map[string]party.Enterprise
	byName map[string][]party.Enterprise
}

func firmsOf(all iter.Seq[party.Enterprise]) firms {
	f := firms{map[string]party.Enterprise{}, map[string][]party.Enterprise{}}
	for e := range all {
		if e.USCC != "" {
			f.byCode[string(e.USCC)] = e
		}
		for _, name := range append([]string{e.Name}, e.FormerNames...) {
			f.byName[content.Fold(name)] = append(f.byName[content.Fold(name)], e)
		}
	}
	return f
}

// find is the enterprise of a row.
func (f firms) find(r tableRow) (party.Enterprise, bool) {
	code, name := number(r.text("uscc")), r.text("name")
	if code != "" {
		if e, ok := f.byCode[code]; ok {
			return e, true
		}
		r.wrong("uscc", i18n.M("subsidy.no_firm_code", code))
		return party.Enterprise{}, false
	}
	switch found := f.byName[content.Fold(name)]; len(found) {
	case 1:
		return found[0], true
	case 0:
		r.wrong("name", i18n.M("subsidy.no_firm", name))
	default:
		r.wrong("name", i18n.M("subsidy.many_firms", name, len(found)))
	}
	return party.Enterprise{}, false
}

// opening is what a row states: the claim on the thing, and on the cost item where it names one. Cost items are claimed by
// their number, and then nothing else is: another item of the project may still be supported.
func (s *Store) opening(view fact.View, all firms, r tableRow) []ledger.Opening {
	e, ok := all.find(r)
	family, known := s.Costs.familyNamed(r.text("family"))
	if !known {
		r.wrong("family", i18n.M("subsidy.no_family_word", r.text("family"), s.Costs.familyWords()))
	}
	o := ledger.Opening{Party: e.ID, Area: e.Area, Place: r.place("name").String()}
	o.Family, o.Bureau, o.Doc = family.ID, r.text("bureau"), r.text("document")
	for id, text := range map[string]string{"bureau": o.Bureau, "document": o.Doc} {
		if text == "" {
			r.wrong(id, i18n.M("subsidy.cell_missing"))
		}
	}
	var err error
	if o.Year, err = strconv.Atoi(strings.TrimSuffix(r.text("year"), "年")); err != nil || o.Year < 2000 || o.Year > s.today().Year() {
		r.wrong("year", i18n.M("subsidy.bad_year", r.text("year"), s.today().Year()))
	}
	if fen, ok := r.money("amount"); ok {
		o.Amount = fen
		if fen <= 0 {
			r.wrong("amount", i18n.M("subsidy.item_amount"))
		}
	} else if r.text("amount") == "" {
		r.wrong("amount", i18n.M("subsidy.cell_missing"))
	}
	if !ok || !known {
		return nil
	}
	if items := s.openingItems(r, o); len(items) > 0 {
		return items
	}
	o.Project, o.Item = s.openingThing(view, e, family, r, o.Year)
	return []ledger.Opening{o}
}

// openingItems is the claims on the cost items that a row names.
func (s *Store) openingItems(r tableRow, o ledger.Opening) []ledger.Opening {
	it := Item{Invoice: r.text("invoice"), Serial: r.text("serial"), Seller: r.text("seller")}
	invoice, serial := it.keys()
	if n := number(it.Invoice); it.Seller == "" && (n != "" && len(n) < ownNumber || serial != "") {
		r.wrong("seller", i18n.M("subsidy.seller_missing"))
	}
	var all []ledger.Opening
	for _, x := range [][2]string{{invoiceItems, invoice}, {serialItems, serial}} {
		if x[1] == "" {
			continue
		}
		one := o
		one.Project, one.Item, one.Family = x[0], x[1], itemFamily
		if len(all) > 0 {
			one.Amount = 0 // said with the invoice
		}
		all = append(all, one)
	}
	return all
}

// openingThing is the project, title or enterprise that a row is about, as claims name it.
func (s *Store) openingThing(view fact.View, e party.Enterprise, family Family, r tableRow, year int) (project, item string) {
	whole := content.Enterprise + ":" + strconv.FormatInt(e.ID, 10)
	if family.Titles {
		id, ok := s.titled(view, e.ID, r)
		if !ok {
			return "", ""
		}
		return whole, content.Honour + ":" + strconv.FormatInt(id, 10)
	}
	name := r.text("project")
	if name == "" {
		if yes(r.text("only")) {
			return whole, strconv.Itoa(year)
		}
		return whole, ""
	}
	id, ok := s.named(view, e.ID, content.Project, []string{"project.name", "project.code"}, name)
	if !ok {
		r.wrong("project", i18n.M("subsidy.no_project", name, e.Name))
		return "", ""
	}
	project = content.Project + ":" + strconv.FormatInt(id, 10)
	if yes(r.text("only")) {
		item = strconv.Itoa(year)
	}
	return project, item
}

func yes(text string) bool {
	ok, err := sheet.ParseBool(text)
	return err == nil && ok
}

// titled is the title of an enterprise that a row names: by the title itself, or by what it was given for.
func (s *Store) titled(view fact.View, firm int64, r tableRow) (int64, bool) {
	word := r.text("title")
	if word == "" {
		r.wrong("title", i18n.M("subsidy.title_missing"))
		return 0, false
	}
	words := []string{word}
	if list, ok := s.Library.CodeList("titles"); ok {
		if entry, ok := list.Resolve(word); ok {
			words = append(words, entry.Code)
		}
	}
	for _, w := range words {
		if id, ok := s.named(view, firm, content.Honour, []string{"honour.title", "honour.item"}, w); ok {
			return id, true
		}
	}
	r.wrong("title", i18n.M("subsidy.no_title", word))
	return 0, false
}

// named is the one subject of a kind below an enterprise that one of its facts, or its key, calls so.
func (s *Store) named(view fact.View, firm int64, kind string, defs []string, name string) (int64, bool) {
	root, ok := s.reader.Subject(view, firm)
	if !ok {
		return 0, false
	}
	want, found := content.Fold(name), int64(0)
	for _, c := range root.Children(kind) {
		id, err := strconv.ParseInt(c.ID(), 10, 64)
		if err != nil {
			continue
		}
		called := content.Fold(c.Name()) == want
		for _, code := range defs {
			def, _ := s.Library.FactDef(code)
			v, state := c.Fact(def, period.Period{}, s.today())
			called = called || state == rule.Present && content.Fold(v.Text()) == want
		}
		if !called {
			continue
		}
		if found != 0 {
			return 0, false
		}
		found = id
	}
	return found, found != 0
}

// ImportOpenings enters what a preview found, as one source of the log of what is known: all of it or nothing, once however
// often the sheet comes. Area is that of the office that answers for it.
func (s *Store) ImportOpenings(ctx context.Context, scope access.Scope, area, authority string, p *OpeningPreview) (int64, error) {
	if err := placed(p.Problems); err != nil {
		return 0, err
	}
	id, err := s.Sources.Begin(ctx, scope, source.Source{Kind: source.Import, Authority: authority, Name: p.Name, Digest: p.SHA256, Area: area})
	if err != nil {
		return 0, err
	}
	_, err = s.Sources.Publish(ctx, id, func(ctx context.Context, tx *store.Tx, _ int64) error {
		for n, part := range slices.Collect(slices.Chunk(p.Openings, 1000)) {
			act := ledger.Act{Scope: scope, Key: fmt.Sprintf("source/%d/open/%d", id, n), Document: p.Name}
			if _, err := s.Book.Open(ctx, tx, act, id, part); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, errors.Join(err, s.Sources.Discard(ctx, id))
	}
	return id, nil
}

// OpeningAuthority is in whose name what was paid before is stated where nobody says otherwise: the office that brings the sheet
// in answers for it.
const OpeningAuthority = "bureau"

// OpeningImport is a sheet of earlier payouts that was entered.
type OpeningImport struct {
	ledger.OpeningSum
	Source source.Source
}

// OpeningImports is the sheets of earlier payouts whose claims and whose source the scope may read, the newest first.
func (s *Store) OpeningImports(ctx context.Context, scope access.Scope) ([]OpeningImport, error) {
	var sums []ledger.OpeningSum
	err := s.Book.Read(ctx, scope, func(ctx context.Context, v *ledger.View) (err error) {
		sums, err = v.Openings(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	var all []OpeningImport
	for _, x := range sums {
		src, err := s.Sources.Get(ctx, scope, x.Source)
		if errs.KindOf(err) == errs.KindNotFound {
			continue // of an office that the reader does not see
		}
		if err != nil {
			return nil, err
		}
		all = append(all, OpeningImport{x, src})
	}
	return all, nil
}

// MayUndo says that the scope may take the sheet back, which stands.
func (o OpeningImport) MayUndo(scope access.Scope) bool {
	return o.Source.Live() && scope.Sees(access.UndoImport, o.Source.Area, 0)
}

// UndoOpenings takes a sheet of earlier payouts back, whole, for a reason. It is NotFound for a source that is none, or whose
// area the scope may not undo.
func (s *Store) UndoOpenings(ctx context.Context, scope access.Scope, id int64, reason string) error {
	all, err := s.OpeningImports(ctx, scope)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(o OpeningImport) bool { return o.Source.ID == id && o.MayUndo(scope) }) {
		return errs.NotFound("source", id)
	}
	if reason = strings.TrimSpace(reason); reason == "" {
		return errs.Invalid(i18n.M("subsidy.undo_reason"))
	}
	_, err = s.Sources.Retract(ctx, scope, id, reason)
	return err
}

// lift gives the claims of an import up when its source is taken back, wherever that is done.
func (s *Store) lift(ctx context.Context, tx *store.Tx, src source.Source) error {
	if src.Kind != source.Import {
		return nil
	}
	return s.Book.LiftSource(ctx, tx, ledger.Act{Scope: access.SystemScope(), Key: fmt.Sprintf("source/%d/lift", src.ID), Document: src.Name}, src.ID)
}

// titleEnded is the fact that a title is held no longer.
const titleEnded = "honour.ended_on"

// endsTitles has whoever approved look again at what was given for a title that a source ends, as one of another bureau may: what
// ends here puts it in doubt by itself.
func (s *Store) endsTitles(ctx context.Context, tx *store.Tx, src source.Source) error {
	ended, err := s.Frames.Said(ctx, tx, src.ID, titleEnded)
	if err != nil || len(ended) == 0 {
		return err
	}
	view, err := s.system(ctx) // before the source is known
	if err != nil {
		return err
	}
	for _, f := range ended {
		title, ok := view.Subject(f.Subject)
		known := view.Value(f.Subject, titleEnded, f.Period)
		if !ok || f.State != fact.Present || known.State == fact.Present && known.Value == f.Value {
			continue
		}
		why := i18n.T{Lang: i18n.ZH}.S("subsidy.title_ended", s.titleName(view, f.Subject), period.Day(f.Value.Num).String(), src.Name)
		if err := s.cases.Doubt(ctx, tx, title.Parent, f.Subject, why); err != nil {
			return err
		}
	}
	return nil
}

// titleName is what a title is called in the language of what is kept.
func (s *Store) titleName(view fact.View, title int64) string {
	code := view.Value(title, "honour.title", period.Period{}).Value.Text
	if def, ok := s.Library.FactDef("honour.title"); ok {
		if list, ok := s.Library.CodeList(def.Codes); ok {
			if e, ok := list.Entry(code); ok {
				return e.Name.ZH
			}
		}
	}
	return code
}
