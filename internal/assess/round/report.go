package round

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Row is how the enterprises of a part of a round stand. Of a row that is not told but how many they are, all else is 0.
type Row struct {
	Code     string           `json:"code"` // of the part; "" where nobody said, and of the whole
	Firms    int              `json:"firms"`
	Standing map[Standing]int `json:"standing"`
	Levels   []int            `json:"levels"`         // of those with a settled result, by level
	NoLevel  int              `json:"no_level"`       // below the lowest
	Unsure   int              `json:"unsure"`         // sealed, and something was missing
	Mean     string           `json:"mean,omitempty"` // points of those with a settled result, an exact fraction
	Up       int              `json:"up"`             // on a higher level than in the round before
	Same     int              `json:"same"`           // of those settled in both
	Down     int              `json:"down"`
	Found    int              `json:"found"` // findings
	Open     int              `json:"open"`  // not accepted
	Hidden   bool             `json:"-"`     // only Firms is told

	sum     *big.Rat
	settled int
}

// Done is how many have a result.
func (r *Row) Done() int { return r.Standing[Sealed] + r.Standing[Rated] }

// Settled is how many have a result in which nothing is missing.
func (r *Row) Settled() int {
	n := r.NoLevel
	for _, l := range r.Levels {
		n += l
	}
	return n
}

// Figures is what a round comes to.
type Figures struct {
	All    Row   `json:"all"`
	County []Row `json:"county"` // parts in the order of their codes
	Trade  []Row `json:"trade"`
	Size   []Row `json:"size"`
}

// By is the figures by a kind of part.
func (f *Figures) By(kind results.GroupKind) []Row {
	switch kind {
	case results.ByTrade:
		return f.Trade
	case results.BySize:
		return f.Size
	case results.ByCounty:
		return f.County
	}
	return []Row{f.All}
}

// Report is what a round comes to, as far as a reader may know it, beside the round before.
type Report struct {
	Round  Round
	Rubric *assess.Rubric
	Seq    int64 // commit up to which facts count
	Firms  []Firm
	Figures
	Before *Before // nil where there was none
	Whole  bool    // the reader sees every enterprise of the round
}

// Before is the figures of the round before, of the same reader.
type Before struct {
	Round Round
	Figures
}

// settledLevels is the level of each enterprise with a settled result in a round, by the model of that.
func (s *Store) settledLevels(ctx context.Context, view fact.View, r *Round) (map[int64]string, error) {
	out := map[int64]string{}
	if r == nil {
		return out, nil
	}
	all, err := s.firms(ctx, view, r)
	for _, f := range all {
		if f.settledScore() != nil {
			out[f.ID] = f.Result.Level
		}
	}
	return out, err
}

// figures adds enterprises up.
func (s *Store) figures(m *assess.Rubric, firms []Firm, before map[int64]string) Figures {
	kinds := []results.GroupKind{results.ByAll, results.ByCounty, results.ByTrade, results.BySize}
	parts := map[results.GroupKind]map[string]*Row{}
	row := func(kind results.GroupKind, code string) *Row {
		if parts[kind] == nil {
			parts[kind] = map[string]*Row{}
		}
		x := parts[kind][code]
		if x == nil {
			x = &Row{Code: code, Standing: map[Standing]int{}, Levels: make([]int, len(m.Levels)), sum: new(big.Rat)}
			parts[kind][code] = x
		}
		return x
	}
	row(results.ByAll, "")
	for i := range firms {
		f := &firms[i]
		for _, kind := range kinds {
			row(kind, results.PartOf(s.Library, kind, &f.Firm)).add(m, f, before)
		}
	}
	list := func(kind results.GroupKind) []Row {
		out := []Row{}
		for _, code := range slices.Sorted(maps.Keys(parts[kind])) {
			x := parts[kind][code]
			if x.settled > 0 {
				x.Mean = new(big.Rat).Quo(x.sum, big.NewRat(int64(x.settled), 1)).RatString()
			}
			out = append(out, *x)
		}
		return out
	}
	return Figures{All: list(results.ByAll)[0], County: list(results.ByCounty), Trade: list(results.ByTrade), Size: list(results.BySize)}
}

