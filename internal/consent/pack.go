package consent

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Pack is what is read under a consent.
type Pack struct {
	Grant Grant
	Firm  party.Enterprise
	At    int64 // ms: as what was known then
	Seq   int64 // the commit that it knows up to
	Items []Item
}

// Item is what is known of one subject: the enterprise, or a project, a loan, a lease of it.
type Item struct {
	Subject party.Subject
	Facts   []fact.Known // of the consent's definitions, in the order of the content, the newest period first
}

// PackOfCase is PackOf of the consent that was given last in a case; NotFound before one was given.
func (s *Store) PackOfCase(ctx context.Context, scope access.Scope, id int64) (Pack, error) {
	all, err := s.InCase(ctx, s.DB.Read(), id)
	if err != nil {
		return Pack{}, err
	}
	if len(all) == 0 {
		return Pack{}, errs.NotFound("consent of case", id)
	}
	return s.PackOf(ctx, scope, slices.MaxFunc(all, func(a, b Grant) int { return cmp.Compare(a.ID, b.ID) }).ID)
}

// PackOf reads what a consent lets its receiver read, and records that it was read before it gives it. It fails with NotFound for who
// does not act for the receiver, and with Forbidden once the consent has ended.
func (s *Store) PackOf(ctx context.Context, scope access.Scope, id int64) (Pack, error) {
	g, err := s.byID(ctx, s.DB.Read(), id)
	if err != nil {
		return Pack{}, err
	}
	if !scope.SeesObject(access.UseConsent, access.Object{Partner: g.To}) {
		return Pack{}, errs.NotFound("consent", id)
	}
	p := Pack{Grant: g, At: s.Clock.Millis()}
	if !g.Stands(p.At) {
		return Pack{}, &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("consent.over")}
	}
	// The receiver has no right of its own to anything of the enterprise: what goes out is what the consent names.
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return Pack{}, err
	}
	p.Seq = view.Seq()
	var ok bool
	if p.Firm, ok = view.Enterprise(g.Owner); !ok {
		return Pack{}, errs.NotFound("enterprise", g.Owner)
	}
	subjects := []int64{p.Firm.ID}
	for _, kind := range s.kinds(g.Facts) {
		subjects = append(subjects, view.Children(p.Firm.ID, kind)...)
	}
	known, err := view.Known(ctx, subjects...)
	if err != nil {
		return Pack{}, err
	}
	given := map[string]bool{}
	for _, subject := range subjects {
		facts := slices.DeleteFunc(known[subject], func(k fact.Known) bool { return !slices.Contains(g.Facts, k.Def.Code) })
		if len(facts) == 0 {
			continue
		}
		of, _ := view.Subject(subject)
		p.Items = append(p.Items, Item{of, facts})
		for _, k := range facts {
			given[k.Def.Code] = true
		}
	}
	var codes []string
	for _, code := range g.Facts {
		if given[code] {
			codes = append(codes, code)
		}
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		// It may have been ended while it was read.
		if now, err := s.byID(ctx, tx, id); err != nil {
			return err
		} else if !now.Stands(p.At) {
			return &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("consent.over")}
		}
		err := s.record(ctx, tx, Reading{
			At: p.At, Account: scope.Account(), Role: scope.Role(), Party: p.Firm.ID, Facts: codes, Grant: g.ID,
		})
		if err != nil {
			return err
		}
		var areas []string // a receiver has none of its own
		if p.Firm.Area != "" {
			areas = []string{p.Firm.Area}
		}
		return s.alarm(ctx, tx, scope.Account(), fmt.Sprintf("#%d", scope.Account()), areas)
	})
	if err != nil {
		return Pack{}, err
	}
	return p, nil
}

// Use records, before its caller hands anything out, that what consents name is read under each of them; place is where. It gives those
// under which it may be: consents to parties that the scope does not act for, and those that have ended, are left out.
func (s *Store) Use(ctx context.Context, scope access.Scope, place string, ids ...int64) (may []Grant, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		may = nil
		all, err := byID(ctx, tx, ids)
		if err != nil {
			return err
		}
		now := s.Clock.Millis()
		var list []Reading
		for _, g := range all {
			if !g.Stands(now) || !scope.SeesObject(access.UseConsent, access.Object{Partner: g.To}) {
				continue
			}
			may = append(may, g)
			list = append(list, Reading{At: now, Account: scope.Account(), Role: scope.Role(), Party: g.Owner, Facts: g.Facts, Place: place, Grant: g.ID})
		}
		if len(list) == 0 {
			return nil
		}
		return s.record(ctx, tx, list...) // no alarm for many: each of them asked that this party read it
	})
	return may, err
}

// byID are consents by their numbers, whoever gave them. They are asked for in pieces: a statement takes so many arguments.
func byID(ctx context.Context, q store.Querier, ids []int64) (all []Grant, err error) {
	for some := range slices.Chunk(ids, 500) {
		in, args := placeholders(some)
		part, err := grants(ctx, q, ` WHERE g.id IN (`+in+`)`, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
	}
	return all, nil
}

// Standing are those of these consents that stand. Nothing is handed out under them: they are for whoever keeps or ends them, and for
// the enterprise that gave them.
func (s *Store) Standing(ctx context.Context, q store.Querier, ids ...int64) ([]Grant, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := byID(ctx, q, ids)
	return slices.DeleteFunc(all, func(g Grant) bool { return !g.Stands(s.Clock.Millis()) }), err
}

// kinds are the sorts of things below an enterprise that definitions are about, in the order of the codes.
func (s *Store) kinds(codes []string) []string {
	var all []string
	for _, code := range codes {
		if d, ok := s.Library.FactDef(code); ok && d.Subject != content.Enterprise && !slices.Contains(all, d.Subject) {
			all = append(all, d.Subject)
		}
	}
	return all
}
