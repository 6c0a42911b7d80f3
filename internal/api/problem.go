package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// problem is an error as RFC 9457 writes it.
type problem struct {
	Type   string  `json:"type" doc:"urn:yanzhen:problem:KIND" example:"urn:yanzhen:problem:invalid"`
	Title  string  `json:"title" doc:"the kind of problem, in the language asked for" example:"内容有误"`
	Status int     `json:"status" example:"422"`
	Detail string  `json:"detail" doc:"what happened to what, and what to do" example:"有 1 处需要修改，见 errors。"`
	ID     string  `json:"id,omitempty" doc:"stands in the server's log, where the fault is the server's" example:"K7QWZ2M4XB3A"`
	Errors []fault `json:"errors,omitempty" doc:"every place that is wrong"`
}

// fault is one place that is wrong.
type fault struct {
	Pointer   string `json:"pointer,omitempty" doc:"JSON pointer into the body" example:"/rows/0/period"`
	Parameter string `json:"parameter,omitempty" doc:"parameter of the query, the path or a header" example:"limit"`
	File      string `json:"file,omitempty" doc:"where several files came in" example:"policy.yaml"`
	Line      int    `json:"line,omitempty" doc:"of the body, where it is read as a file" example:"4"`
	Column    int    `json:"column,omitempty" example:"17"`
	Detail    string `json:"detail" doc:"what was wrong, what was expected, how to mend it" example:"应为不小于 1 的数。"`
	Got       string `json:"got,omitempty" doc:"what came in, cut short" example:"0"`
}

// Error and GetStatus make a problem what huma answers errors with.
func (p *problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *problem) GetStatus() int { return p.Status }

// ContentType is that of a problem.
func (p *problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// Errors of the API itself.
var (
	errNoToken  = errors.New("no token")
	errBadToken = errors.New("no such token")
	errTooMany  = errors.New("too many requests")
	errNoFactor = &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("api.no_factor")}
)

// problemOf puts an error into the words of a language. What is our fault gets an id that stands in the log.
func (s *server) problemOf(t i18n.T, err error) *problem {
	var (
		ready    *problem
		problems content.Problems
		call     subsidy.CallProblems
		tooBig   *http.MaxBytesError
	)
	status := errs.KindOf(err).Status()
	switch {
	case errors.As(err, &ready):
		return ready
	case errors.Is(err, errNoToken):
		return newProblem(t, http.StatusUnauthorized, t.S("api.no_token"))
	case errors.Is(err, errBadToken):
		return newProblem(t, http.StatusUnauthorized, t.S("api.bad_token"))
	case errors.Is(err, errTooMany):
		return newProblem(t, http.StatusTooManyRequests, t.S("api.too_many", s.Rate))
	case errors.As(err, &tooBig):
		return newProblem(t, http.StatusRequestEntityTooLarge, t.S("api.body_too_big", tooBig.Limit))
	case errors.As(err, &problems):
		p := newProblem(t, http.StatusUnprocessableEntity, t.S("api.invalid", len(problems)))
		p.Errors = faultsOf(t, problems)
		return p
	case errors.As(err, &call):
		p := newProblem(t, http.StatusUnprocessableEntity, t.S("api.invalid", len(call)))
		for _, x := range call {
			p.Errors = append(p.Errors, faultAt(t, "/"+x.Field, x.Msg))
		}
		return p
	}
	if msg, ok := errs.Message(err); ok {
		return newProblem(t, status, t.Msg(msg))
	}
	p := newProblem(t, http.StatusInternalServerError, t.S("api.our_fault"))
	p.ID = newProblemID()
	s.Log.Error("request failed", "id", p.ID, "error", err)
	return p
}

// kinds of problems, by status.
var kinds = map[int]string{
	http.StatusBadRequest: "malformed", http.StatusUnauthorized: "no-token", http.StatusForbidden: "forbidden",
	http.StatusNotFound: "not-found", http.StatusMethodNotAllowed: "wrong-method", http.StatusNotAcceptable: "not-acceptable",
	http.StatusRequestTimeout: "too-slow", http.StatusConflict: "conflict", http.StatusRequestEntityTooLarge: "too-large",
	http.StatusUnsupportedMediaType: "wrong-type", http.StatusUnprocessableEntity: "invalid",
	http.StatusTooManyRequests: "too-many-requests", http.StatusServiceUnavailable: "unavailable",
}

