package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// operation is something that can be asked for. What it is called in the description follows from its id: the texts
// api.op_<id>.
type operation struct {
	id, tag      string
	method, path string // below Prefix
	need         access.Need
	status       int      // of a success; 0 is 200
	body         int64    // bytes that its body may have; 0 is bodyLimit
	once         bool     // it creates something: it takes an Idempotency-Key
	keyed        bool     // as once, but what it acts on knows by itself what was done under a key, and does not forget it
	upload       string   // media type of a body that is a file, read as it comes
	facts        bool     // its body is read by the rules' own reader of facts, with line and column
	streams      []string // media types, where it answers with something else than JSON
	later        bool     // it may answer 202, in the same form, while the work goes on: the same is asked again
}

// bodyLimit is the largest body of most operations, in bytes.
const bodyLimit = 1 << 20

// matches says that a path below Prefix is one of the operation's.
func (op operation) matches(path string) bool {
	want, got := strings.Split(op.path, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i] != got[i] && (!strings.HasPrefix(want[i], "{") || got[i] == "") {
			return false
		}
	}
	return true
}

// caller is one request's asker: who, in which language, with what rights.
type caller struct {
	t       i18n.T
	account access.Account // its zero value is the public
	token   access.Token
	scope   access.Scope
	reads   *consent.Visit
}

type callerKey struct{}

func callerOf(ctx context.Context) *caller {
	c, _ := ctx.Value(callerKey{}).(*caller)
	if c == nil {
		return &caller{t: i18n.T{Lang: i18n.ZH}}
	}
	return c
}

// languageOf is the language that a program asks for; Chinese until it does.
func languageOf(accept string) i18n.T {
	best, quality := i18n.ZH, 0.0
	for part := range strings.SplitSeq(accept, ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		tag = strings.ToLower(strings.TrimSpace(tag))
		if !strings.HasPrefix(tag, "zh") && !strings.HasPrefix(tag, "en") {
			continue
		}
		q := 1.0
		if value, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			if n, err := strconv.ParseFloat(value, 64); err == nil {
				q = n
			}
		}
		if q > quality {
			best, quality = i18n.Parse(tag), q
		}
	}
	return i18n.T{Lang: best}
}

// handle registers an operation. do is run once the asker may at all do such a thing and what came in is well-formed.
func handle[I, O any](s *server, op operation, do func(ctx context.Context, c *caller, in *I) (*O, error)) {
	s.ops = append(s.ops, op)
	h := huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path, DefaultStatus: op.status,
		Summary: text("api.op_" + op.id), Tags: []string{op.tag}, MaxBodyBytes: bodyLimit + 1,
		Responses: map[string]*huma.Response{"default": s.problemResponse()},
	}
	if op.body > 0 {
		h.MaxBodyBytes = op.body + 1 // huma refuses a body of as many
	}
	if !op.need.Public {
		h.Security = []map[string][]string{{tokenScheme: {}}}
	}
	if help := "api.help_" + op.id; (i18n.T{Lang: i18n.ZH}).S(help) != help {
		h.Description = text(help)
	}
	if op.once || op.keyed {
		h.Parameters = append(h.Parameters, &huma.Param{
			Name: idempotencyHeader, In: "header", Description: text("api.idempotency_key"), Example: "3f2b7c1e-9d4a",
			Schema: &huma.Schema{Type: huma.TypeString, MaxLength: ptr(keyLimit)},
		})
	}
	if op.once {
		h.Middlewares = huma.Middlewares{s.onlyOnce}
	}
	h.BodyReadTimeout = time.Minute
	op.describe(&h)
	huma.Register(s.api, h, func(ctx context.Context, in *I) (*O, error) {
		c := callerOf(ctx)
		out, err := do(ctx, c, in)
		if failed := c.reads.Record(ctx, apiPlace(op.id)); failed != nil {
			return nil, s.problemOf(c.t, failed)
		}
		if has := (unchanged{}); errors.As(err, &has) {
			return nil, has
		}
		if err != nil {
			return nil, s.problemOf(c.t, err)
		}
		return out, nil
	})
	if op.later {
		done := h.Responses["200"]
		h.Responses["202"] = &huma.Response{Description: text("api.later"), Content: done.Content, Headers: done.Headers}
	}
}