func (r *Row) add(m *assess.Rubric, f *Firm, before map[int64]string) {
	r.Firms++
	r.Standing[f.Standing]++
	r.Found += f.Found
	r.Open += f.Open
	score := f.settledScore()
	switch {
	case f.Result != nil && score == nil:
		r.Unsure++
		return
	case score == nil:
		return
	}
	level := f.Level(m)
	if level < 0 {
		r.NoLevel++
	} else {
		r.Levels[level]++
	}
	r.settled++
	r.sum.Add(r.sum, score)
	was, ok := before[f.ID]
	if !ok {
		return
	}
	rank := slices.IndexFunc(m.Levels, func(l assess.LevelFile) bool { return l.ID == was })
	if rank < 0 && was != "" { // a level of another edition
		return
	}
	switch {
	case level > rank:
		r.Up++
	case level < rank:
		r.Down++
	default:
		r.Same++
	}
}

// Report is what a round comes to for a reader: of a running one as it stands, of a closed one as it stood. Who sees no enterprise of it gets
// the figures of a closed round, with small cells hidden; NotFound where it still runs.
func (s *Store) Report(ctx context.Context, scope access.Scope, id int64) (*Report, error) {
	r, err := s.Round(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	m, err := s.Rubric(ctx, &r)
	if err != nil {
		return nil, err
	}
	all, err := s.As(ctx, access.SystemScope(), &r)
	if err != nil {
		return nil, err
	}
	firms, err := s.firms(ctx, all, &r)
	if err != nil {
		return nil, err
	}
	view, err := s.As(ctx, scope, &r)
	if err != nil {
		return nil, err
	}
	out := &Report{Round: r, Rubric: m, Seq: view.Seq(), Whole: true}
	office := s.Office(scope, &r)
	if !office && r.Closing == nil {
		return nil, errs.NotFound("report of assessment round", id)
	}
	for i := range firms {
		if office && results.Shows(view, m, firms[i].ID) {
			out.Firms = append(out.Firms, firms[i])
		} else {
			out.Whole = false
		}
	}
	before, err := s.before(ctx, &r)
	if err != nil {
		return nil, err
	}
	levels, err := s.levelsBefore(ctx, before)
	if err != nil {
		return nil, err
	}
	if !office {
		out.Figures = s.figures(m, firms, levels).Hide()
		if before != nil && before.Closing != nil {
			var was Figures
			if err := json.Unmarshal([]byte(before.Closing.Figures), &was); err != nil {
				return nil, fmt.Errorf("read the figures of round %d: %w", before.ID, err)
			}
			out.Before = &Before{*before, was.Hide()}
		}
		return out, nil
	}
	out.Figures = s.figures(m, out.Firms, levels)
	if before != nil {
		was, err := s.figuresFor(ctx, scope, before)
		if err != nil {
			return nil, err
		}
		out.Before = &Before{*before, was}
	}
	return out, nil
}

// before is the round that was closed before; nil for none.
func (s *Store) before(ctx context.Context, r *Round) (*Round, error) {
	if r.Before == 0 {
		return nil, nil
	}
	b, err := roundOf(ctx, s.DB.Read(), r.Before)
	return &b, err
}

func (s *Store) levelsBefore(ctx context.Context, before *Round) (map[int64]string, error) {
	if before == nil {
		return nil, nil
	}
	view, err := s.As(ctx, access.SystemScope(), before)
	if err != nil {
		return nil, err
	}
	return s.settledLevels(ctx, view, before)
}

// figuresFor is what a closed round comes to of the enterprises that a scope may see.
func (s *Store) figuresFor(ctx context.Context, scope access.Scope, r *Round) (Figures, error) {
	m, err := s.Rubric(ctx, r)
	if err != nil {
		return Figures{}, err
	}
	view, err := s.As(ctx, scope, r)
	if err != nil {
		return Figures{}, err
	}
	firms, err := s.Firms(ctx, view, r)
	if err != nil {
		return Figures{}, err
	}
	return s.figures(m, firms, nil), nil
}

// Hide is the figures for who may not see enterprises: a row tells more than how many it has only where none of its numbers is of fewer than
// results.Least enterprises, rows of fewer are told as one, and nothing that is left out can be had by taking what is told from the whole. Of
// findings nothing is told.
func (f Figures) Hide() Figures {
	all := f.All
	all.Found, all.Open = 0, 0
	if !all.tellable() {
		all = all.hidden()
	}
	return Figures{All: all, County: hideRows(all, f.County), Trade: hideRows(all, f.Trade), Size: hideRows(all, f.Size)}
}

// numbers are those of a row that count enterprises.
func (r *Row) numbers() []int {
	out := append([]int{r.NoLevel, r.Unsure, r.Up, r.Same, r.Down}, r.Levels...)
	for _, st := range Standings() {
		out = append(out, r.Standing[st])
	}
	return out
}

// tellable says that none of the numbers of a row tells of few enterprises.
func (r *Row) tellable() bool {
	return r.Firms >= results.Least && !slices.ContainsFunc(r.numbers(), func(n int) bool { return n > 0 && n < results.Least })
}

func (r *Row) hidden() Row {
	return Row{Code: r.Code, Firms: r.Firms, Standing: map[Standing]int{}, Levels: make([]int, len(r.Levels)), Hidden: true}
}

// plus is two rows as one, without what is no number of enterprises.
func (r *Row) plus(o *Row, sign int) Row {
	out := Row{Code: r.Code, Firms: r.Firms + sign*o.Firms, Standing: map[Standing]int{}, NoLevel: r.NoLevel + sign*o.NoLevel, Unsure: r.Unsure + sign*o.Unsure, Up: r.Up + sign*o.Up, Same: r.Same + sign*o.Same, Down: r.Down + sign*o.Down}
	for _, st := range Standings() {
		out.Standing[st] = r.Standing[st] + sign*o.Standing[st]
	}
	for i := range r.Levels {
		out.Levels = append(out.Levels, r.Levels[i]+sign*o.Levels[i])
	}
	return out
}

// Rest is the code of the row of the parts that are too small to be told.
const Rest = "*"

// hideRows is the parts of a whole as they may be told beside it.
func hideRows(all Row, rows []Row) []Row {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(b.Firms, a.Firms) })
	small := Row{Code: Rest, Standing: map[Standing]int{}, Levels: make([]int, len(all.Levels)), Hidden: true}
	// Rows that are too few go together, with the next larger one while they still are.
	n := len(rows)
	for n > 0 && (rows[n-1].Firms < results.Least || small.Firms > 0 && small.Firms < results.Least) {
		n--
		small.Firms += rows[n].Firms
	}
	told := rows[:n]
	for i := range told {
		told[i].Found, told[i].Open = 0, 0
		if !told[i].tellable() {
			told[i] = told[i].hidden()
		}
	}
	// What is told of the whole, less what is told of parts, must not tell of few either.
	for !all.Hidden {
		left := all
		for i := range told {
			if !told[i].Hidden {
				left = left.plus(&told[i], -1)
			}
		}
		if left.Firms == 0 || left.tellable() {
			break
		}
		i := len(told) - 1
		for i >= 0 && told[i].Hidden {
			i--
		}
		if i < 0 {
			break
		}
		told[i] = told[i].hidden()
	}
	out := slices.SortedFunc(slices.Values(told), func(a, b Row) int { return cmp.Compare(a.Code, b.Code) })
	if small.Firms > 0 {
		out = append(out, small)
	}
	return out
}

