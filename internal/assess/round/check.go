package round

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Kind is what a check looks for.
type Kind string

// The kinds.
const (
	Contradiction Kind = "contradiction" // a condition of the model does not hold of what was answered
	Copied        Kind = "copied"        // an enterprise of another owner answered the same
	Outlier       Kind = "outlier"       // far from what peers say
	Jump          Kind = "jump"          // far from what the same enterprise said of the year before
	Unfit         Kind = "unfit"         // a value is too large to be reckoned with
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Contradiction, Copied, Outlier, Jump, Unfit} }

// Detail is what is behind a finding besides facts. Numbers are exact fractions.
type Detail struct {
	Facts   []string `json:"facts,omitempty"` // codes of what was compared
	Firms   []int64  `json:"firms,omitempty"` // the others that answered the same
	Answers int      `json:"answers,omitempty"`
	Rare    int      `json:"rare,omitempty"` // answers that fewer than half give
	Among   int      `json:"among,omitempty"`
	Chance  string   `json:"chance,omitempty"`
	Value   string   `json:"value,omitempty"`
	Median  string   `json:"median,omitempty"`
	MAD     string   `json:"mad,omitempty"`
	Peers   int      `json:"peers,omitempty"`
	Group   string   `json:"group,omitempty"` // what peers have in common, and which
	Of      string   `json:"of,omitempty"`
	Before  string   `json:"before,omitempty"`
}

// leastPeers is of how many enterprises a spread is taken at least.
const leastPeers = 8

// found is something that a check found.
type found struct {
	Kind   Kind
	Code   string
	Party  int64
	Detail Detail
	mark   string
}

// marked gives what was found the mark of the answers that it stands on.
func (f found) marked(answers ...string) found {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{string(f.Kind), f.Code, strconv.FormatInt(f.Party, 10)}, answers...), "\x00")))
	f.mark = hex.EncodeToString(sum[:])
	return f
}

// answerer is an enterprise whose answers are looked at.
type answerer struct {
	*Firm
	at, before assess.At
	own        map[string]string // what it answered itself, by fact
}

// Check runs the checks of a running round, and says how many findings hold. What is found is the same whoever asks.
func (s *Store) Check(ctx context.Context, scope access.Scope, id int64) (holding int, err error) {
	r, err := s.managed(ctx, scope, id)
	if err != nil {
		return 0, err
	}
	return s.look(ctx, &r)
}

// look runs the checks and keeps what they find: what is found for the first time, what is found again, and what is found no more.
func (s *Store) look(ctx context.Context, r *Round) (holding int, err error) {
	view, err := s.system(ctx)
	if err != nil {
		return 0, err
	}
	m, err := s.Rubric(ctx, r)
	if err != nil {
		return 0, err
	}
	all, err := s.firms(ctx, view, r)
	if err != nil {
		return 0, err
	}
	now, err := s.find(view, r, m, all)
	if err != nil {
		return 0, err
	}
	return len(now), s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := s.lock(ctx, tx, r); err != nil {
			return err
		}
		return s.keepFound(ctx, tx, r, view.Seq(), now)
	})
}

// find is all that the checks find in what enterprises of a round answered, in the order of kinds, codes and enterprises.
func (s *Store) find(view fact.View, r *Round, m *assess.Rubric, firms []Firm) ([]found, error) {
	var all []answerer
	for i := range firms {
		f := &firms[i]
		subject, ok := s.Subjects.Subject(view, f.ID)
		if !ok {
			continue
		}
		on := s.on(r)
		a := answerer{Firm: f, at: assess.At{Subject: subject, Year: r.Year, On: on}, before: assess.At{Subject: subject, Year: r.Year - 1, On: on}}
		a.own = ownAnswers(view, m, r, f.ID)
		all = append(all, a)
	}
	var out []found
	for i := range all {
		if all[i].answered() {
			out = append(out, contradicted(view, m, &all[i])...)
		}
	}
	for _, c := range m.Comparisons() {
		out = append(out, s.compared(c, all)...)
	}
	out = append(out, s.copied(view, all)...)
	slices.SortFunc(out, func(a, b found) int {
		return cmp.Or(slices.Index(Kinds(), a.Kind)-slices.Index(Kinds(), b.Kind), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Party, b.Party), cmp.Compare(a.mark, b.mark))
	})
	return out, nil
}

