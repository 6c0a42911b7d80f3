package api

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// LogQuery chooses entries of the log.
type LogQuery struct {
	Deed   string `query:"deed" maxLength:"40" example:"publish" doc:"如 publish、enforce；account 为对账号做的全部，account_reset 等为其中一种 · such as publish or enforce; account is all that was done to accounts, account_reset one kind of it"`
	Text   string `query:"q" maxLength:"100" example:"市工信局" doc:"出现在文件名、报送单位、理由、经办人或政策中 · in the name of a file, its sender, a reason, a person or a policy"`
	SHA256 string `query:"sha256" minLength:"8" maxLength:"64" pattern:"^[0-9a-f]+$" example:"9f86d081" doc:"文件摘要的开头 · the beginning of a file's hash"`
	Commit int64  `query:"commit" minimum:"1" example:"41"`
	From   string `query:"from" maxLength:"10" example:"2024-10-01" doc:"自这一天起 · from this day on"`
	To     string `query:"to" maxLength:"10" example:"2024-10-31" doc:"到这一天为止，含当天 · up to this day, itself included"`
}

// span is the instants that a query is bounded by: from the first, before the second.
func (q LogQuery) span(c *caller) (from, to int64, err error) {
	to = math.MaxInt64
	if q.From != "" {
		day, err := period.ParseDay(q.From)
		if err != nil {
			return 0, 0, invalid(c.t, "from", q.From, i18n.M("api.bad_day"))
		}
		from = clock.StartOf(day)
	}
	if q.To != "" {
		day, err := period.ParseDay(q.To)
		if err != nil {
			return 0, 0, invalid(c.t, "to", q.To, i18n.M("api.bad_day"))
		}
		to = clock.StartOf(day + 1)
	}
	return from, to, nil
}

