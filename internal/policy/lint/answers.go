package lint

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// maxWorlds is under how many answers to open questions one clause is tried.
const maxWorlds = 32

// answer is one answer to an open question of the city's document, of the county's, or of both.
type answer struct {
	setting, is  string
	city, county bool
}

// world is the answers that are not the default.
type world []answer

// answers is those that are not the default to the questions on which a clause of the city and the clauses of the county
// about the same event depend. A question that both documents ask, with the same options, is answered alike in both.
func (c *comparison) answers(i int) []answer {
	k := &c.city.policy.File.Clauses[i]
	asked := map[string]bool{}
	for _, id := range c.city.policy.Asks(i) {
		asked[id] = true
	}
	for j, o := range c.county.policy.File.Clauses {
		if o.Entity == k.Entity && o.Event == k.Event {
			for _, id := range c.county.policy.Asks(j) {
				asked[id] = true
			}
		}
	}
	var all []answer
	for _, s := range c.city.policy.File.Settings {
		n := slices.IndexFunc(c.county.policy.File.Settings, s.SameAs)
		for _, o := range s.Options {
			if asked[s.ID] && (o.ID != s.Default || n >= 0 && o.ID != c.county.policy.File.Settings[n].Default) {
				all = append(all, answer{s.ID, o.ID, true, n >= 0})
			}
		}
	}
	for _, s := range c.county.policy.File.Settings {
		for _, o := range s.Options {
			if asked[s.ID] && o.ID != s.Default && !slices.ContainsFunc(c.city.policy.File.Settings, s.SameAs) {
				all = append(all, answer{s.ID, o.ID, false, true})
			}
		}
	}
	return all
}

// worlds is the defaults, then each other answer by itself, then two of them at a time.
func (c *comparison) worlds(i int) iter.Seq[world] {
	all := c.answers(i)
	return func(yield func(world) bool) {
		n := 0
		next := func(w ...answer) bool { n++; return n <= maxWorlds && yield(w) }
		if !next() {
			return
		}
		for _, a := range all {
			if !next(a) {
				return
			}
		}
		for k, a := range all {
			for _, b := range all[:k] {
				if a.setting != b.setting && !next(b, a) {
					return
				}
			}
		}
	}
}

// answer makes the plans of both documents under the answers; ok is false where there is none.
func (c *comparison) answer(w world) (ok bool) {
	var err1, err2 error
	c.theirs, err1 = c.plan(c.city, w, func(a answer) bool { return a.city })
	c.ours, err2 = c.plan(c.county, w, func(a answer) bool { return a.county })
	return err1 == nil && err2 == nil
}

func (c *comparison) plan(p *pack, w world, of func(answer) bool) (*policy.Plan, error) {
	settings, key := map[string]string{}, p.doc().ID
	for _, a := range w {
		if of(a) {
			settings[a.setting] = a.is
			key += fmt.Sprintf("\x00%s=%s", a.setting, a.is)
		}
	}
	if pl, ok := c.plans[key]; ok {
		return pl, nil
	}
	pl, err := p.policy.Plan(settings)
	if err == nil {
		c.plans[key] = pl
	}
	return pl, err
}

// settings is the answers by question, nil for the defaults.
func (w world) settings() map[string]string {
	if len(w) == 0 {
		return nil
	}
	all := map[string]string{}
	for _, a := range w {
		all[a.setting] = a.is
	}
	return all
}

// told is the answers in words.
func (w world) told(c *comparison) i18n.Msg {
	var msg i18n.Msg
	for k, a := range w {
		p := c.city
		if !a.city {
			p = c.county
		}
		all := p.policy.File.Settings
		s := all[slices.IndexFunc(all, func(s policy.Setting) bool { return s.ID == a.setting })]
		o := s.Options[slices.IndexFunc(s.Options, func(o policy.Option) bool { return o.ID == a.is })]
		one := i18n.M("lint.answered", s.Question, o.Text, a.setting+"="+a.is)
		if k > 0 {
			one = i18n.M("lint.answered_too", msg, one)
		}
		msg = one
	}
	return msg
}

// flags is answers as the command takes them.
func flags(settings map[string]string) string {
	var all []string
	for _, id := range sorted(settings) {
		all = append(all, "--setting "+id+"="+settings[id])
	}
	return strings.Join(all, " ")
}
