package results

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/shelf"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "assess", FS: schema}

// Deps is what the store stands on.
type Deps struct {
	DB       *store.DB
	Frames   *fact.Frames
	Library  *content.Library
	Clock    clock.Clock
	Subjects *region.Reader
	Set      *assess.Set
}

// Store is sealed results and surveys. It is safe for many goroutines.
type Store struct {
	Deps

	surveys shelf.Shelf[surveyKey, *surveyed]
}

// Open is the store over a database that Migrations were applied to.
func Open(d Deps) *Store {
	s := &Store{Deps: d}
	s.surveys.RoomFor(0)
	return s
}

// How a result came about: the enterprise answered, or somebody on the spot.
const (
	BySelf = "self"
	OnSite = "site"
)

// Sealed is a result that is kept.
type Sealed struct {
	ID             int64
	Party          int64
	Model, Edition string
	Hash           string // of the model's bytes
	Year           int
	On             period.Day
	How            string
	Path           string   // id, "" where the model has none
	Score, May     *big.Rat // points that are sure and possible; nil where the model gave none
	Level, MayBe   string   // ids of levels, "" for none
	Missing        int
	Case           int64
	Known          int64
	At             int64
	By             int64
}

// Settled says that nothing was missing that could change it.
func (s *Sealed) Settled() bool {
	return s.Score != nil && s.May != nil && s.Score.Cmp(s.May) == 0 && s.Level == s.MayBe
}

var loggedResult = &audit.Kind{
	Name: "assess.result",
	Parts: []audit.Part{{
		Name:  "result",
		Query: `SELECT id, party, model, edition, hash, year, on_day, how, path, score, possible, level, may, missing, case_id, known, at, by_account FROM assess_result WHERE id = $1`,
	}},
	All:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM assess_result`,
	Case: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM assess_result WHERE case_id = $1`,

	Holds: []audit.Hold{audit.Column("result", "hash", audit.DefinitionsDir)},
}

// Logged is what the audit log knows of results.
var Logged = []*audit.Kind{loggedResult, loggedLook}

// sealing says which model is asked, and how the answers came about.
type sealing struct {
	Rubric  string `yaml:"rubric"`
	Edition string `yaml:"edition"`
	How     string `yaml:"how"`
}

// modelPin is the kind under which a case pins the edition that it is judged by.
const modelPin = "assessment"

func (a sealing) name() string { return a.Rubric + "/" + a.Edition }

// Definition has a case pin the edition when it is opened.
func (a sealing) Definition() (kind, name string) { return modelPin, a.name() }

// Register adds what workflows of assessments may cause.
func Register(r *casework.Registry, s *Store) {
	r.Define(modelPin, func(name string) (string, []byte, error) {
		model, edition, _ := strings.Cut(name, "/")
		m, err := s.Set.Edition(model, edition)
		if err != nil {
			return "", nil, err
		}
		return m.Hash, m.Bytes(), nil
	})
	casework.RegisterChecked(r, "assess.seal", s.seal, s.wrong)
	casework.Register(r, "assess.look", s.look)
}

// wrong is what of the arguments of a sealing is not there.
func (s *Store) wrong(a sealing) (key string, msg i18n.Msg, ok bool) {
	if a.How != BySelf && a.How != OnSite {
		return "how", i18n.M("content.one_of", a.How, BySelf+", "+OnSite), false
	}
	if _, err := s.Set.Edition(a.Rubric, a.Edition); err == nil {
		return "", i18n.Msg{}, true
	}
	var models, editions []string
	for _, r := range s.Set.Rubrics() {
		if !slices.Contains(models, r.Rubric) {
			models = append(models, r.Rubric)
		}
		if r.Rubric == a.Rubric {
			editions = append(editions, r.Edition)
		}
	}
	if len(editions) == 0 {
		return "rubric", i18n.M("results.no_model", a.Rubric, strings.Join(models, ", ")), false
	}
	return "edition", i18n.M("results.no_edition", a.Rubric, a.Edition, strings.Join(editions, ", ")), false
}

// modelAt is the edition that a case was opened with; that in use for one that was opened before cases pinned it.
func (s *Store) modelAt(ctx context.Context, at *casework.Moment, args sealing) (*assess.Rubric, error) {
	now, missing := s.Set.Edition(args.Rubric, args.Edition)
	src, err := at.Definition(ctx, modelPin, args.name())
	switch {
	case errs.KindOf(err) == errs.KindNotFound:
		return now, missing
	case err != nil:
		return nil, err
	case missing == nil && bytes.Equal(now.Bytes(), src):
		return now, nil
	}
	return s.compiled(args.Rubric, src)
}

// compiled is a model as it was.
func (s *Store) compiled(model string, src []byte) (*assess.Rubric, error) {
	r, problems := assess.Compile(s.Library, model+".yaml", src)
	if len(problems) > 0 {
		return nil, fmt.Errorf("read model %s as it was: %w", model, problems)
	}
	return r, nil
}

