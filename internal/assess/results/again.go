package results

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// LoggedResult is the kind under which a sealed result stands in the audit log.
var LoggedResult = loggedResult

// Definition is the bytes of a model that a result was sealed by, by their hash.
func Definition(ctx context.Context, q store.Querier, hash string) ([]byte, error) {
	var body string
	err := q.QueryRow(ctx, definitionBody, hash).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errs.NotFound("rubric", hash)
	}
	if err != nil {
		return nil, fmt.Errorf("read model %s: %w", hash, err)
	}
	return []byte(body), nil
}

// Told is a sealed result as its leaf in the audit log tells it.
type Told struct{ Sealed }

// ReadTold reads the parts of a leaf of LoggedResult.
func ReadTold(parts map[string]json.RawMessage) (Told, error) {
	var rows []struct {
		ID       int64  `json:"id"`
		Party    int64  `json:"party"`
		Model    string `json:"model"`
		Edition  string `json:"edition"`
		Hash     string `json:"hash"`
		Year     int    `json:"year"`
		On       int64  `json:"on_day"`
		Score    string `json:"score"`
		Possible string `json:"possible"`
		Level    string `json:"level"`
		May      string `json:"may"`
		Case     int64  `json:"case_id"`
		Known    int64  `json:"known"`
	}
	if err := json.Unmarshal(parts["result"], &rows); err != nil || len(rows) != 1 {
		return Told{}, fmt.Errorf("read a sealed result: %d rows, %w", len(rows), err)
	}
	x := rows[0]
	return Told{Sealed{
		ID: x.ID, Party: x.Party, Model: x.Model, Edition: x.Edition, Hash: x.Hash, Year: x.Year, On: period.Day(x.On),
		Score: fraction(x.Score), May: fraction(x.Possible), Level: x.Level, MayBe: x.May, Case: x.Case, Known: x.Known,
	}}, nil
}

// Frozen is what an event kept of what it read, as its leaf in the audit log tells it; ok is false where it is another event than the one
// that sealed the result, or kept nothing.
func (x Told) Frozen(parts map[string]json.RawMessage) (facts json.RawMessage, ok bool) {
	var events []struct {
		Case  int64 `json:"case_id"`
		Known int64 `json:"known"`
	}
	var rows []json.RawMessage
	if json.Unmarshal(parts["event"], &events) != nil || json.Unmarshal(parts["facts"], &rows) != nil || len(events) != 1 {
		return nil, false
	}
	return parts["facts"], len(rows) > 0 && events[0].Case == x.Case && events[0].Known == x.Known
}

// Again makes a sealed result anew, by the bytes of its model and from what its event has frozen, and says in what it differs.
func (x Told) Again(lib *content.Library, model []byte, facts json.RawMessage) ([]assess.Difference, error) {
	r, problems := assess.Compile(lib, x.Model+".yaml", model)
	if len(problems) > 0 {
		return nil, fmt.Errorf("read model %s as it was: %w", x.Model, problems)
	}
	if r.Hash != x.Hash {
		return nil, fmt.Errorf("model %s has another hash than the result", x.Model)
	}
	subject, err := thawed(x.Party, facts)
	if err != nil {
		return nil, err
	}
	got, err := r.Decide(assess.At{Subject: subject, Year: x.Year, On: x.On})
	if err != nil {
		return nil, err
	}
	return x.differs(r, got), nil
}

// differs is in what a result that was made anew is not as it was sealed.
func (x *Sealed) differs(r *assess.Rubric, got *assess.Result) (out []assess.Difference) {
	differ := func(what, kept, now string) {
		if kept != now {
			out = append(out, assess.Difference{What: what, Want: kept, Got: now})
		}
	}
	if !got.Scored {
		return []assess.Difference{{What: "score", Want: x.Score.RatString(), Got: "no score"}}
	}
	differ("score", x.Score.RatString(), got.Score.Sure.RatString())
	kept := ""
	if x.May != nil {
		kept = x.May.RatString()
	}
	differ("possible", kept, possible(got))
	differ("level", x.Level, levelID(r, got.Level))
	differ("possible level", x.MayBe, levelID(r, got.May))
	return out
}

// ice is an enterprise of which nothing is known but what an event has frozen.
type ice struct {
	id    int64
	facts map[iceKey]iceFact
}

type iceKey struct{ def, period string }

type iceFact struct {
	Subject int64  `json:"subject"`
	Def     string `json:"def"`
	Period  string `json:"period"`
	State   int64  `json:"state"`
	Num     int64  `json:"num"`
	Text    string `json:"text"`
}

// thawed is the enterprise as an event has frozen it: the subject that most of the facts are about, who may have been merged since.
func thawed(party int64, facts json.RawMessage) (rule.Subject, error) {
	var rows []iceFact
	if err := json.Unmarshal(facts, &rows); err != nil {
		return nil, fmt.Errorf("read what was frozen: %w", err)
	}
	out := ice{party, map[iceKey]iceFact{}}
	if !slices.ContainsFunc(rows, func(f iceFact) bool { return f.Subject == party }) && len(rows) > 0 {
		out.id = rows[0].Subject
	}
	for _, f := range rows {
		if f.Subject == out.id {
			out.facts[iceKey{f.Def, f.Period}] = f
		}
	}
	return out, nil
}

func (s ice) Kind() string                   { return content.Enterprise }
func (s ice) ID() string                     { return strconv.FormatInt(s.id, 10) }
func (s ice) Name() string                   { return "" }
func (s ice) Parent() rule.Subject           { return nil }
func (s ice) Children(string) []rule.Subject { return nil }

func (s ice) Fact(def content.FactDef, p period.Period, _ period.Day) (rule.Value, rule.State) {
	f, ok := s.facts[iceKey{def.Code, p.String()}]
	switch {
	case !ok:
	case fact.State(f.State) == fact.Present:
		return rule.FactValue(def.Type, f.Num, f.Text), rule.Present
	case fact.State(f.State) == fact.None:
		return rule.Value{}, rule.None
	}
	return rule.Value{}, rule.Unknown
}
