package lint

import (
	"maps"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// numbers asks each parameter for the words of the document that hold it. That the words hold it, the compiler checks.
func (p *pack) numbers() {
	for i, prm := range p.policy.File.Params {
		at := p.at("params", i)
		switch quoted := quoted(prm); {
		case !quoted && prm.Unquoted == nil:
			p.tell("number", Error, at, i18n.M("lint.no_quote", prm.ID), i18n.M("lint.mend_no_quote"))
		case quoted && prm.Unquoted != nil:
			p.tell("number", Error, p.at("params", i, "unquoted"), i18n.M("lint.needless_unquoted", prm.ID), i18n.M("lint.mend_needless_unquoted"), at)
		}
	}
}

// quoted says that every value of a parameter has a quotation.
func quoted(prm policy.Param) bool {
	if prm.Quote != "" {
		return true
	}
	if len(prm.Values) == 0 {
		return false
	}
	for key := range prm.Values {
		if prm.Places[key].Quote == "" {
			return false
		}
	}
	return true
}

// number is a value of a parameter and where the document says it.
type number struct {
	param, key, cite string
	index            int
	shown            string
}

func (p *pack) encoded() []number {
	var all []number
	for i, prm := range p.policy.File.Params[:len(p.raw.Params)] {
		if prm.Value != "" {
			all = append(all, number{prm.ID, "", citeOf(prm.Cite), i, prm.Value})
		}
		for _, key := range slices.Sorted(maps.Keys(prm.Values)) {
			cite := prm.Cite
			if own, ok := prm.Places[key]; ok {
				cite = own.Cite
			}
			all = append(all, number{prm.ID, key, citeOf(cite), i, prm.Values[key]})
		}
	}
	return all
}

// citeOf is a citation in one form, whatever the width of its brackets.
func citeOf(cite string) string {
	return strings.NewReplacer("（", "(", "）", ")", " ", "").Replace(cite)
}

// inventory compares the clauses of the document that name numbers with what is encoded, both ways.
func (p *pack) inventory() {
	list := p.raw.Inventory
	if len(list) == 0 {
		if len(p.raw.Params) > 0 {
			p.tell("inventory", Error, p.at("document"), i18n.M("lint.no_inventory"), i18n.M("lint.mend_no_inventory"))
		}
		return
	}
	encoded := p.encoded()
	for i, m := range list {
		for j, text := range m.Numbers {
			p.mention(i, j, m, text, encoded)
		}
	}
	for _, n := range encoded {
		listed := slices.ContainsFunc(list, func(m policy.Mention) bool {
			return m.Reason == nil && citeOf(m.Cite) == n.cite && slices.ContainsFunc(m.Numbers, func(text string) bool {
				return p.policy.Names(n.param, n.key, text)
			})
		})
		if !listed {
			p.tell("inventory", Error, p.at("params", n.index), i18n.M("lint.not_listed", n.param, n.shown, n.cite), i18n.M("lint.mend_not_listed"), p.at("inventory"))
		}
	}
}

// mention checks one number of the inventory.
func (p *pack) mention(i, j int, m policy.Mention, text string, encoded []number) {
	at := p.at("inventory", i, "numbers", j)
	if len(sheet.Quantities(text)) != 1 && len(sheet.Days(text)) != 1 {
		p.tell("inventory", Error, at, i18n.M("lint.not_one_number", text), i18n.M("lint.mend_not_one_number"))
		return
	}
	k := slices.IndexFunc(encoded, func(n number) bool {
		return n.cite == citeOf(m.Cite) && p.policy.Names(n.param, n.key, text)
	})
	if m.Reason != nil {
		if k >= 0 {
			p.tell("inventory", Error, at, i18n.M("lint.both_ways", text, m.Cite, encoded[k].param), i18n.M("lint.mend_both_ways"), p.at("params", encoded[k].index))
		}
		return
	}
	if k < 0 && !p.validity(text, m.Cite) {
		p.tell("inventory", Error, at, i18n.M("lint.not_encoded", text, m.Cite), i18n.M("lint.mend_not_encoded"))
	}
}

// validity says that a date is an end of the days in force that cite the clause.
func (p *pack) validity(text, cite string) bool {
	valids := []policy.Valid{p.raw.Document.Valid}
	for _, c := range p.raw.Clauses {
		if c.Valid != nil {
			valids = append(valids, *c.Valid)
		}
	}
	days := sheet.Days(text)
	return len(days) == 1 && slices.ContainsFunc(valids, func(v policy.Valid) bool {
		return citeOf(v.Cite) == citeOf(cite) && (v.From == days[0] || v.To != nil && *v.To == days[0])
	})
}

// years looks for years in force of which a table by year has no value, and for values of years that are not in force.
func (p *pack) years() {
	d := p.doc()
	ownDays := slices.ContainsFunc(p.policy.File.Clauses, func(c policy.Clause) bool { return c.Valid != nil })
	if d.Valid.To == nil || ownDays || len(p.raw.Amendments) > 0 {
		return
	}
	from, to := d.Valid.From.Year(), d.Valid.To.Year()
	for i, prm := range p.policy.File.Params {
		if prm.By != "year" {
			continue
		}
		for y := from; y <= to; y++ {
			if _, ok := prm.Values[yearOf(y)]; !ok {
				p.tell("years", Warning, p.at("params", i, "values"), i18n.M("lint.year_missing", prm.ID, y), i18n.M("lint.mend_year_missing"), p.at("document", "valid"))
			}
		}
		for _, key := range slices.Sorted(maps.Keys(prm.Values)) {
			if key < yearOf(from) || key > yearOf(to) {
				p.tell("years", Warning, p.at("params", i, "values", key), i18n.M("lint.year_outside", prm.ID, key), i18n.M("lint.mend_year_outside"), p.at("document", "valid"))
			}
		}
	}
}

func yearOf(y int) string { return period.OfYear(y).String() }