// entry is one thing that somebody did.
type entry struct {
	Deed       string `json:"deed" example:"publish"`
	At         string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Commit     int64  `json:"commit,omitempty" example:"41"`
	By         string `json:"by,omitempty" example:"王敏"`
	Reason     string `json:"reason,omitempty" example:"报错了年度"`
	Source     int64  `json:"source,omitempty" example:"40"`
	Name       string `json:"name,omitempty" example:"firms.csv" doc:"文件名，或企业自报的数据项与期间 · name of the file, or the definition and period that an enterprise stated"`
	SHA256     string `json:"sha256,omitempty" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	Authority  string `json:"authority,omitempty" example:"statistics"`
	Sender     string `json:"sender,omitempty" example:"市工信局"`
	Evidence   string `json:"evidence,omitempty" example:"2023 年度审计报告" doc:"企业自报的依据 · what shows that what an enterprise stated is true"`
	Enterprise int64  `json:"enterprise,omitempty" example:"17" doc:"自报的企业，或账号所代表的企业 · that spoke for itself, or that the account acts for"`
	From       int64  `json:"from,omitempty" example:"23"`
	Into       int64  `json:"into,omitempty" example:"17"`
	Dispute    int64  `json:"dispute,omitempty" example:"57"`
	Version    int64  `json:"version,omitempty" example:"71" doc:"生效或终止的政策版本 · the version of a policy that was put in force or ended"`
	Policy     string `json:"policy,omitempty" example:"yancheng-2022-6"`
	Account    int64  `json:"account,omitempty" example:"5"`
	Whose      string `json:"whose,omitempty" example:"李四" doc:"谁的账号 · whose account"`
}

// accountDeeds is what all that is done to accounts begins with.
const accountDeeds = "account"

// deeds are all kinds of entries.
func deeds() []string {
	var all []string
	for _, d := range version.Deeds() {
		all = append(all, string(d))
	}
	all = append(all, accountDeeds)
	for _, d := range access.Deeds() {
		all = append(all, accountDeeds+"_"+string(d))
	}
	return all
}

func (s *server) entry(ctx context.Context, m moment, e fact.Entry, names people) (entry, error) {
	by, err := s.nameOf(ctx, names, e.Actor)
	if err != nil {
		return entry{}, err
	}
	src := sourceOf(e.Source, "")
	out := entry{
		Deed: string(e.Deed), At: instant(e.At), Commit: e.Seq, By: by, Reason: e.Reason, Source: src.ID, Name: src.Name, SHA256: e.Source.SHA256,
		Authority: src.Authority, Sender: src.Sender, From: e.From, Into: e.Into, Dispute: e.Dispute.ID,
	}
	if own := e.Source.Party; own != 0 && m.Can(access.ReadFact, own) {
		out.Enterprise, out.Evidence = own, src.Evidence
	}
	if e.Report.Source != 0 && m.Can(access.ReadFact, e.Report.Subject) {
		out.Source, out.Enterprise, out.Name = e.Report.Source, enterpriseOf(m.View, e.Report.Subject), strings.TrimSpace(e.Report.Def+" "+periodOf(e.Report.Period))
	}
	if e.Deed == version.PutInForce || e.Deed == version.TakenFromForce {
		v, _, err := s.Versions.ByCommit(ctx, e.Seq)
		if err != nil {
			return entry{}, err
		}
		out.Version, out.Policy = v.ID, v.Document
	}
	return out, nil
}

func (s *server) accountEntry(ctx context.Context, m moment, e access.Event, names people) (entry, error) {
	by, err := s.nameOf(ctx, names, e.Actor)
	if err != nil {
		return entry{}, err
	}
	whose, err := s.nameOf(ctx, names, e.Account)
	out := entry{Deed: accountDeeds + "_" + string(e.Deed), At: instant(e.At), By: by, Reason: e.Note, Account: e.Account, Whose: whose}
	if m.Can(access.ReadParty, e.Party) {
		out.Enterprise = e.Party
	}
	return out, err
}

// entries are those of what was done before an instant that a query finds, the newest first.
func (s *server) entries(ctx context.Context, c *caller, m moment, before int64, q LogQuery) ([]entry, error) {
	if q.Deed != "" && !slices.Contains(deeds(), q.Deed) {
		return nil, invalid(c.t, "deed", q.Deed, i18n.M("api.want_one_of", strings.Join(deeds(), ", ")))
	}
	from, to, err := q.span(c)
	if err != nil {
		return nil, err
	}
	known, err := s.Versions.Journal(ctx, m.View)
	if err != nil {
		return nil, err
	}
	events, err := s.Enrol.Events(ctx, c.scope, access.EventQuery{})
	if err != nil {
		return nil, err
	}
	w := finder{q: q, text: content.Fold(q.Text), from: from, to: min(to, before), found: []dated{}}
	names := people{}
	for _, e := range known {
		w.see(string(e.Deed), e.At, e.Seq, e.Source.SHA256, func() (entry, error) { return s.entry(ctx, m, e, names) })
	}
	for _, e := range events {
		w.see(accountDeeds+"_"+string(e.Deed), e.At, 0, "", func() (entry, error) { return s.accountEntry(ctx, m, e, names) })
	}
	slices.SortStableFunc(w.found, func(a, b dated) int { return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(b.Commit, a.Commit)) })
	all := make([]entry, len(w.found))
	for i, x := range w.found {
		all[i] = x.entry
	}
	return all, w.err
}

// dated is an entry with its instant in milliseconds.
type dated struct {
	entry
	at int64
}

// finder keeps the entries that a query finds. Words are put together for those only that fit otherwise.
type finder struct {
	q        LogQuery
	text     string // folded
	from, to int64
	found    []dated
	err      error
}

func (w *finder) see(deed string, at, commit int64, sha256 string, words func() (entry, error)) {
	q := w.q
	kind := q.Deed == "" || q.Deed == deed || q.Deed == accountDeeds && strings.HasPrefix(deed, accountDeeds+"_")
	if w.err != nil || !kind || q.Commit != 0 && commit != q.Commit || !strings.HasPrefix(sha256, q.SHA256) || at < w.from || at >= w.to {
		return
	}
	x, err := words()
	if err != nil {
		w.err = err
		return
	}
	said := strings.Join([]string{x.Name, x.Sender, x.Reason, x.By, x.Policy, x.Whose, x.Evidence}, "\n")
	if strings.Contains(content.Fold(said), w.text) {
		w.found = append(w.found, dated{x, at})
	}
}

type logIn struct {
	LogQuery
	Paging
}

type logOut struct {
	Body struct {
		Items []entry `json:"items" nullable:"false"`
		Total int     `json:"total" example:"4"`
		Next  string  `json:"next,omitempty" example:"eyJjIjo0Miwi"`
		AsOf  asOf    `json:"as_of"`
	}
}

func (s *server) log(ctx context.Context, c *caller, in *logIn) (*logOut, error) {
	at, err := in.open(c, c.listName("log", in.LogQuery))
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, at.pick(Knowledge{}))
	if err != nil {
		return nil, err
	}
	at.Before = cmp.Or(at.Before, s.Clock.Millis()+1) // disputes have no commit by which what came later could be told
	all, err := s.entries(ctx, c, m, at.Before, in.LogQuery)
	if err != nil {
		return nil, err
	}
	out := &logOut{}
	b := &out.Body
	b.Total, b.AsOf, b.Next = len(all), m.asOf(), at.next(m, at.From+in.Limit, len(all))
	first := min(at.From, len(all))
	b.Items = append([]entry{}, all[first:min(first+in.Limit, len(all))]...)
	return out, nil
}

type exportLogIn struct {
	LogQuery
	Form
}

// exportLog sends every entry that the query finds.
func (s *server) exportLog(ctx context.Context, c *caller, in *exportLogIn) (*stream, error) {
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	all, err := s.entries(ctx, c, m, math.MaxInt64, in.LogQuery)
	if err != nil {
		return nil, err
	}
	if in.Format == "ndjson" {
		return s.lines("log", func(yield func(any, error) bool) {
			for _, e := range all {
				if !yield(e, nil) {
					return
				}
			}
		}), nil
	}
	rows := make([][]any, len(all))
	for i, e := range all {
		rows[i] = []any{
			e.At, e.Deed, number(e.Commit), e.By, e.Reason, number(e.Source), e.Name, e.SHA256, e.Authority, e.Sender, e.Evidence,
			number(e.Enterprise), number(e.From), number(e.Into), number(e.Dispute), number(e.Version), e.Policy, number(e.Account), e.Whose,
		}
	}
	return s.table(c, m, "log", in.Format, sheet.Export{Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
		"at", "deed", "commit", "by", "reason", "source", "name", "sha256", "authority", "sender", "evidence",
		"enterprise", "from", "into", "dispute", "version", "policy", "account", "whose",
	}}}), nil
}

// number is an id for a sheet, which would round a long one: as text, and nothing for none.
func number(id int64) any {
	if id == 0 {
		return nil
	}
	return strconv.FormatInt(id, 10)
}

func (s *server) registerLog() {
	may := access.Need{Action: access.ReadLog}
	handle(s, operation{id: "list_log", tag: "log", method: http.MethodGet, path: "/log", need: may}, s.log)
	handle(s, operation{id: "export_log", tag: "exports", method: http.MethodGet, path: "/exports/log", need: may, streams: tables}, s.exportLog)
}
