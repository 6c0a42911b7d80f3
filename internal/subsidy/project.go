package subsidy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// ProjectWorkflow is the filing of a project.
const ProjectWorkflow = "project_filing"

// OpenProject opens the filing of a project of an enterprise by its name. One that is not known yet becomes known by the
// enterprise's own word; one of that name that is known is taken. Where its filing is under way already, that one is given, and
// begun is true.
func (s *Store) OpenProject(ctx context.Context, scope access.Scope, enterprise int64, name string) (filing casework.Case, begun bool, err error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return casework.Case{}, false, errs.Invalid(i18n.M("subsidy.project_name"))
	}
	if err := limited("subsidy.field_label", name, 100); err != nil {
		return casework.Case{}, false, err
	}
	view, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return casework.Case{}, false, err
	}
	e, ok := view.Enterprise(enterprise)
	if !ok {
		return casework.Case{}, false, errs.NotFound("enterprise", enterprise)
	}
	w, ok := s.cases.Set.Workflow(ProjectWorkflow)
	if !ok {
		return casework.Case{}, false, errs.NotFound("workflow", ProjectWorkflow)
	}
	if w.Opener(scope, access.Object{Area: e.Area, Owner: e.ID}) == "" { // before anything about it becomes known
		return casework.Case{}, false, errs.Forbidden("file a project of another enterprise")
	}
	if filing, err = s.filingOf(ctx, scope, enterprise, name); err != nil || filing.ID != 0 {
		return filing, filing.ID != 0, err
	}
	id, known := s.named(view, enterprise, content.Project, []string{"project.name", "project.code"}, name)
	if !known {
		if id, err = s.newProject(ctx, scope, e, name); err != nil {
			return casework.Case{}, false, err
		}
	}
	begun = true
	filing, err = s.cases.NewWith(ctx, scope, casework.NewCase{Workflow: ProjectWorkflow, Title: name, Subject: id, Alone: true}, func(context.Context, *store.Tx, casework.Case) error {
		begun = false
		return nil
	})
	return filing, begun && err == nil, err
}

// beforeBegun is the arguments of project.before_begun.
type beforeBegun struct {
	Begun string `yaml:"begun"` // the fact that says on which day a project began
	Years int    `yaml:"years"` // how many years before that one are spoken of
}

// beganLater states that nothing was put into a project in the years before it began: a ceiling over all years of a project would
// leave open what it gets for as long as nobody had said so. What is known of such a year is left as it is.
func (s *Store) beganLater(ctx context.Context, _ *store.Tx, at *casework.Moment, args beforeBegun) error {
	view, project := at.View(), at.Case().Subject
	begun := view.Value(project, args.Begun, period.Period{})
	if begun.State != fact.Present {
		return nil
	}
	var all []fact.Statement
	for _, counted := range s.Costs.Facts {
		def := s.Costs.defs[counted.Fact]
		if def.Subject != content.Project || def.Period != period.Year {
			continue
		}
		for back := 1; back <= args.Years; back++ {
			year := period.OfYear(period.Day(begun.Value.Num).Year() - back)
			if view.Value(project, counted.Fact, year).State == fact.Unknown {
				all = append(all, fact.Statement{Subject: project, Def: counted.Fact, Period: year, State: fact.Present, Shown: "0"})
			}
		}
	}
	return at.State(ctx, all...)
}

// filingOf is the filing of a project of a name that is under way; its zero value where there is none.
func (s *Store) filingOf(ctx context.Context, scope access.Scope, enterprise int64, name string) (casework.Case, error) {
	const page = 200
	for from := 0; ; from += page {
		list, _, err := s.cases.Cases(ctx, scope, casework.Filter{Workflow: ProjectWorkflow, Enterprise: enterprise, Running: true}, from, page)
		if err != nil {
			return casework.Case{}, err
		}
		for _, c := range list {
			if c.Title == name {
				return c, nil
			}
		}
		if len(list) < page {
			return casework.Case{}, nil
		}
	}
}

// newProject makes a project known, as the enterprise says; once, however many say it at a time.
func (s *Store) newProject(ctx context.Context, scope access.Scope, e party.Enterprise, name string) (int64, error) {
	return s.newSubject(ctx, scope, source.Source{Authority: "enterprise", Name: name, Area: e.Area, Party: e.ID}, party.NewSubject{Kind: content.Project, Key: name, Parent: e.ID})
}

// newSubject makes a subject known by an entry, which says nothing else. Where the same was said before, the subject is found.
func (s *Store) newSubject(ctx context.Context, scope access.Scope, entry source.Source, sub party.NewSubject) (int64, error) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %s", sub.Kind, sub.Parent, sub.Key))
	entry.Kind, entry.Digest = source.Entry, hex.EncodeToString(sum[:])
	src, err := s.Sources.Begin(ctx, scope, entry)
	if err != nil {
		return 0, err
	}
	var ids []int64
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		ids, err = s.Parties.Ensure(ctx, tx, src, []party.NewSubject{sub})
		return err
	})
	if err != nil {
		return 0, err
	}
	_, err = s.Sources.Publish(ctx, src, nil)
	if errs.KindOf(err) == errs.KindConflict { // said before, perhaps by a request that runs beside this one
		err = s.Sources.Discard(ctx, src)
	}
	if err != nil {
		return 0, err
	}
	return ids[0], s.Frames.Refresh(ctx)
}