const (
	definitionBody   = `SELECT body FROM assess_definition WHERE hash = $1`
	insertDefinition = `INSERT INTO assess_definition (hash, code, body) VALUES ($1, $2, $3)`

	resultColumns = `id, party, model, edition, hash, year, on_day, how, path, score, possible, level, may, missing, case_id, known, at, by_account`
	insertResult  = `INSERT INTO assess_result (` + resultColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`
	resultsOf     = `SELECT ` + resultColumns + ` FROM assess_result WHERE party = $1 ORDER BY year, id`
	resultOfCase  = `SELECT ` + resultColumns + ` FROM assess_result WHERE case_id = $1 ORDER BY id DESC`
	allResults    = `SELECT ` + resultColumns + ` FROM assess_result ORDER BY id`
	resultsOfYear = `SELECT ` + resultColumns + ` FROM assess_result WHERE model = $1 AND edition = $2 AND year = $3 ORDER BY id`
	resultByID    = `SELECT ` + resultColumns + ` FROM assess_result WHERE id = $1`
)

// seal asks the model of what is known and keeps what comes out; that the enterprise was assessed becomes a fact of the year.
func (s *Store) seal(ctx context.Context, tx *store.Tx, at *casework.Moment, args sealing) error {
	r, err := s.modelAt(ctx, at, args)
	if err != nil {
		return err
	}
	if args.How != BySelf && args.How != OnSite {
		return fmt.Errorf("seal a result of %s: how is %q", r.Rubric, args.How)
	}
	year := at.Case().Year(at.Today())
	got, err := r.Decide(assess.At{Subject: at.Subject(), Year: year, On: at.Today()})
	if err != nil {
		return at.Refuse(i18n.M("results.failed", err.Error()))
	}
	if !got.Scored {
		return at.Refuse(i18n.M("results.no_score", r.Title))
	}
	if !anything(r, at.Subject(), got) {
		return at.Refuse(i18n.M("results.nothing_known", r.Title))
	}
	if err := s.Keep(ctx, tx, r); err != nil {
		return err
	}
	x := Sealed{
		Party: at.Case().Enterprise, Model: r.Rubric, Edition: r.Edition, Hash: r.Hash, Year: year, On: at.Today(), How: args.How,
		Score: got.Score.Sure, May: got.Score.Possible, Level: levelID(r, got.Level), MayBe: levelID(r, got.May), Missing: len(got.Missing),
		Case: at.Case().ID, Known: at.View().Seq(), At: s.Clock.Millis(), By: at.Event().Actor,
	}
	if len(r.Paths) > 0 {
		x.Path = r.Paths[got.Path].ID
	}
	if x.ID, err = tx.NextIDs(ctx, 1); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertResult, x.ID, x.Party, x.Model, x.Edition, x.Hash, x.Year, int64(x.On), x.How, x.Path, x.Score.RatString(),
		possible(got), x.Level, x.MayBe, x.Missing, x.Case, x.Known, x.At, x.By)
	if err != nil {
		return fmt.Errorf("keep a result of %s: %w", r.Rubric, err)
	}
	audit.Note(tx, loggedResult, x.ID)
	return at.State(ctx, fact.Statement{
		Subject: x.Party, Def: "ent.assessed", Period: period.OfYear(year), State: fact.Present, Value: fact.Value{Num: 1},
	})
}

// anything says that something is known of what the model asks.
func anything(r *assess.Rubric, of rule.Subject, got *assess.Result) bool {
	return slices.ContainsFunc(r.Facts(), func(def content.FactDef) bool {
		p := period.Period{}
		if def.Period == period.Year {
			p = period.OfYear(got.Year)
		}
		_, state := of.Fact(def, p, got.On)
		return state != rule.Unknown
	})
}

// possible is the points that are possible; "" where there is no end to them.
func possible(got *assess.Result) string {
	if got.Score.Open {
		return ""
	}
	return got.Score.Possible.RatString()
}

func levelID(r *assess.Rubric, i int) string {
	if i < 0 {
		return ""
	}
	return r.Levels[i].ID
}

// Keep pins an edition of a model, once.
func (s *Store) Keep(ctx context.Context, tx *store.Tx, r *assess.Rubric) error {
	var have string
	err := tx.QueryRow(ctx, definitionBody, r.Hash).Scan(&have)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = tx.Exec(ctx, insertDefinition, r.Hash, r.Rubric, string(r.Bytes()))
	}
	if err != nil {
		return fmt.Errorf("keep model %s: %w", r.Rubric, err)
	}
	return nil
}

// Pinned is the model that a result was made by, whatever is in use now.
func (s *Store) Pinned(ctx context.Context, x *Sealed) (*assess.Rubric, error) {
	return s.Kept(ctx, x.Model, x.Edition, x.Hash)
}

// Kept is an edition of a model with a hash that was pinned (Keep), whatever is in use now.
func (s *Store) Kept(ctx context.Context, model, edition, hash string) (*assess.Rubric, error) {
	if r, err := s.Set.Edition(model, edition); err == nil && r.Hash == hash {
		return r, nil
	}
	body, err := Definition(ctx, s.DB.Read(), hash)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != hash {
		return nil, fmt.Errorf("model %s was changed in the database", model)
	}
	return s.compiled(model, body)
}

// Of is the sealed results of an enterprise that the view shows, by year and as they were sealed.
func (s *Store) Of(ctx context.Context, view fact.View, enterprise int64) ([]Sealed, error) {
	e, ok := view.Enterprise(enterprise)
	if !ok || !view.Can(access.ReadFact, e.ID) {
		return nil, errs.NotFound("enterprise", enterprise)
	}
	var out []Sealed
	for _, id := range append([]int64{e.ID}, e.Merged...) {
		some, err := s.read(ctx, resultsOf, id)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	slices.SortStableFunc(out, func(a, b Sealed) int { return cmp.Or(cmp.Compare(a.Year, b.Year), cmp.Compare(a.ID, b.ID)) })
	if view.Can(access.ReadSensitive, e.ID) {
		return out, nil
	}
	return slices.DeleteFunc(out, func(x Sealed) bool { // what a model makes of sensitive facts is as sensitive
		r, err := s.Pinned(ctx, &x)
		return err != nil || slices.ContainsFunc(r.Facts(), content.FactDef.Sensitive)
	}), nil
}

// on is the day of asking about a year: today, or the last day of a year that is over, by whose map its figures are told.
func (s *Store) on(year int) period.Day { return min(s.Clock.Today(), period.Date(year, 12, 31)) }

// All is every sealed result, in the order of sealing: for who verifies them all.
func (s *Store) All(ctx context.Context) ([]Sealed, error) { return s.read(ctx, allResults) }

// OfYear is what was sealed by an edition of a model of a year, in the order of sealing. Who may see it is the caller's.
func (s *Store) OfYear(ctx context.Context, q store.Querier, model, edition string, year int) ([]Sealed, error) {
	return readResults(ctx, q, resultsOfYear, model, edition, year)
}

// OfCase is the results that a case sealed, the last first. Who may see the case is the caller's.
func (s *Store) OfCase(ctx context.Context, id int64) ([]Sealed, error) {
	return s.read(ctx, resultOfCase, id)
}

// Sealed is one sealed result of an enterprise that the view shows, with its place among all of them.
func (s *Store) Sealed(ctx context.Context, view fact.View, enterprise, id int64) (all []Sealed, i int, err error) {
	if all, err = s.Of(ctx, view, enterprise); err != nil {
		return nil, 0, err
	}
	if i = slices.IndexFunc(all, func(x Sealed) bool { return x.ID == id }); i < 0 {
		return nil, 0, errs.NotFound("result", id)
	}
	return all, i, nil
}

func (s *Store) read(ctx context.Context, query string, args ...any) ([]Sealed, error) {
	return readResults(ctx, s.DB.Read(), query, args...)
}

func readResults(ctx context.Context, q store.Querier, query string, args ...any) ([]Sealed, error) {
	return store.List(ctx, q, func(rows *store.Rows) (x Sealed, err error) {
		var on int64
		var score, may string
		err = rows.Scan(&x.ID, &x.Party, &x.Model, &x.Edition, &x.Hash, &x.Year, &on, &x.How, &x.Path, &score, &may, &x.Level, &x.MayBe,
			&x.Missing, &x.Case, &x.Known, &x.At, &x.By)
		x.On, x.Score, x.May = period.Day(on), fraction(score), fraction(may)
		return x, err
	}, query, args...)
}

func fraction(s string) *big.Rat {
	if r, ok := new(big.Rat).SetString(s); ok {
		return r
	}
	return nil
}

// Verify makes a sealed result anew, by its own model and from what was known then, and says in what it differs; nil where it does not.
func (s *Store) Verify(ctx context.Context, id int64) ([]assess.Difference, error) {
	all, err := s.read(ctx, resultByID, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errs.NotFound("result", id)
	}
	x := &all[0]
	r, err := s.Pinned(ctx, x)
	if err != nil {
		return nil, err
	}
	view, err := s.Frames.For(ctx, access.SystemScope(), x.Known)
	if err != nil {
		return nil, err
	}
	subject, ok := s.Subjects.Subject(view, x.Party)
	if !ok {
		return nil, errs.NotFound("enterprise", x.Party)
	}
	got, err := r.Decide(assess.At{Subject: subject, Year: x.Year, On: x.On})
	if err != nil {
		return nil, err
	}
	return x.differs(r, got), nil
}

// Now is what a model makes of an enterprise from what the view shows of it: what is withheld from the reader is not known.
func (s *Store) Now(view fact.View, r *assess.Rubric, enterprise int64, year int) (*assess.Result, rule.Subject, error) {
	subject, ok := s.Subjects.Subject(view, enterprise)
	if !ok || !view.Can(access.ReadFact, enterprise) {
		return nil, nil, errs.NotFound("enterprise", enterprise)
	}
	got, err := r.Decide(assess.At{Subject: subject, Year: year, On: s.on(year)})
	return got, subject, err
}