// answered says that an enterprise handed something in, or that its own word is known of something.
func (a *answerer) answered() bool {
	return a.Result != nil || a.Standing == Handed || a.Standing == Back || len(a.own) > 0
}

// ownAnswers is what an enterprise answered itself of what a model asks of a year; what others said, and what was prefilled from them and
// left, is not its own.
func ownAnswers(view fact.View, m *assess.Rubric, r *Round, firm int64) map[string]string {
	out := map[string]string{}
	for _, d := range asked(m) {
		c := view.Value(firm, d.Code, factPeriod(d, r.Year))
		if c.State == fact.Unknown || view.Authority(c) != fact.SelfReport {
			continue
		}
		out[d.Code] = cellText(c)
	}
	return out
}

// cellText is a value as it is compared with others of its definition.
func cellText(c fact.Cell) string {
	return strconv.Itoa(int(c.State)) + " " + strconv.FormatInt(c.Value.Num, 10) + " " + c.Value.Text
}

// contradicted is the conditions of the model that do not hold of an enterprise.
func contradicted(view fact.View, m *assess.Rubric, a *answerer) (out []found) {
	odd, err := m.Contradictions(a.at)
	if err != nil {
		return []found{found{Kind: Unfit, Code: "unfit", Party: a.ID}.marked()}
	}
	for _, c := range odd {
		f := found{Kind: Contradiction, Code: c.ID, Party: a.ID}
		var values []string
		for _, d := range c.Facts {
			f.Detail.Facts = append(f.Detail.Facts, d.Code)
			values = append(values, cellText(view.Value(a.ID, d.Code, factPeriod(d, a.at.Year))))
		}
		out = append(out, f.marked(values...))
	}
	return out
}

// compared is who lies far from peers by a comparison, and who jumped.
func (s *Store) compared(c *assess.Comparison, all []answerer) (out []found) {
	type valued struct {
		*answerer
		x *big.Rat
	}
	groups := map[string][]valued{}
	for i := range all {
		a := &all[i]
		if x, ok := c.Of(a.at); ok {
			of := results.PartOf(s.Library, results.GroupKind(c.Peers), &a.Firm.Firm)
			if of != "" || c.Peers == string(results.ByAll) {
				groups[of] = append(groups[of], valued{a, x})
			}
			if f, ok := jumped(c, a, x); ok {
				out = append(out, f)
			}
		}
	}
	if !c.Times.Said() {
		return out
	}
	for of, group := range groups {
		if len(group) < max(leastPeers, results.Least) {
			continue
		}
		numbers := make([]*big.Rat, len(group))
		for i, v := range group {
			numbers[i] = v.x
		}
		spread := assess.SpreadOf(numbers)
		for _, v := range group {
			if !v.answered() || !spread.Far(v.x, c.Times.Rat()) {
				continue
			}
			out = append(out, found{Kind: Outlier, Code: c.ID, Party: v.ID, Detail: Detail{
				Facts: codesOf(c.Facts()), Value: v.x.RatString(), Median: spread.Median.RatString(), MAD: spread.MAD.RatString(), Peers: spread.N, Group: c.Peers, Of: of,
			}}.marked(v.x.RatString()))
		}
	}
	return out
}

func jumped(c *assess.Comparison, a *answerer, x *big.Rat) (f found, ok bool) {
	if !c.Jump.Said() || !a.answered() {
		return f, false
	}
	before, ok := c.Of(a.before)
	if !ok || !assess.Jumped(before, x, c.Jump.Rat()) {
		return f, false
	}
	return found{
		Kind: Jump, Code: c.ID, Party: a.ID, Detail: Detail{Facts: codesOf(c.Facts()), Value: x.RatString(), Before: before.RatString()},
	}.marked(before.RatString(), x.RatString()), true
}

func codesOf(defs []content.FactDef) []string {
	out := make([]string, len(defs))
	for i, d := range defs {
		out[i] = d.Code
	}
	return out
}

// ownedBy is the fact by which enterprises are told to have one owner.
const ownedBy = "ent.legal_person"