const (
	insertClosing = `INSERT INTO round_closing (round_id, seq, on_day, figures, at, by_account) VALUES ($1, $2, $3, $4, $5, $6)`
)

// Close ends a round: the checks run once more, and how each enterprise stands is kept as of what is known now. It is a Conflict before the
// last day, unless all are done.
func (s *Store) Close(ctx context.Context, scope access.Scope, id int64) (Round, error) {
	r, err := s.handled(ctx, scope, id)
	if err != nil {
		return r, err
	}
	if _, err := s.look(ctx, &r); err != nil {
		return r, err
	}
	view, err := s.system(ctx)
	if err != nil {
		return r, err
	}
	firms, err := s.firms(ctx, view, &r)
	if err != nil {
		return r, err
	}
	today := s.Clock.Today()
	if left := slices.IndexFunc(firms, func(f Firm) bool { return f.Standing != Sealed && f.Standing != Rated }); today < r.Closes && left >= 0 {
		return r, errs.Conflict(i18n.M("assessround.too_early", r.Closes.String()))
	}
	m, err := s.Rubric(ctx, &r)
	if err != nil {
		return r, err
	}
	figures, err := s.written(ctx, &r, m, firms)
	if err != nil {
		return r, err
	}
	c := Closing{Seq: view.Seq(), On: today, Figures: string(figures), At: s.Clock.Millis(), By: scope.Account()}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := s.lock(ctx, tx, &r); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertClosing, r.ID, c.Seq, int64(c.On), c.Figures, c.At, c.By); err != nil {
			return fmt.Errorf("close a round: %w", err)
		}
		slices.SortFunc(firms, func(a, b Firm) int { return cmp.Compare(a.ID, b.ID) })
		err := tx.InsertRows(ctx, "round_line", []string{"round_id", "party", "standing", "result", "found", "open"}, func(yield func([]any) bool) {
			for i := range firms {
				f := &firms[i]
				result := int64(0)
				if f.Result != nil {
					result = f.Result.ID
				}
				if !yield([]any{r.ID, f.ID, string(f.Standing), result, f.Found, f.Open}) {
					return
				}
			}
		})
		audit.Note(tx, loggedClosing, r.ID)
		return err
	})
	r.Closing = &c
	return r, err
}