func newProblem(t i18n.T, status int, detail string) *problem {
	kind, ok := kinds[status]
	if !ok {
		kind, status = "internal", http.StatusInternalServerError
	}
	return &problem{Type: "urn:yanzhen:problem:" + kind, Title: t.S("api.status_" + strconv.Itoa(status)), Status: status, Detail: detail}
}

// invalid is a problem with one parameter of the query.
func invalid(t i18n.T, parameter, got string, msg i18n.Msg) error {
	p := newProblem(t, http.StatusUnprocessableEntity, t.S("api.invalid", 1))
	p.Errors = []fault{{Parameter: parameter, Detail: t.Msg(msg), Got: cut(got)}}
	return p
}

// faultAt is a problem with one place of the body.
func faultAt(t i18n.T, pointer string, msg i18n.Msg) fault {
	return fault{Pointer: pointer, Detail: t.Msg(msg)}
}

// formFaults is all that is wrong with what was entered in a form, each at its place in the body: among answers, or where texts came
// instead of them, among these. Files are no part of the body: what is wrong with them names what they prove.
func formFaults(t i18n.T, entry []byte, wrong form.Problems) error {
	var sent struct {
		Answers json.RawMessage            `json:"answers"`
		Rows    map[string]json.RawMessage `json:"rows"`
	}
	typed := json.Unmarshal(entry, &sent) == nil && sent.Answers == nil
	p := newProblem(t, http.StatusUnprocessableEntity, t.S("api.invalid", len(wrong)))
	for _, x := range wrong {
		at := ""
		_, list := sent.Rows[x.Field]
		switch {
		case x.Path == form.EvidencePath(x.Field):
		case !typed:
			at = "/entry/answers" + pointer(x.Path)
		case list || strings.Contains(x.Path, "."):
			at = "/entry/rows" + pointer(x.Path)
		default:
			at = "/entry/texts" + pointer(x.Path)
		}
		p.Errors = append(p.Errors, faultAt(t, at, i18n.M("api.in_form", x.Where, x.Msg)))
	}
	return p
}

// gotLimit is how much of what came in is sent back, in characters.
const gotLimit = 60

func cut(s string) string {
	if r := []rune(s); len(r) > gotLimit {
		return string(r[:gotLimit]) + "…"
	}
	return s
}

// writeProblem answers where huma does not.
func (s *server) writeProblem(w http.ResponseWriter, r *http.Request, p *problem) {
	w.Header().Set("Content-Type", problemType)
	w.Header().Set("Content-Language", string(languageOf(r.Header.Get("Accept-Language")).Lang))
	w.WriteHeader(p.Status)
	if err := json.NewEncoder(w).Encode(p); err != nil {
		s.Log.Debug("problem not sent", "error", err)
	}
}

// translate makes huma's own errors problems in the reader's language.
func (s *server) translate(ctx huma.Context, _ string, v any) (any, error) {
	t := callerOf(ctx.Context()).t
	if _, ok := v.(*problem); ok {
		ctx.SetHeader("Content-Language", string(t.Lang))
	}
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	ctx.SetHeader("Content-Language", string(t.Lang))
	p := newProblem(t, m.Status, "")
	switch {
	case len(m.Errors) > 0:
		p.Detail = t.S("api.invalid", len(m.Errors))
	case m.Status == http.StatusRequestEntityTooLarge:
		p.Detail = t.S("api.body_too_big", ctx.Operation().MaxBodyBytes-1)
	case m.Status == http.StatusBadRequest:
		p.Detail = t.S("api.no_body")
	case m.Status == http.StatusInternalServerError:
		p.Detail, p.ID = t.S("api.our_fault"), newProblemID()
		s.Log.Error("request failed", "id", p.ID, "operation", ctx.Operation().OperationID, "error", m.Detail)
	default:
		p.Detail = p.Title
	}
	for _, e := range m.Errors {
		p.Errors = append(p.Errors, faultOf(t, e))
	}
	return p, nil
}