// copied is who answered what somebody of another owner answered too.
func (s *Store) copied(view fact.View, all []answerer) (out []found) {
	var filled []assess.Filled
	own := map[int64]map[string]string{}
	for i := range all {
		a := &all[i]
		if len(a.own) == 0 {
			continue
		}
		var of string
		if def, ok := s.Library.FactDef(ownedBy); ok {
			of = view.Value(a.ID, ownedBy, factPeriod(def, a.at.Year)).Value.Text
		}
		filled, own[a.ID] = append(filled, assess.Filled{Firm: a.ID, Owner: of, Answers: a.own}), a.own
	}
	for _, group := range assess.Copies(filled) {
		for _, id := range group.Firms {
			d := Detail{Facts: slices.Sorted(maps.Keys(own[id])), Answers: group.Answers, Rare: group.Rare, Among: group.Among, Chance: group.Chance.RatString()}
			for _, other := range group.Firms {
				if other != id {
					d.Firms = append(d.Firms, other)
				}
			}
			values := make([]string, 0, 2*len(own[id]))
			for code, value := range own[id] {
				values = append(values, code+"="+value)
			}
			slices.Sort(values)
			out = append(out, found{Kind: Copied, Code: "copied", Party: id, Detail: d}.marked(values...))
		}
	}
	return out
}

const (
	insertFinding = `INSERT INTO round_finding (id, round_id, mark, kind, code, party, detail, seq, state, at, gone_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, 0)`
	moveFinding   = `UPDATE round_finding SET gone_at = $1 WHERE id = $2`
)

// keepFound notes what is found for the first time, what is found again, and what is found no more.
func (s *Store) keepFound(ctx context.Context, tx *store.Tx, r *Round, seq int64, now []found) error {
	had, err := readFindings(ctx, tx, findingsOf, r.ID)
	if err != nil {
		return err
	}
	byMark := make(map[string]*Finding, len(had))
	for i := range had {
		byMark[had[i].mark] = &had[i]
	}
	at, fresh := s.Clock.Millis(), []found{}
	holds := map[string]bool{}
	for _, f := range now {
		if holds[f.mark] {
			continue
		}
		holds[f.mark] = true
		h := byMark[f.mark]
		if h == nil {
			fresh = append(fresh, f)
			continue
		}
		if h.GoneAt != 0 {
			if _, err := tx.Exec(ctx, moveFinding, 0, h.ID); err != nil {
				return fmt.Errorf("note that a finding holds again: %w", err)
			}
		}
	}
	for _, h := range had {
		if h.GoneAt == 0 && !holds[h.mark] {
			if _, err := tx.Exec(ctx, moveFinding, at, h.ID); err != nil {
				return fmt.Errorf("note that a finding holds no more: %w", err)
			}
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	first, err := tx.NextIDs(ctx, int64(len(fresh)))
	if err != nil {
		return err
	}
	for i, f := range fresh {
		detail, err := json.Marshal(f.Detail)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertFinding, first+int64(i), r.ID, f.mark, string(f.Kind), f.Code, f.Party, string(detail), seq, at); err != nil {
			return fmt.Errorf("keep a finding: %w", err)
		}
	}
	return nil
}

// Behind is a fact behind a finding, as it was when that was found.
type Behind struct {
	Def  content.FactDef
	Year int // 0 for a fact without time
	Cell fact.Cell
}

// behind is the facts behind a finding as a view of its commit shows them; of a jump those of the year before too.
func (s *Store) behind(view fact.View, r *Round, f *Finding) (out []Behind) {
	years := []int{r.Year}
	if f.Kind == Jump {
		years = []int{r.Year - 1, r.Year}
	}
	for _, code := range f.Detail.Facts {
		def, ok := s.Library.FactDef(code)
		if !ok {
			continue
		}
		if def.Period != period.Year {
			out = append(out, Behind{Def: def, Cell: view.Value(f.Party, code, factPeriod(def, r.Year))})
			continue
		}
		for _, year := range years {
			out = append(out, Behind{def, year, view.Value(f.Party, code, period.OfYear(year))})
		}
	}
	return out
}

// rat reads an exact fraction that was kept; nil for none.
func rat(text string) *big.Rat {
	x, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil
	}
	return x
}
