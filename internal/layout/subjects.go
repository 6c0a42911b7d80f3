package layout

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
)

// enterprises is those of a query that may leave with a file, in its order.
func (s *Source) enterprises(q Query) iter.Seq2[party.Enterprise, fact.Row] {
	return func(yield func(party.Enterprise, fact.Row) bool) {
		list := s.View.List(q.Listing)
		for e, row := range list.Page(s.View, 0, list.Len()) {
			if s.View.Can(access.Export, e.ID) && !yield(e, row) {
				return
			}
		}
	}
}

// subjects is the enterprises, or what belongs to them of the table's kind.
func (s *Source) subjects(t *Table, q Query) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		n := 0
		for e, owner := range s.enterprises(q) {
			if t.Subject == content.Enterprise {
				if n++; !yield(s.subject(t, e, owner, owner, n), nil) {
					return
				}
				continue
			}
			for row := range s.View.Belongings(e.ID) {
				if row.Kind() != t.Subject {
					continue
				}
				if n++; !yield(s.subject(t, e, owner, row, n), nil) {
					return
				}
			}
		}
	}
}

// subject is a row about an enterprise, or about something of its.
func (s *Source) subject(t *Table, e party.Enterprise, owner, row fact.Row, n int) Record {
	return func(column int, p period.Period) any {
		c := t.Columns[column]
		if _, isFact := s.Library.FactDef(c.Role); isFact {
			if c.Owner {
				return owner.At(s.View.Column(c.Role, p))
			}
			return row.At(s.View.Column(c.Role, p))
		}
		return s.identity(c.Role, e, n, t.Year)
	}
}

// identity is what a role says of an enterprise, or of the row.
func (s *Source) identity(role string, e party.Enterprise, n, year int) any {
	switch role {
	case "party.name":
		return e.Name
	case "party.uscc":
		return string(e.USCC)
	case "party.former_name":
		if len(e.FormerNames) > 0 {
			return e.FormerNames[0]
		}
	case "party.area":
		return s.areaName(e.Area)
	case "party.industry":
		return nodeName(s.Library.Industries(), e.Industry)
	case "row.number":
		return n
	case "row.period":
		return strconv.Itoa(year)
	}
	return nil
}

func (s *Source) areaName(code string) string { return nodeName(s.Library.Areas(), code) }

func nodeName(tree *content.Tree, code string) string {
	if n, ok := tree.Node(code); ok {
		return n.Name
	}
	return code
}

// identities is what rows with columns of their own say of an enterprise.
func (s *Source) identities(e party.Enterprise) map[string]any {
	values := map[string]any{}
	for _, role := range []string{"party.name", "party.uscc", "party.area", "party.industry"} {
		values[role] = s.identity(role, e, 0, 0)
	}
	return values
}

// within says that a query asks for an area, or for all of them.
func (s *Source) within(code string, q Query) bool {
	return q.Area == "" || s.Library.Areas().Within(code, q.Area)
}

// areaSubjects is the areas of a query that the reader may carry figures of away, with those figures.
func (s *Source) areaSubjects(q Query) map[string]fact.Row {
	rows := map[string]fact.Row{}
	for _, id := range s.Parties.Children(0, content.Area) {
		sub, _ := s.Parties.Subject(id)
		if row, ok := s.View.Row(id); ok && s.within(sub.Key, q) && s.View.Can(access.Export, id) {
			rows[sub.Key] = row
		}
	}
	return rows
}

// areas is those below the query's, itself first, that the reader answers for or that anything is known of.
func (s *Source) areas(t *Table, q Query) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		firms, figures := map[string]int{}, s.areaSubjects(q)
		for e := range s.enterprises(q) {
			for _, n := range s.Library.Areas().Path(e.Area) {
				firms[n.Code]++
			}
		}
		n := 0
		codes := s.View.Scope().Areas()
		if s.View.Scope().All() { // of the whole country: those that anything is known of, or those below one
			codes = slices.Sorted(maps.Keys(firms))
			codes = append(codes, slices.Collect(maps.Keys(figures))...)
			if q.Area != "" {
				codes = s.Library.Areas().Below(q.Area)
			}
			slices.Sort(codes)
			codes = slices.Compact(codes)
		}
		for _, code := range codes {
			node, known := s.Library.Areas().Node(code)
			_, stated := figures[code]
			if !known || !s.within(code, q) || !s.View.Scope().Sees(access.Export, code, 0) || node.Retired && !stated && firms[code] == 0 {
				continue
			}
			n++
			own := t.named(n, map[string]any{"party.area": node.Name, "code": code, "firms": firms[code], "row.period": strconv.Itoa(t.Year)})
			record := func(column int, p period.Period) any {
				if c := t.Columns[column]; c.Period != "" {
					return figures[code].At(s.View.Column(c.Role, p))
				}
				return own(column, p)
			}
			if !yield(record, nil) {
				return
			}
		}
	}
}