// written is the figures of a round's enterprises as a closing keeps them, beside those of the round before.
func (s *Store) written(ctx context.Context, r *Round, m *assess.Rubric, firms []Firm) ([]byte, error) {
	before, err := s.before(ctx, r)
	if err != nil {
		return nil, err
	}
	levels, err := s.levelsBefore(ctx, before)
	if err != nil {
		return nil, err
	}
	return json.Marshal(s.figures(m, firms, levels))
}

// Verify makes the figures of a closed round anew, from what was known at its closing, and each of its results by its own model, and says in
// what they differ from what is kept; nil where they do not.
func (s *Store) Verify(ctx context.Context, id int64) (out []assess.Difference, err error) {
	r, err := roundOf(ctx, s.DB.Read(), id)
	if err != nil {
		return nil, err
	}
	if r.Closing == nil {
		return nil, errs.Conflict(i18n.M("assessround.not_closed", r.Title))
	}
	m, err := s.Rubric(ctx, &r)
	if err != nil {
		return nil, err
	}
	view, err := s.As(ctx, access.SystemScope(), &r)
	if err != nil {
		return nil, err
	}
	firms, err := s.firms(ctx, view, &r)
	if err != nil {
		return nil, err
	}
	figures, err := s.written(ctx, &r, m, firms)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(figures, []byte(r.Closing.Figures)) {
		out = append(out, assess.Difference{What: "figures", Want: r.Closing.Figures, Got: string(figures)})
	}
	for _, f := range firms {
		if f.Result == nil {
			continue
		}
		some, err := s.Results.Verify(ctx, f.Result.ID)
		if err != nil {
			return nil, err
		}
		for _, d := range some {
			d.What = "result " + strconv.FormatInt(f.Result.ID, 10) + ": " + d.What
			out = append(out, d)
		}
	}
	return out, nil
}
