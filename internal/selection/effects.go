package selection

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// none is the arguments of an effect that takes none.
type none struct{}

// onNomination is the arguments of effects that take an action in the case of each nomination that something became of.
type onNomination struct {
	Act string `yaml:"act"`
}

// withForm says which form the action asks.
type withForm struct {
	Form string `yaml:"form"`
}

// withWhy says why a nomination is taken out.
type withWhy struct {
	Why string `yaml:"why"`
}

// awarding is what happens to cases when titles are given.
type awarding struct {
	Act  string `yaml:"act"`  // in the case of a nomination that won
	Else string `yaml:"else"` // in that of any other that was ranked
	Open string `yaml:"open"` // the workflow of the case that each title gets
}

// checked says whether a title stood up to a look at it.
type checked struct {
	Passed bool `yaml:"passed"`
}

// entering says how an enterprise comes into a pool.
type entering struct {
	How string `yaml:"how"` // ByApplication or ByList
}

// Register adds what workflows of selections, titles and pools may cause.
func Register(r *casework.Registry, s *Store) {
	of := func(do func(*Store, context.Context, *store.Tx, *casework.Moment) error) func(context.Context, *store.Tx, *casework.Moment, none) error {
		return func(ctx context.Context, tx *store.Tx, at *casework.Moment, _ none) error {
			return do(s, ctx, tx, at)
		}
	}
	r.Begins(RoundFlow, casework.Beginning{Page: "/selections", Operation: "open_case"})
	r.Begins(NominationFlow, casework.Beginning{Page: "/selections", Operation: "nominate"})
	r.Begins(TitleFlow, casework.Beginning{Page: "/selections", Operation: "act_case"}) // a round is decided by an act, which opens one for each who won
	r.Begins(PoolFlow, casework.Beginning{Page: "/ladders", Operation: "enter_pool"})

	casework.Register(r, "selection.propose", of((*Store).proposeEffect))
	casework.Register(r, "selection.open", of((*Store).openEffect))
	casework.Register(r, "selection.nominate", func(ctx context.Context, tx *store.Tx, at *casework.Moment, args withForm) error {
		return s.nominateEffect(ctx, tx, at, args.Form)
	})
	casework.Register(r, "selection.accept", onOwn(s, (*Store).Accept))
	casework.Register(r, "selection.return", onOwn(s, (*Store).Return))
	casework.Register(r, "selection.object", onOwn(s, (*Store).Object))
	casework.Register(r, "selection.dismiss", onOwn(s, (*Store).Dismiss))
	casework.Register(r, "selection.exclude", func(ctx context.Context, tx *store.Tx, at *casework.Moment, args withWhy) error {
		return s.excludeEffect(ctx, tx, at, Why(args.Why))
	})
	casework.Register(r, "selection.draw", of((*Store).drawEffect))
	casework.Register(r, "selection.rank", of((*Store).rankEffect))
	casework.Register(r, "selection.publish", func(ctx context.Context, tx *store.Tx, at *casework.Moment, args onNomination) error {
		return s.publishEffect(ctx, tx, at, args)
	})
	casework.Register(r, "selection.correct", of((*Store).correctEffect))
	casework.Register(r, "selection.withdraw", of((*Store).withdrawEffect))
	casework.Register(r, "selection.award", func(ctx context.Context, tx *store.Tx, at *casework.Moment, args awarding) error {
		return s.awardEffect(ctx, tx, at, args)
	})
	casework.Register(r, "selection.recheck", func(ctx context.Context, tx *store.Tx, at *casework.Moment, args checked) error {
		return s.Recheck(ctx, tx, at.Case().Data["title"].Int(), args.Passed, actOf(at))
	})
	casework.Register(r, "selection.revoke", func(ctx context.Context, tx *store.Tx, at *casework.Moment, _ none) error {
		_, err := s.Revoke(ctx, tx, at.Case().Data["title"].Int(), actOf(at), at)
		return err
	})
	casework.Register(r, "pool.list", func(_ context.Context, _ *store.Tx, at *casework.Moment, _ none) error {
		return at.Set("grounds", rule.Text(at.Event().Reason)) // whoever confirms it enters it for these
	})
	casework.Register(r, "pool.enter", func(ctx context.Context, tx *store.Tx, at *casework.Moment, args entering) error {
		return s.enterEffect(ctx, tx, at, args.How)
	})
	casework.Register(r, "pool.leave", of((*Store).leaveEffect))
}

