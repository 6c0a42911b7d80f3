package layout

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// decided gives a table its rows of what a policy comes to over the firms of a region.
func (s *Source) decided(t *Table, q Query) {
	result := q.Region
	if q.Area != "" {
		result = result.Within(q.Area)
	}
	q.Region = result
	switch t.Code {
	case "decisions":
		s.owed(t, q)
	case "decision_areas":
		t.Rows = t.rows(func(yield func(map[string]any) bool) error {
			for _, a := range result.ByArea(q.Area) {
				name := a.Area.Name
				switch {
				case a.Firms == 0 && (q.Area == "" || a.Area.Code == "" || a.Area.Code == q.Area):
					continue
				case a.Area.Code == "":
					name = s.T.S("web.area_unknown")
				}
				if !yield(map[string]any{
					"party.area": name, "code": a.Area.Code, "firms": a.Firms, "sure_firms": a.Sure, "perhaps_firms": a.Perhaps,
					"sure": a.Total.Sure, "possible": s.possible(a.Total), "in_kind": a.InKind.Sure, "floor": a.Floor.Sure,
				}) {
					return nil
				}
			}
			return nil
		})
	case "decision_clauses":
		t.Rows = t.rows(func(yield func(map[string]any) bool) error {
			for _, c := range result.ByClause() {
				clause := clauseOf(q.Policy, c.Clause)
				if !yield(map[string]any{
					"clause": s.T.Text(clause.Name), "cite": clause.Cite, "sure_firms": c.Sure, "perhaps_firms": c.Perhaps,
					"sure": c.Pays.Sure, "possible": s.possible(c.Pays), "in_kind": c.InKind,
				}) {
					return nil
				}
			}
			return nil
		})
	}
}

func clauseOf(p *policy.Policy, id string) policy.Clause {
	if i := slices.IndexFunc(p.File.Clauses, func(c policy.Clause) bool { return c.ID == id }); i >= 0 {
		return p.File.Clauses[i]
	}
	return policy.Clause{ID: id}
}

// owed is what each firm gets, with a column for each clause besides those of the content.
func (s *Source) owed(t *Table, q Query) {
	fixed := len(t.Columns)
	t.Columns = slices.Clip(t.Columns)
	for _, c := range q.Region.Plan.Clauses() {
		name := i18n.Text{ZH: c.Cite + " " + c.Name.ZH, EN: c.Cite + " " + c.Name.EN}
		t.Columns = append(t.Columns, content.TableColumn{
			Term: content.Term{Role: t.Code + ".clause." + c.ID, Place: content.Header, Name: name, Words: []string{name.ZH, name.EN, c.Name.ZH, c.Name.EN}},
			Type: content.Money, Unit: "元",
		})
	}
	number := q.Policy.File.Document.Number
	t.Rows = func(yield func(Record, error) bool) {
		n := 0
		for f := range q.Region.Firms() {
			if !s.View.Scope().Sees(access.Export, f.Area, f.ID) {
				continue
			}
			n++
			e, _ := s.View.Enterprise(f.ID)
			values := map[string]any{
				"party.name": f.Name, "party.uscc": f.USCC, "party.area": s.areaName(f.Area), "party.industry": nodeName(s.Library.Industries(), e.Industry),
				"document": number, "state": s.T.S("web." + string(f.State())), "sure": f.Total.Sure, "possible": s.possible(f.Total),
				"in_kind": f.InKind.Sure, "floor": f.Floor.Sure, "missing": f.Missing,
			}
			if msg := f.Err(); !msg.IsZero() {
				values["reason"] = s.T.Msg(msg)
			}
			own, pays := t.named(n, values), q.Region.Pays(f)
			record := func(column int, p period.Period) any {
				if column >= fixed {
					return pays[column-fixed].Sure
				}
				return own(column, p)
			}
			if !yield(record, nil) {
				return
			}
		}
	}
}

// possible is the upper end of an amount; a word where there is none.
func (s *Source) possible(i policy.Interval) any {
	if i.Unbounded {
		return s.T.S("web.no_limit")
	}
	return i.Possible
}
