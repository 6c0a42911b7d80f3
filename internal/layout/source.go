package layout

import (
	"context"
	"iter"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// Source makes tables for one reader, as far as the scope of the View reaches.
type Source struct {
	Library  *content.Library
	View     fact.View
	Parties  *party.Registry // all of them: for the subjects that belong to nobody, and those that were merged
	Access   *access.Store
	Intake   *intake.Service
	Versions *version.Store
	T        i18n.T
}

// Query says which rows a table has. Its zero value is all that the reader may carry away.
type Query struct {
	fact.Listing                // enterprises whose rows they are; Area is the area of the other tables too
	Policy       *policy.Policy // of the decisions
	Region       *region.Region // the policy over the firms that the reader may see
	Batch        int64          // the import whose problems are asked for
	Log          []LogLine      // those that the reader may see, in words; nil for none asked for
	Accounts     access.Filter
}

// Table is the table with a code. It refuses (Forbidden) a reader who lacks what its Kind needs, and (Invalid) a query
// that does not say what the table is about.
func (s *Source) Table(ctx context.Context, code string, q Query) (*Table, error) {
	kind, ok := KindNamed(code)
	if !ok {
		return nil, errs.NotFound("table", code)
	}
	if scope := s.View.Scope(); !scope.All() && !kind.Need.MetBy(scope) {
		return nil, errs.Forbidden("table " + code)
	}
	form, ok := s.Library.Table(code)
	if !ok {
		return nil, errs.NotFound("table", code)
	}
	t := &Table{Table: form, Area: q.Area, Year: q.Year}
	switch code {
	case "areas":
		t.Rows = s.areas(t, q)
	case "memberships":
		t.Rows = s.memberships(t, q)
	case "facts":
		t.Rows = s.facts(ctx, t, q)
	case "decisions", "decision_areas", "decision_clauses":
		if q.Region == nil || q.Policy == nil {
			return nil, errs.Invalid(i18n.M("layout.no_policy"))
		}
		s.decided(t, q)
	case "policies":
		t.Rows = s.policies(ctx, t)
	case "problems":
		if q.Batch == 0 {
			return nil, errs.Invalid(i18n.M("layout.no_import"))
		}
		t.Rows = s.problems(ctx, t, q.Batch)
	case "deliveries":
		t.Rows = s.deliveries(ctx, t, q)
	case "accounts":
		t.Rows = s.accounts(ctx, t, q)
	case "log":
		if q.Log == nil {
			return nil, errs.Invalid(i18n.M("layout.no_log"))
		}
		t.Rows = s.log(t, q.Log)
	default:
		t.Rows = s.subjects(t, q)
	}
	return t, nil
}

// rows are records made one after the other, each from a number, counted from 1, and the values of its columns.
func (t *Table) rows(each func(yield func(map[string]any) bool) error) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		n, going := 0, true
		err := each(func(values map[string]any) bool {
			n++
			going = yield(t.named(n, values), nil)
			return going
		})
		if err != nil && going {
			yield(nil, err)
		}
	}
}
