package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Limits of a submission. What is larger goes in as a file.
const (
	submissionLimit = 8 << 20 // bytes
	submittedRows   = 20_000
	submittedFacts  = 100 // different definitions
)

type submitIn struct {
	Body submission
}

// submission is statements of one sender. It takes the way of a file (preview, commit, undo), as a table whose columns
// are named by the codes of the definitions: so one way leads in, and what holds for a file holds for it.
type submission struct {
	Name      string   `json:"name" minLength:"1" maxLength:"300" example:"统计月报接口 2023" doc:"来源的名称 · what the source is called"`
	Sender    string   `json:"sender" minLength:"1" maxLength:"300" example:"市统计局"`
	Authority string   `json:"authority" maxLength:"64" example:"statistics"`
	Area      string   `json:"area" maxLength:"64" example:"320900"`
	Rows      []stated `json:"rows" minItems:"1" maxItems:"20000" nullable:"false"`
}

// stated is what is said about one enterprise in one period, and about one project, loan, lease or title of it.
type stated struct {
	USCC     string       `json:"uscc,omitempty" maxLength:"40" example:"91320281142225264B"`
	Name     string       `json:"name,omitempty" maxLength:"300" example:"盐城亭湖甲机械有限公司"`
	Area     string       `json:"area,omitempty" maxLength:"64" example:"320902"`
	Industry string       `json:"industry,omitempty" maxLength:"16" example:"3412"`
	Period   string       `json:"period,omitempty" maxLength:"20" example:"2023"`
	Facts    statedValues `json:"facts"`
}

// statedValues are values by the codes of their definitions.
type statedValues map[string]json.RawMessage

// Schema leaves the values to tableOf: huma takes the dot of a code for a step of a path, and would tell a wrong place.
func (statedValues) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true, MinProperties: ptr(1), MaxProperties: ptr(submittedFacts),
		Description: text("api.facts_of_row"), Examples: []any{map[string]any{"ent.revenue": "1.25亿元", "ent.employees": 215}},
	}
}

func (s *server) submit(ctx context.Context, c *caller, in *submitIn) (*createdBatch, error) {
	table, err := s.tableOf(c, in.Body)
	if err != nil {
		return nil, err
	}
	about := About{Sender: in.Body.Sender, Authority: in.Body.Authority, Area: in.Body.Area}
	return s.receive(ctx, c, about, intake.Upload{Name: in.Body.Name + ".csv", Body: table})
}

// tableOf is a submission as a table. Every value that is none of its definition is told, with its place.
func (s *server) tableOf(c *caller, in submission) (io.Reader, error) {
	var codes []string
	seen := map[string]bool{}
	for _, row := range in.Rows {
		for _, code := range slices.Sorted(maps.Keys(row.Facts)) {
			if !seen[code] {
				seen[code] = true
				codes = append(codes, code)
			}
		}
	}
	if len(codes) > submittedFacts {
		return nil, s.wrongBody(c, "/rows", i18n.M("api.too_many_facts", submittedFacts))
	}
	var (
		wrong []fault
		buf   bytes.Buffer
		out   = csv.NewWriter(&buf)
	)
	head := []string{"party.uscc", "party.name", "party.area", "party.industry", "row.period"}
	for _, code := range codes {
		if def, ok := s.Library.FactDef(code); ok && def.Type == content.Money {
			code += "（元）"
		}
		head = append(head, code)
	}
	if err := out.Write(head); err != nil {
		return nil, err
	}
	for i, row := range in.Rows {
		cells := []string{row.USCC, row.Name, row.Area, row.Industry, row.Period}
		at := "/rows/" + strconv.Itoa(i)
		if row.USCC == "" && row.Name == "" {
			wrong = append(wrong, faultAt(c.t, at, i18n.M("api.row_of_nobody")))
		}
		if _, err := period.Parse(row.Period); row.Period != "" && err != nil {
			wrong = append(wrong, faultAt(c.t, at+"/period", i18n.M("api.bad_period", row.Period)))
		}
		for _, code := range codes {
			text, msg := s.cellText(code, row.Facts[code])
			if !msg.IsZero() {
				wrong = append(wrong, fault{Pointer: at + "/facts/" + code, Detail: c.t.Msg(msg), Got: cut(string(row.Facts[code]))})
			}
			cells = append(cells, text)
		}
		if err := out.Write(cells); err != nil {
			return nil, err
		}
		if len(wrong) >= toldFaults {
			break
		}
	}
	if len(wrong) > 0 {
		p := newProblem(c.t, http.StatusUnprocessableEntity, c.t.S("api.invalid", len(wrong)))
		p.Errors = wrong
		return nil, p
	}
	out.Flush()
	return &buf, out.Error()
}

// toldFaults is how many faults of a body are told at once.
const toldFaults = 100

// cellText is a value as a cell of a table says it: nothing for one that is not there, 无 for null.
func (s *server) cellText(code string, raw json.RawMessage) (string, i18n.Msg) {
	def, ok := s.Library.FactDef(code)
	switch {
	case !ok:
		return "", i18n.M("api.no_definition", code)
	case len(raw) == 0:
		return "", i18n.Msg{}
	case string(raw) == "null":
		return "无", i18n.Msg{}
	}
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return "", i18n.M("api.wrong_value", def.Name, wanted(def))
	}
	text, ok := "", false
	switch v := v.(type) {
	case bool:
		text, ok = map[bool]string{true: "是", false: "否"}[v], def.Type == content.Bool
	case json.Number:
		whole := !strings.ContainsAny(v.String(), ".eE")
		text, ok = v.String(), whole && (def.Type == content.Money || def.Type == content.Int) || def.Type == content.Decimal && !strings.ContainsAny(v.String(), "eE")
	case string:
		text, ok = v, def.Type != content.Bool && def.Type != content.Int
	}
	if ok && !def.Type.IsText() && def.Type != content.Bool {
		value, err := rule.ParseValue(rule.TypeOf(def.Type), text)
		if text = fmt.Sprint(value); err != nil {
			ok = false
		}
	}
	if !ok || len(text) > 4000 {
		return "", i18n.M("api.wrong_value", def.Name, wanted(def))
	}
	return text, i18n.Msg{}
}

// wanted says how a value of a definition is written.
func wanted(def content.FactDef) i18n.Text { return both(i18n.M("api.want_" + string(def.Type))) }