// actOf is on whose behalf an effect acts.
func actOf(at *casework.Moment) Act {
	return Act{Case: at.Case().ID, Actor: at.Event().Actor, Reason: at.Event().Reason}
}

// onOwn is an effect on the nomination of the case.
func onOwn(s *Store, do func(*Store, context.Context, *store.Tx, int64) error) func(context.Context, *store.Tx, *casework.Moment, none) error {
	return func(ctx context.Context, tx *store.Tx, at *casework.Moment, _ none) error {
		n, err := s.NominationOf(ctx, tx, at.Case().ID)
		if err != nil {
			return err
		}
		return do(s, ctx, tx, n.ID)
	}
}

// proposed is the round that a case is about: as the form of the act says (content/forms/selection_call.yaml), and no other form
// before it; or, where somebody else announces it, as the case keeps it.
func proposed(at *casework.Moment) NewRound {
	n := NewRound{Act: actOf(at), Area: at.Case().Area, Scheme: strings.Join(at.Texts("scheme"), "")}
	kept := at.Case().Data
	scheme, waits := kept["scheme"]
	switch {
	case n.Scheme != "":
		number := func(name string) int {
			if a := at.Answer("answer." + name); a.State == rule.Present {
				return int(a.Value.Int())
			}
			return 0 // as the scheme says
		}
		n.Year, n.Quota, n.PerCounty = number("year"), number("quota"), number("per_county")
		n.Closes = at.Answer("answer.closes").Value.Day()
	case waits:
		n.Scheme, n.Closes = scheme.Text(), kept["closes"].Day()
		n.Year, n.Quota, n.PerCounty = int(kept["year"].Int()), int(kept["quota"].Int()), int(kept["per_county"].Int())
	}
	return n
}

