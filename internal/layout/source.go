package layout

import (
	"context"
	"iter"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/bulletin"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/target"
)

// Source makes tables for one reader, as far as the scope of the View reaches.
type Source struct {
	Library   *content.Library
	View      fact.View
	Parties   *party.Registry // all of them: for the subjects that belong to nobody, and those that were merged
	Access    *access.Store
	Intake    *intake.Service
	Versions  *version.Store
	Monitor   *monitor.Monitor
	Targets   *target.Store
	Bulletins *bulletin.Store
	Today     period.Day
	T         i18n.T
}

// Query says which rows a table has. Its zero value is all that the reader may carry away.
type Query struct {
	fact.Listing                // enterprises whose rows they are; Area is the area of the other tables too
	Policy       *policy.Policy // of the decisions
	Region       *region.Region // the policy over the firms that the reader may see
	Batch        int64          // the import whose problems are asked for
	Log          []LogLine      // those that the reader may see, in words; nil for none asked for
	Accounts     access.Filter
	Period       period.Period     // of figures; Always for the current year
	Unverified   bool              // what nobody verified counts too, in figures and targets
	Plan         string            // of the targets; "" for the nearest
	On           period.Day        // on which targets are held against figures; 0 for today
	Report       int64             // whose figures are asked for
	Edition      int               // of it; 0 for the one that was signed last, or where none was, the newest
	Only         *monitor.Part     // of the enterprises that figures are made of, only those in a part
	Choices      map[string]string // option by choice, where figures are told otherwise than the area does
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
	var err error
	if t.Asker, err = s.Access.NameOf(ctx, s.View.Scope().Account()); err != nil {
		return nil, err
	}
	switch code {
	case "figures":
		err = s.figures(ctx, t, q)
	case "indicators":
		err = s.indicators(ctx, t, q)
	case "targets":
		err = s.targets(ctx, t, q)
	case "report":
		err = s.report(ctx, t, q)
	case "report_areas":
		err = s.reportAreas(ctx, t, q)
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
	return t, err
}

// rows are records made one after the other, each from a number, counted from 1, and the values of its columns.
func (t *Table) rows(each func(yield func(map[string]any) bool) error) iter.Seq2[Record, error] {
	return rowsOf(func(yield func(Record) bool) error {
		n := 0
		return each(func(values map[string]any) bool {
			n++
			return yield(t.named(n, values))
		})
	})
}

// rowsOf are records made one after the other.
func rowsOf(each func(yield func(Record) bool) error) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		going := true
		err := each(func(r Record) bool {
			going = yield(r, nil)
			return going
		})
		if err != nil && going {
			yield(nil, err)
		}
	}
}
