package target

import (
	"context"
	"errors"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// columns are those of a table of quotas.
var columns = sheet.Vocabulary{Columns: []sheet.Term{
	{ID: "area", Kind: sheet.KindText, Labels: []string{"区域", "地区", "县（市、区）", "县市区", "单位", "责任单位", "Area", "County"}},
	{ID: "chain", Kind: sheet.KindText, Labels: []string{"产业链", "重点产业链", "所属产业链", "Chain"}},
	{ID: "year", Kind: sheet.KindText, Labels: []string{"年度", "年份", "目标年度", "Year"}},
	{ID: "quota", Kind: sheet.KindText, Labels: []string{"目标", "任务", "任务数", "目标值", "目标任务", "分解任务", "指标任务", "Quota", "Target"}},
}}

// maxFaults is how many mistakes of a file are told.
const maxFaults = 100

// File is a file on the disk, with the name that its sender gave it.
type File struct{ Path, Name string }

// ReadQuotas reads a table of quotas of a target, in the unit of its indicator: areas by code or name, chains likewise, years where they are
// asked for. An empty cell says nothing; a dash takes back. Where anything in it is wrong there are no quotas, only what is wrong, each with
// its cell.
func (s *Store) ReadQuotas(ctx context.Context, g indicator.Goal, area, parts string, f File) (quotas []Quota, faults []i18n.Msg, err error) {
	book, err := sheet.Open(f.Path, f.Name, sheet.Limits{File: sheet.FormLimit})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	for i := range book.Sheets() {
		l, err := sheet.Detect(ctx, book, i, columns)
		if errs.KindOf(err) == errs.KindInvalid {
			continue // a sheet without a table
		}
		if err != nil {
			return nil, nil, err
		}
		need := []string{"area", "quota"}
		if parts == ByChains {
			need[0] = "chain"
		}
		at, ok := l.Places(columns, need...)
		if !ok {
			continue
		}
		r := quotaReader{s: s, goal: g, area: area, parts: parts, book: book, layout: &l, at: at}
		if err := book.Records(ctx, &l, r.record); err != nil && !errors.Is(err, errEnough) {
			return nil, nil, err
		}
		if len(r.faults) > 0 {
			return nil, r.faults, nil
		}
		quotas = append(quotas, r.quotas...)
	}
	if len(quotas) == 0 {
		return nil, nil, errs.Invalid(i18n.M("target.sheet_empty", f.Name))
	}
	return quotas, nil, nil
}

var errEnough = errors.New("enough faults")

// quotaReader gathers what the lines of a sheet say.
type quotaReader struct {
	s           *Store
	goal        indicator.Goal
	area, parts string
	book        *sheet.Book
	layout      *sheet.Layout
	at          map[string]int
	quotas      []Quota
	faults      []i18n.Msg
}

func (r *quotaReader) record(rec *sheet.Record) error {
	if rec.Kind != sheet.DataRow {
		return nil
	}
	q := Quota{Key: Key{Area: r.area}}
	got, err := r.quota(rec)
	if err != nil {
		msg, ok := errs.Message(err)
		if !ok {
			return err
		}
		return r.fault(rec, "quota", msg)
	}
	if got.State == sheet.Unstated {
		return nil
	}
	if got.State == sheet.Present {
		q.Value = r.value(got.Num)
	}
	switch r.parts {
	case ByAreas:
		name := r.text(rec, "area")
		found := r.s.Library.Areas().Resolve(name, r.area)
		i := slices.IndexFunc(found, func(n content.Node) bool { return n.Parent == r.area })
		if i < 0 {
			return r.fault(rec, "area", i18n.M("target.sheet_area", name))
		}
		q.Area = found[i].Code
	case ByChains:
		q.Chain = r.text(rec, "chain")
		def, _ := r.s.Library.FactDef(ChainFact)
		list, _ := r.s.Library.CodeList(def.Codes)
		for _, e := range list.Entries {
			if word := content.Fold(q.Chain); content.Fold(e.Name.ZH) == word || content.Fold(e.Name.EN) == word {
				q.Chain = e.Code
			}
		}
	}
	if !r.s.isPart(r.area, r.parts, q.Key) {
		return r.fault(rec, "chain", i18n.M("target.sheet_chain", q.Chain))
	}
	if text := strings.TrimSuffix(r.text(rec, "year"), "年"); text != "" {
		years := Years(r.goal)
		i := slices.IndexFunc(years, func(y int) bool { return strconv.Itoa(y) == text })
		if i < 0 {
			return r.fault(rec, "year", i18n.M("target.bad_year", text, years[0], years[len(years)-1]))
		}
		q.Year = years[i]
	}
	r.quotas = append(r.quotas, q)
	return nil
}

// quota is what the cell of a quota says, exactly.
func (r *quotaReader) quota(rec *sheet.Record) (sheet.Reading, error) {
	want := sheet.Want{Kind: sheet.KindDecimal, Rate: sheet.RatePercent}
	typ, unit := written(r.goal)
	switch typ {
	case rule.MoneyType:
		want.Kind = sheet.KindMoney
	case rule.RateType:
		want.Kind = sheet.KindRate
	}
	want.Unit, _ = sheet.UnitNamed(unit)
	cell := rec.Cells[r.at["quota"]]
	got, err := sheet.Read(cell, want)
	if err == nil && got.State == sheet.Present && (got.Precision != sheet.Exact || got.Rounded || got.Num < 0) {
		err = errs.Invalid(i18n.M("target.bad_number", cell.Shown(), unit, maxPlaces))
	}
	return got, err
}

// value is a number as sheets have it in the unit of the target's figures.
func (r *quotaReader) value(n int64) *big.Rat {
	if typ, _ := written(r.goal); typ == rule.MoneyType {
		return big.NewRat(n, 1)
	}
	return big.NewRat(n, 1_000_000)
}

// text is what a cell shows; "" where there is no such column.
func (r *quotaReader) text(rec *sheet.Record, column string) string {
	at, has := r.at[column]
	if !has {
		return ""
	}
	return strings.TrimSpace(rec.Cells[at].Shown())
}

func (r *quotaReader) fault(rec *sheet.Record, column string, msg i18n.Msg) error {
	col := -1
	if at, has := r.at[column]; has {
		col = r.layout.Columns[at].Index
	}
	r.faults = append(r.faults, i18n.M("sheet.at", r.book.Place(r.layout.Sheet, rec.Row, col).String(), msg))
	if len(r.faults) >= maxFaults {
		return errEnough
	}
	return nil
}
