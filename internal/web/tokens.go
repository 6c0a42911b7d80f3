package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// tokensData is the page: the form for the next token, and those that there are.
type tokensData struct {
	Form    tokenForm
	Actions []access.Action // that the visitor may do
	Areas   []option
	Rows    []tokenRow
	Secret  string // of the token just made, shown once
	Done    bool   // one was taken back
	Factor  bool   // the visitor has a second factor
}

type tokenForm struct {
	Name, Area string
	Days       int
	Actions    []access.Action
	Problem    string
}

// tokenRow is a token in words.
type tokenRow struct {
	access.Token
	Rights, AreaName, Created, Expires, Used string
	Live                                     bool
}

// tokenDays is what the form offers.
var tokenDays = []int{1, 30, 90, 366}

// readingActions are what the form begins with: a token that looks and changes nothing.
var readingActions = []access.Action{access.ReadParty, access.ReadFact, access.ReadSensitive, access.Export}

func (s *server) tokens(w http.ResponseWriter, r *http.Request, v *visit) error {
	d := tokensData{Form: tokenForm{Days: 90, Actions: readingActions}, Done: r.FormValue("done") == "1"}
	return s.showTokens(w, r, v, http.StatusOK, d)
}

func (s *server) showTokens(w http.ResponseWriter, r *http.Request, v *visit, status int, d tokensData) error {
	for _, a := range access.Actions() {
		if v.scope.Can(a) {
			d.Actions = append(d.Actions, a)
		}
	}
	d.Areas, d.Factor = s.areaOptions(v.scope), v.account.Factor()
	list, err := s.Access.Tokens(r.Context(), v.scope)
	if err != nil {
		return err
	}
	for _, t := range list {
		row := tokenRow{
			Token: t, Rights: actionsText(v.t, t.Actions), AreaName: v.t.S("tokens.everywhere"), Created: instant(t.CreatedAt), Expires: instant(t.ExpiresAt),
			Used: v.t.S("tokens.never"), Live: t.Live(s.Access.Now()),
		}
		if t.Area != "" {
			row.AreaName = nodeName(s.Library.Areas(), t.Area)
		}
		if t.UsedAt != 0 {
			row.Used = instant(t.UsedAt)
		}
		d.Rows = append(d.Rows, row)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("tokens.title")), status, tokensPage(v.t, d))
}

func actionsText(t i18n.T, actions []access.Action) string {
	words := make([]string, len(actions))
	for i, a := range actions {
		words[i] = t.S("access.action." + string(a))
	}
	return strings.Join(words, t.S("web.comma"))
}

// makeToken shows the secret in the answer to the form, and nowhere else.
func (s *server) makeToken(w http.ResponseWriter, r *http.Request, v *visit) error {
	f := tokenForm{Name: strings.TrimSpace(r.PostFormValue("name")), Area: r.PostFormValue("area")}
	f.Days, _ = strconv.Atoi(r.PostFormValue("days"))
	for _, a := range r.PostForm["action"] {
		f.Actions = append(f.Actions, access.Action(a))
	}
	n := access.NewToken{Name: f.Name, Actions: f.Actions, Area: f.Area, Days: f.Days}
	err := n.Check(v.scope) // before a code is used up
	if err == nil {
		err = s.prove(r, v)
	}
	secret := ""
	if err == nil {
		_, secret, err = s.Access.CreateToken(r.Context(), v.scope, n)
	}
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) != errs.KindForbidden {
		f.Problem = v.t.Msg(msg)
		return s.showTokens(w, r, v, statusOf(err), tokensData{Form: f})
	}
	if err != nil {
		return err
	}
	return s.showTokens(w, r, v, http.StatusOK, tokensData{Form: tokenForm{Days: 90, Actions: readingActions}, Secret: secret})
}

func (s *server) endToken(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := s.Access.EndToken(r.Context(), v.scope, id); err != nil {
		return err
	}
	return seeOther(w, r, "/account/tokens?done=1")
}

func (f tokenForm) has(a access.Action) bool { return slices.Contains(f.Actions, a) }