// memberships is where each enterprise belonged, and when.
func (s *Source) memberships(t *Table, q Query) iter.Seq2[Record, error] {
	return t.rows(func(yield func(map[string]any) bool) error {
		for e := range s.enterprises(q) {
			for _, tree := range []string{party.TreeArea, party.TreeIndustry, party.TreeChain} {
				for _, span := range s.View.Nodes(e.ID, tree) {
					values := s.identities(e)
					values["tree"], values["node"], values["node_name"] = s.T.S("layout.tree_"+tree), span.Node, s.memberOf(tree, span.Node)
					values["from"], values["to"] = dayOrNothing(span.From), dayOrNothing(span.To)
					if !yield(values) {
						return nil
					}
				}
			}
		}
		return nil
	})
}

func (s *Source) memberOf(tree, code string) string {
	switch tree {
	case party.TreeArea:
		return s.areaName(code)
	case party.TreeIndustry:
		return nodeName(s.Library.Industries(), code)
	}
	if chains, ok := s.Library.CodeList("chains"); ok {
		if e, ok := chains.Entry(code); ok {
			return s.T.Text(e.Name)
		}
	}
	return code
}

func dayOrNothing(d *period.Day) any {
	if d == nil {
		return nil
	}
	return *d
}

// facts is every value that is known of the enterprises and of what belongs to them, then of the areas.
func (s *Source) facts(ctx context.Context, t *Table, q Query) iter.Seq2[Record, error] {
	return t.rows(func(yield func(map[string]any) bool) error {
		for e := range s.enterprises(q) {
			var subjects []int64
			for row := range s.View.Belongings(e.ID) {
				subjects = append(subjects, row.Subject())
			}
			if going, err := s.knownOf(ctx, subjects, s.identities(e), yield); err != nil || !going {
				return err
			}
		}
		areas := s.areaSubjects(q)
		for _, code := range slices.Sorted(maps.Keys(areas)) {
			who := map[string]any{"party.area": s.areaName(code)}
			if going, err := s.knownOf(ctx, []int64{areas[code].Subject()}, who, yield); err != nil || !going {
				return err
			}
		}
		return nil
	})
}

// knownOf tells what is known of subjects of one enterprise, or of an area: who says which.
func (s *Source) knownOf(ctx context.Context, subjects []int64, who map[string]any, yield func(map[string]any) bool) (going bool, err error) {
	known, err := s.View.Known(ctx, subjects...)
	if err != nil {
		return false, err
	}
	for _, id := range subjects {
		sub, _ := s.View.Subject(id)
		for _, k := range known[id] {
			values := maps.Clone(who)
			values["kind"], values["subject"] = s.T.S("web.kind_"+sub.Kind), s.subjectName(sub)
			values["authority"], values["source"] = s.authority(k.From.Authority), k.From.Name
			s.fact(k, values)
			if !yield(values) {
				return false, nil
			}
		}
	}
	return true, nil
}

// fact puts a value into the columns of its row: the number in the unit beside it, or the text.
func (s *Source) fact(k fact.Known, values map[string]any) {
	values["definition"], values["code"] = s.T.Text(k.Def.Name), k.Def.Code
	if k.Period.Kind() != period.Always {
		values["period"] = k.Period.String()
	}
	n := k.Cell.Value.Num
	switch {
	case k.Cell.State != fact.Present || k.Def.Type != content.Money && k.Def.Type != content.Int && k.Def.Type != content.Decimal:
		values["value"] = cmp.Or(stateWord(k.Cell.State), s.T.Text(fact.Show(s.Library, k.Def, k.Cell.State, k.Cell.Value)))
	case k.Def.Type == content.Money:
		values["value"], values["unit"] = money.Fen(n), "元"
	case k.Def.Type == content.Int:
		values["value"], values["unit"] = n, k.Def.Unit
	default:
		values["value"], values["unit"] = number(money.Fen(n).In(1_000_000)), k.Def.Unit // in millionths
	}
}

// subjectName is what something of an enterprise's goes by: the first text that its kind defines.
func (s *Source) subjectName(sub party.Subject) string {
	if e, ok := s.View.Enterprise(sub.ID); ok && sub.Kind == content.Enterprise {
		return e.Name
	}
	if sub.Kind == content.Area {
		return s.areaName(sub.Key)
	}
	for _, def := range s.Library.FactDefs() {
		if def.Subject == sub.Kind && def.Type.IsText() {
			c := s.View.Value(sub.ID, def.Code, period.Period{})
			if c.Known {
				return s.T.Text(fact.Show(s.Library, def, c.State, c.Value))
			}
			break
		}
	}
	return sub.Key
}

func (s *Source) authority(code string) string {
	for _, a := range s.Library.Authorities() {
		if a.Code == code {
			return s.T.Text(a.Name)
		}
	}
	return code
}