// faultOf translates what huma found.
func faultOf(t i18n.T, e *huma.ErrorDetail) fault {
	f := fault{Detail: translated(t, e.Message)}
	where, rest, _ := strings.Cut(e.Location, ".")
	switch where {
	case "body":
		f.Pointer = pointer(rest)
	case "query", "path", "header":
		f.Parameter = rest
	default:
		if strings.HasPrefix(e.Location, "body[") {
			f.Pointer = pointer(strings.TrimPrefix(e.Location, "body"))
		}
	}
	switch v := e.Value.(type) {
	case nil, map[string]any, []any:
	case string:
		f.Got = cut(v)
	default:
		f.Got = cut(fmt.Sprint(v))
	}
	return f
}

// pointer is huma's path of keys as a JSON pointer: rows[3].period is /rows/3/period.
func pointer(path string) string {
	if path == "" {
		return ""
	}
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	var b strings.Builder
	for _, key := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		b.WriteString("/" + escape.Replace(key))
	}
	return b.String()
}

// sayings are what huma may say of a value, and the texts that stand for it; %v in a saying is an argument of the text.
var sayings = compile([][2]string{
	{validation.MsgUnexpectedProperty, "api.unexpected_property"},
	{"unknown query parameter", "api.unknown_parameter"},
	{"required %v parameter is missing", "api.missing_parameter"},
	{validation.MsgExpectedRequiredProperty, "api.missing_property"},
	{validation.MsgExpectedBoolean, "api.want_boolean"},
	{"invalid boolean", "api.want_boolean"},
	{validation.MsgExpectedNumber, "api.want_number"},
	{"invalid float%v", "api.want_number"},
	{validation.MsgExpectedInteger, "api.want_integer"},
	{"invalid integer", "api.want_integer"},
	{validation.MsgExpectedString, "api.want_string"},
	{validation.MsgExpectedArray, "api.want_array"},
	{validation.MsgExpectedObject, "api.want_object"},
	{validation.MsgExpectedArrayItemsUnique, "api.want_unique"},
	{validation.MsgExpectedOneOf, "api.want_one_of"},
	{validation.MsgExpectedMinimumNumber, "api.want_min"},
	{validation.MsgExpectedMaximumNumber, "api.want_max"},
	{validation.MsgExpectedMinLength, "api.want_min_length"},
	{validation.MsgExpectedMaxLength, "api.want_max_length"},
	{validation.MsgExpectedMatchPattern, "api.want_pattern"},
	{validation.MsgExpectedBePattern, "api.want_pattern"},
	{validation.MsgExpectedMinItems, "api.want_min_items"},
	{validation.MsgExpectedMaxItems, "api.want_max_items"},
	{validation.MsgExpectedMinProperties, "api.want_min_properties"},
	{validation.MsgExpectedMaxProperties, "api.want_max_properties"},
	{"unknown content type: %v", "api.want_json"},
})

type saying struct {
	pattern *regexp.Regexp
	key     string
}

func compile(pairs [][2]string) []saying {
	hole := regexp.MustCompile(`%[vds]`)
	var all []saying
	for _, p := range pairs {
		all = append(all, saying{regexp.MustCompile("^" + hole.ReplaceAllString(regexp.QuoteMeta(p[0]), "(.*)") + "$"), p[1]})
	}
	return all
}

func translated(t i18n.T, message string) string {
	for _, s := range sayings {
		m := s.pattern.FindStringSubmatch(message)
		if m == nil {
			continue
		}
		args := make([]any, len(m)-1)
		for i, a := range m[1:] {
			args[i] = a
		}
		return t.S(s.key, args...)
	}
	return t.S("api.not_json", message)
}

// problemResponse is how any operation may fail, for the description.
func (s *server) problemResponse() *huma.Response {
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[problem](), true, "Problem")
	return &huma.Response{Description: text("api.problem"), Content: map[string]*huma.MediaType{problemType: {Schema: schema}}}
}

// tidyDescription takes out of the description the form of errors that huma would use, had it the last word.
func (s *server) tidyDescription() {
	schemas := s.api.OpenAPI().Components.Schemas.Map()
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
}
