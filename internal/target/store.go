package target

import (
	"embed"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "target", FS: schema}

// Deps is what the store stands on.
type Deps struct {
	DB      *store.DB
	Library *content.Library
	Monitor *monitor.Monitor
	Clock   clock.Clock
}

// Store is quotas, tasks, choices and rankings, and the figures held against them. It is safe for many goroutines.
type Store struct{ Deps }

// Open is the store over a database that Migrations were applied to.
func Open(d Deps) *Store { return &Store{d} }

// Limits of what is typed, in characters.
const (
	maxName = 200
	maxText = 2_000
)

// within refuses a text that is empty where it may not be, too long or no text.
func within(field, s string, most int, empty bool) error {
	if n := utf8.RuneCountInString(s); n == 0 && !empty || n > most || !utf8.ValidString(s) {
		return errs.Invalid(i18n.M("target.bad_text", i18n.M("target.field_"+field), most))
	}
	return nil
}

// keeps is who decides in an area: the office in charge there.
func keeps(scope access.Scope, area string) error {
	if !scope.Sees(access.HandleCase, area, 0) {
		return errs.Forbidden(string(access.HandleCase) + " in area " + area)
	}
	return nil
}

// asJSON is a list as it is kept.
func asJSON(list []string) string {
	if list == nil {
		list = []string{}
	}
	b, err := json.Marshal(list)
	if err != nil {
		panic(fmt.Sprintf("target: %v", err)) // of a list of texts, which has a form in JSON
	}
	return string(b)
}

// fromJSON reads what asJSON wrote.
func fromJSON(s string, list *[]string) error {
	if err := json.Unmarshal([]byte(s), list); err != nil {
		return fmt.Errorf("read what was kept: %w", err)
	}
	return nil
}

// cleaned is texts without blanks around them, none of them empty or twice, in order.
func cleaned(list []string) []string {
	var all []string
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// Plan is a published plan by its code; NotFound where there is none.
func (s *Store) Plan(code string) (content.TargetPlan, error) {
	all := s.Library.Targets()
	i := slices.IndexFunc(all, func(p content.TargetPlan) bool { return p.Code == code })
	if i < 0 {
		return content.TargetPlan{}, errs.NotFound("target plan", code)
	}
	return all[i], nil
}

// Goals are the targets of a plan, in its order; NotFound where there is none.
func (s *Store) Goals(plan string) ([]indicator.Goal, error) {
	if _, err := s.Plan(plan); err != nil {
		return nil, err
	}
	var all []indicator.Goal
	for _, g := range s.Monitor.Set.Goals() {
		if g.Plan.Code == plan {
			all = append(all, g)
		}
	}
	return all, nil
}

// Goal is a target of a plan; NotFound where there is none.
func (s *Store) Goal(plan, id string) (indicator.Goal, error) {
	all, err := s.Goals(plan)
	if err != nil {
		return indicator.Goal{}, err
	}
	i := slices.IndexFunc(all, func(g indicator.Goal) bool { return g.ID == id })
	if i < 0 {
		return indicator.Goal{}, errs.NotFound("target", plan+"/"+id)
	}
	return all[i], nil
}

// touches says that two areas lie in each other, one way or the other.
func (s *Store) touches(a, b string) bool {
	tree := s.Library.Areas()
	return tree.Within(a, b) || tree.Within(b, a)
}

// Plans are the plans that concern a reader: those of its areas, of areas above them and below. The nearest come first.
func (s *Store) Plans(scope access.Scope) []content.TargetPlan {
	var all []content.TargetPlan
	for _, p := range s.Library.Targets() {
		if scope.All() || slices.ContainsFunc(scope.Areas(), func(a string) bool { return s.touches(a, p.Area) }) {
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(a, b content.TargetPlan) int {
		return len(s.Library.Areas().Path(b.Area)) - len(s.Library.Areas().Path(a.Area))
	})
	return all
}

// Heads are the areas of a scope that lie in no other one of it.
func (s *Store) Heads(scope access.Scope) []string {
	reach := scope.Areas()
	return slices.DeleteFunc(slices.Clone(reach), func(code string) bool {
		n, ok := s.Library.Areas().Node(code)
		return !ok || n.Retired || slices.ContainsFunc(s.Library.Areas().Path(n.Parent), func(up content.Node) bool { return slices.Contains(reach, up.Code) })
	})
}

// written is what numbers of a target are written as, and their unit: those of its indicator's figures, percents where a growth is promised.
func written(g indicator.Goal) (typ rule.Type, unit string) {
	switch x := g.Indicator; {
	case x == nil:
		return rule.DecimalType, ""
	case g.Change == content.Growth:
		return rule.RateType, "%"
	default:
		return x.Type, x.Unit
	}
}

// unitOf is what one of the unit in which a target's numbers are written comes to in its figures: 100 fen for 元, a hundredth for %.
func unitOf(g indicator.Goal) *big.Rat {
	switch typ, unit := written(g); typ {
	case rule.RateType:
		return big.NewRat(1, 100)
	case rule.MoneyType:
		if fen, ok := money.UnitOf(unit); ok {
			return big.NewRat(int64(fen), 1)
		}
	}
	return big.NewRat(1, 1)
}

// Number is a value of a target as it is written in its unit: exactly where that takes no more decimals than maxPlaces, else rounded to them.
func Number(g indicator.Goal, value *big.Rat) string {
	text := new(big.Rat).Quo(value, unitOf(g)).FloatString(maxPlaces)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

// maxPlaces is how many decimals of a quota are kept.
const maxPlaces = 6

// Value reads a number that is written in the unit of a target, with or without that unit behind it.
func Value(g indicator.Goal, text string) (*big.Rat, error) {
	_, unit := written(g)
	plain := strings.ReplaceAll(strings.TrimSpace(text), ",", "")
	plain = strings.TrimSpace(strings.TrimSuffix(plain, unit))
	whole, part, _ := strings.Cut(plain, ".")
	digits := func(s string, most int) bool {
		return len(s) <= most && strings.Trim(s, "0123456789") == ""
	}
	if whole == "" || !digits(whole, 15) || !digits(part, maxPlaces) {
		return nil, errs.Invalid(i18n.M("target.bad_number", text, unit, maxPlaces))
	}
	r, ok := new(big.Rat).SetString(plain)
	if !ok {
		return nil, errs.Invalid(i18n.M("target.bad_number", text, unit, maxPlaces))
	}
	return r.Mul(r, unitOf(g)), nil
}

// ratOf reads a fraction that was kept; nil for an empty one.
func ratOf(text string) (*big.Rat, error) {
	if text == "" {
		return nil, nil
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, fmt.Errorf("read a number that was kept: %q", text)
	}
	return r, nil
}

// textOf is a fraction as it is kept; "" for none.
func textOf(r *big.Rat) string {
	if r == nil {
		return ""
	}
	return r.RatString()
}