func ptr[T any](v T) *T { return &v }

// describe adds to the description what huma cannot read off the types.
func (op operation) describe(h *huma.Operation) {
	if op.upload != "" {
		h.RequestBody = &huma.RequestBody{Required: true, Description: text("api.upload_body"), Content: map[string]*huma.MediaType{
			op.upload: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		}}
	}
	if op.facts {
		h.SkipValidateBody = true
		h.RequestBody = &huma.RequestBody{Required: true, Description: text("api.facts_body"), Content: map[string]*huma.MediaType{
			"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}},
		}}
	}
	if len(op.streams) > 0 {
		r := &huma.Response{Description: text("api.stream"), Content: map[string]*huma.MediaType{}}
		for _, kind := range op.streams {
			r.Content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
		}
		h.Responses["200"] = r
	}
}

// enter settles who is asking and whether they may ask for such a thing at all, before anything that came in is read.
func (s *server) enter(ctx huma.Context, next func(huma.Context)) {
	c := &caller{t: languageOf(ctx.Header("Accept-Language"))}
	ctx = huma.WithValue(ctx, callerKey{}, c)
	r, w := humago.Unwrap(ctx)
	if err := s.identify(r, w, c, ctx.Operation().OperationID); err != nil {
		s.writeProblem(w, r, s.problemOf(c.t, err))
		return
	}
	defer func() { // what a stream has read after it had begun
		if err := c.reads.Record(ctx.Context(), apiPlace(ctx.Operation().OperationID)); err != nil {
			s.breakOff(ctx, "readings", err)
		}
	}()
	next(ctx)
}

// apiPlace is where something was read, as its owner is told.
func apiPlace(operation string) string { return "api " + operation }

func (s *server) identify(r *http.Request, w http.ResponseWriter, c *caller, id string) error {
	secret, given := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	op := s.operation(id)
	if !given && !op.need.Public {
		w.Header().Set("WWW-Authenticate", `Bearer realm="yanzhen"`)
		return errNoToken
	}
	subject := "address " + hostOf(r)
	if given {
		token, account, err := s.Access.ByToken(r.Context(), strings.TrimSpace(secret))
		if errs.KindOf(err) == errs.KindNotFound {
			w.Header().Set("WWW-Authenticate", `Bearer realm="yanzhen", error="invalid_token"`)
			s.Log.Warn("token refused", "from", hostOf(r), "operation", id)
			return errBadToken
		}
		if err != nil {
			return err
		}
		lacks, err := s.Access.Lacks(r.Context(), account)
		if err != nil {
			return err
		}
		if lacks { // like on its pages, where nothing works before it has one
			return errNoFactor
		}
		c.account, c.token = account, token
		if c.scope, c.reads, err = s.scopeOf(r.Context(), account, token); err != nil {
			return err
		}
		subject = "token " + strconv.FormatInt(token.ID, 10)
	}
	if wait := s.limits.Take(subject, s.Clock()); wait > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
		return errTooMany
	}
	if !op.need.Public && !op.need.MetBy(c.scope) {
		s.Log.Warn("refused", "account", c.account, "token", c.token, "operation", id, "from", hostOf(r))
		return errs.Forbidden(string(op.need.Action))
	}
	return nil
}

// scopeOf is what a token may do: what its account may, narrowed to the token's actions and area.
func (s *server) scopeOf(ctx context.Context, a access.Account, t access.Token) (access.Scope, *consent.Visit, error) {
	var areas []string
	if t.Area != "" {
		areas = s.Library.Areas().Below(t.Area)
	}
	scope, reads, err := s.Consent.Enter(ctx, a)
	return scope.Narrow(t.Actions, areas), reads, err
}

func (s *server) operation(id string) operation {
	for _, op := range s.ops {
		if op.id == id {
			return op
		}
	}
	return operation{}
}

// hostOf is the address that a request came from.
func hostOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