// proposeEffect checks the round that is asked for and keeps it with the case until another account announces it.
func (s *Store) proposeEffect(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	r, _, _, err := s.planned(ctx, tx, proposed(at))
	if err != nil {
		return err
	}
	for _, x := range []struct {
		key string
		is  rule.Value
	}{
		{"scheme", rule.Text(r.Scheme)},
		{"year", rule.Int(int64(r.Year))},
		{"closes", rule.Day(r.Closes)},
		{"quota", rule.Int(int64(r.Quota))},
		{"per_county", rule.Int(int64(r.PerCounty))},
	} {
		if err := at.Set(x.key, x.is); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) openEffect(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	_, err := s.OpenRound(ctx, tx, proposed(at))
	return err
}

// nominateEffect hands in what the form of the action says, in the round whose case gathers this one.
func (s *Store) nominateEffect(ctx context.Context, tx *store.Tx, at *casework.Moment, form string) error {
	r, err := s.RoundOf(ctx, tx, at.Case().Batch)
	if errs.KindOf(err) == errs.KindNotFound {
		return at.Refuse(i18n.M("selection.no_round"))
	}
	if err != nil {
		return err
	}
	scheme, _, err := s.definition(ctx, tx, r)
	if err != nil {
		return err
	}
	if scheme.Form != form {
		return at.Refuse(i18n.M("selection.wrong_form"))
	}
	n := NewNomination{Act: actOf(at), Round: r.ID, Party: at.Case().Enterprise, By: ByCounty, Material: Material{}}
	if at.Event().Who == casework.Applicant {
		n.By = ByEnterprise
	}
	for _, path := range append(scheme.Shown[:len(scheme.Shown):len(scheme.Shown)], scheme.Hidden...) {
		if texts := at.Texts(path); len(texts) > 0 {
			n.Material[path] = strings.Join(texts, "\n")
		}
	}
	n.Item = n.Material[scheme.Person]
	_, err = s.Nominate(ctx, tx, n)
	return err
}

func (s *Store) excludeEffect(ctx context.Context, tx *store.Tx, at *casework.Moment, why Why) error {
	if !slices.Contains([]Why{Withdrew, Refused, Objected, Failed}, why) {
		return fmt.Errorf("selection.exclude: no reason is called %q", why)
	}
	n, err := s.NominationOf(ctx, tx, at.Case().ID)
	if errs.KindOf(err) == errs.KindNotFound {
		return nil // withdrawn before it was handed in
	}
	if err != nil {
		return err
	}
	return s.Exclude(ctx, tx, n.ID, why, actOf(at))
}

func (s *Store) drawEffect(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	r, err := s.RoundOf(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	_, err = s.Draw(ctx, tx, r.ID)
	return err
}

func (s *Store) rankEffect(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	r, err := s.RoundOf(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	_, err = s.Rank(ctx, tx, r.ID)
	return err
}

func (s *Store) publishEffect(ctx context.Context, tx *store.Tx, at *casework.Moment, args onNomination) error {
	r, err := s.RoundOf(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	fresh, err := s.Publish(ctx, tx, r.ID, actOf(at))
	if err != nil {
		return err
	}
	for _, o := range fresh {
		if err := actOn(ctx, at, o.Case, args.Act); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) correctEffect(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	r, err := s.RoundOf(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	return s.CorrectNotice(ctx, tx, r.ID, actOf(at))
}

func (s *Store) withdrawEffect(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	r, err := s.RoundOf(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	return s.WithdrawNotice(ctx, tx, r.ID, actOf(at))
}

// actOn takes an action in another case; a nomination that came in without one has none.
func actOn(ctx context.Context, at *casework.Moment, of int64, action string) error {
	if of == 0 {
		return nil
	}
	_, err := at.Act(ctx, casework.Act{Case: of, Action: action})
	return err
}

func (s *Store) awardEffect(ctx context.Context, tx *store.Tx, at *casework.Moment, args awarding) error {
	r, err := s.RoundOf(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	all, err := s.results(ctx, tx, r)
	if err != nil {
		return err
	}
	given, err := s.Award(ctx, tx, r.ID, strings.Join(at.Texts("document"), ""), at)
	if err != nil {
		return err
	}
	for _, o := range all {
		action := args.Else
		switch o.Standing {
		case Out:
			continue
		case Chosen:
			action = args.Act
		}
		if err := actOn(ctx, at, o.Case, action); err != nil {
			return err
		}
	}
	list, _ := s.Library.CodeList("titles")
	for _, t := range given {
		entry, _ := list.Entry(t.Title)
		_, err := at.Open(ctx, casework.NewCase{
			Workflow: args.Open, Title: strings.TrimSpace(entry.Name.ZH + " " + t.Item), Subject: t.Party,
			Data: casework.Data{"title": rule.Int(t.ID)},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) enterEffect(ctx context.Context, tx *store.Tx, at *casework.Moment, how string) error {
	act, data := actOf(at), at.Case().Data
	if grounds, ok := data["grounds"]; ok && how == ByList {
		act.Reason = grounds.Text()
	}
	e, err := s.Enter(ctx, tx, data["ladder"].Text(), at.Case().Enterprise, how, act)
	if err != nil {
		return err
	}
	return at.Set("entry", rule.Int(e.ID))
}

func (s *Store) leaveEffect(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	return s.Leave(ctx, tx, at.Case().Data["entry"].Int(), actOf(at))
}

// Workflows that this package's effects are for.
const (
	RoundFlow      = "selection_round"
	NominationFlow = "selection_nomination"
	TitleFlow      = "selection_title"
	PoolFlow       = "pool_entry"
)

// CallCase is the case of a round to be opened in an area, by its subject.
func CallCase(title string, area int64) casework.NewCase {
	return casework.NewCase{Workflow: RoundFlow, Title: title, Subject: area}
}

// NominationCase is the case in which an enterprise nominates in a round, or is nominated.
func (s *Store) NominationCase(ctx context.Context, r Round, title string, enterprise int64) (casework.NewCase, error) {
	scheme, _, err := s.Definition(ctx, r)
	if err != nil {
		return casework.NewCase{}, err
	}
	return casework.NewCase{
		Workflow: NominationFlow, Title: title, Subject: enterprise, Batch: r.Case, Data: casework.Data{"form": rule.Text(scheme.Form)},
		Pins: []casework.Pin{{Kind: "scheme", Name: r.Scheme, Hash: r.SchemeHash}, {Kind: "rubric", Name: scheme.Rubric, Hash: r.RubricHash}},
	}, nil
}

// PoolCase is the case in which an enterprise asks to be cultivated on a ladder, or an office lists it.
func PoolCase(title, ladder string, enterprise int64) casework.NewCase {
	return casework.NewCase{Workflow: PoolFlow, Title: title, Subject: enterprise, Data: casework.Data{"ladder": rule.Text(ladder)}}
}
