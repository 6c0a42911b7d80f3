package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/layout"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/source"
)

// accountDeed is what was done to an account, as a kind of entry; that of no deed is all of them.
func accountDeed(d access.Deed) fact.Deed { return fact.Deed("account_" + string(d)) }

// deeds are all kinds of entries, in the order in which the page offers them.
func deeds() []fact.Deed {
	all := append(version.Deeds(), accountDeed(""))
	for _, d := range access.Deeds() {
		all = append(all, accountDeed(d))
	}
	return all
}

// deedText is a kind of entry in words.
func deedText(t i18n.T, d fact.Deed) string {
	account, ok := strings.CutPrefix(string(d), string(accountDeed("")))
	switch {
	case !ok:
		return t.S("web.deed_" + string(d))
	case account == "":
		return t.S("people.account_events")
	}
	return t.S("access.deed." + account)
}

// logQuery is a view of the log; its address restores it.
type logQuery struct {
	Deed fact.Deed // "" for all
	Page int
}

func (q logQuery) href(path string) string {
	out := url.Values{}
	if q.Deed != "" {
		out.Set("deed", string(q.Deed))
	}
	if q.Page > 1 {
		out.Set("page", strconv.Itoa(q.Page))
	}
	if len(out) == 0 {
		return path
	}
	return path + "?" + out.Encode()
}

func (q logQuery) onPage(n int) logQuery {
	q.Page = n
	return q
}

func readLog(in url.Values) logQuery {
	q := logQuery{Deed: fact.Deed(in.Get("deed"))}
	if !slices.Contains(deeds(), q.Deed) {
		q.Deed = ""
	}
	q.Page = pageNumber(in.Get("page"))
	return q
}

// logData is the page.
type logData struct {
	Query logQuery
	Deeds []option
	Total int
	Pages int
	Rows  []logRow
	AsOf  string
	Whole bool // nothing is left out for want of an area
	Flags bool // the visitor may look for red flags
	Erase bool // and have data deleted
}

// logEntry is one thing that somebody did: to what is known, to a policy, or to an account.
type logEntry struct {
	fact.Entry
	Event access.Event // of accounts
}

// logRow is an entry in words.
type logRow struct {
	logEntry
	When, What, Href, Who, Sender, Authority, Label string
}

// logOf is the entries of a query, newest first.
func (s *server) logOf(ctx context.Context, view fact.View, q logQuery) ([]logEntry, error) {
	known, err := s.Versions.Journal(ctx, view)
	if err != nil {
		return nil, err
	}
	all := make([]logEntry, 0, len(known))
	for _, e := range known {
		all = append(all, logEntry{Entry: e})
	}
	events, err := s.Enrol.Events(ctx, view.Scope(), access.EventQuery{})
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		all = append(all, logEntry{Entry: fact.Entry{Deed: accountDeed(e.Deed), At: e.At, Actor: e.Actor, Reason: e.Note}, Event: e})
	}
	slices.SortStableFunc(all, func(a, b logEntry) int { return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(b.Seq, a.Seq)) })
	return slices.DeleteFunc(all, func(e logEntry) bool {
		return q.Deed != "" && e.Deed != q.Deed && (q.Deed != accountDeed("") || e.Event.ID == 0)
	}), nil
}

// logRow puts an entry into words; people keeps the names of accounts.
func (s *server) logRow(ctx context.Context, t i18n.T, view fact.View, reg *party.Registry, e logEntry, people map[int64]string) (logRow, error) {
	row := logRow{logEntry: e, When: instant(e.At), Label: deedText(t, e.Deed)}
	var err error
	if e.Event.ID != 0 {
		return row, s.eventEntry(ctx, t, view, &row, people)
	}
	if row.Who, err = s.personName(ctx, people, e.Actor); err != nil {
		return row, err
	}
	row.Who = cmp.Or(row.Who, t.S("web.by_system"))
	switch e.Deed {
	case fact.Published, fact.Retracted:
		row.What, row.Sender, row.Authority = s.sourceName(t, e.Source), e.Source.Note, s.authorityName(t, e.Source.Authority)
		if e.Source.Kind == source.Entry {
			row.Label = t.S("report.deed_" + string(e.Deed))
			s.reportEntry(view, &row)
		}
	case fact.Merged, fact.Unmerged:
		row.What = t.S("web.log_"+string(e.Deed)+"_what", partyText(t, view, reg, e.From), partyText(t, view, reg, e.Into))
		if into, ok := view.Enterprise(e.Into); ok && view.Can(access.ReadFact, e.Into) {
			row.Href = enterprisePath(into.ID)
		}
	case version.PutInForce, version.TakenFromForce:
		x, _, err := s.Versions.ByCommit(ctx, e.Seq)
		if err != nil {
			return row, err
		}
		named, err := s.versionRow(ctx, t, x, people)
		if err != nil {
			return row, err
		}
		row.What, row.Href = named.Name, versionPath(x.ID)
	case fact.AskedBack, fact.Settled:
		f := s.figureOf(t, view, e.Report.Subject, e.Report.Def, e.Report.Period)
		row.What, row.Href = strings.TrimPrefix(f.Firm+" · "+f.What, " · "), f.Href
	case fact.Disputed, fact.Closed:
		o := s.describe(t, view, e.Dispute)
		row.What, row.Href = strings.TrimPrefix(o.Firm+" · "+o.What, " · "), o.Href
	}
	return row, nil
}

// eventEntry names whose account it is and the enterprise that it acts for.
func (s *server) eventEntry(ctx context.Context, t i18n.T, view fact.View, row *logRow, people map[int64]string) error {
	said, err := s.eventRow(ctx, t, row.Event, people)
	if err != nil {
		return err
	}
	row.What, row.Who, row.Reason = said.Whose, said.Who, said.Note
	if e, ok := view.Enterprise(row.Event.Party); ok {
		row.What, row.Href = joined(said.Whose, e.Name), firmAccountsPath(e.ID)
		if said.Whose == e.Name {
			row.What = e.Name
		}
		if !view.Can(access.IssueAccess, e.ID) && !view.Can(access.Delegate, e.ID) {
			row.Href = enterprisePath(e.ID)
		}
	}
	return nil
}

// reportEntry names the enterprise that stated something about itself and what shows it, to who may read its file.
func (s *server) reportEntry(view fact.View, row *logRow) {
	row.Sender = ""
	e, ok := view.Enterprise(row.Source.Party)
	if !ok || !view.Can(access.ReadFact, e.ID) {
		return
	}
	row.Sender, row.Href = e.Name, enterprisePath(e.ID)
	if row.Deed == fact.Published {
		row.Reason = row.Source.Note
	}
}

// partyText is what an enterprise was called, with its code, before any merge; its number to who may not read it.
func partyText(t i18n.T, view fact.View, reg *party.Registry, id int64) string {
	e, ok := reg.Alone(id)
	if !ok || !view.Can(access.ReadParty, id) {
		return "#" + strconv.FormatInt(id, 10)
	}
	if e.USCC == "" {
		return e.Name
	}
	return e.Name + inBrackets(t, string(e.USCC))
}

func (s *server) log(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	q := readLog(r.Form)
	all, err := s.logOf(ctx, view, q)
	if err != nil {
		return err
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return err
	}
	d := logData{
		Query: q, Total: len(all), Pages: max((len(all)+listRows-1)/listRows, 1), AsOf: s.asOf(v.t, view),
		Whole: v.scope.Sees(access.ReadLog, "", 0), Flags: mayFlag.MetBy(v.scope), Erase: v.scope.Can(access.Erase),
	}
	for _, k := range deeds() {
		d.Deeds = append(d.Deeds, option{string(k), deedText(v.t, k)})
	}
	d.Query.Page = min(q.Page, d.Pages)
	first := (d.Query.Page - 1) * listRows
	people := map[int64]string{}
	for _, e := range all[first:min(first+listRows, len(all))] {
		row, err := s.logRow(ctx, v.t, view, whole.Registry(), e, people)
		if err != nil {
			return err
		}
		d.Rows = append(d.Rows, row)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("web.nav_log")), http.StatusOK, logPage(v.t, d))
}

// logLines is all of the view in words, not the page of it.
func (s *server) logLines(ctx context.Context, t i18n.T, view fact.View, q logQuery) ([]layout.LogLine, error) {
	all, err := s.logOf(ctx, view, q)
	if err != nil {
		return nil, err
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	lines := make([]layout.LogLine, len(all))
	people := map[int64]string{}
	for i, e := range all {
		row, err := s.logRow(ctx, t, view, whole.Registry(), e, people)
		if err != nil {
			return nil, err
		}
		lines[i] = layout.LogLine{
			When: row.When, Deed: row.Label, About: row.What, Who: row.Who, Sender: row.Sender, Authority: row.Authority, Reason: row.Reason, Commit: row.Seq,
		}
	}
	return lines, nil
}

func (s *server) exportLog(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, t := r.Context(), v.t
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	q := readLog(r.Form).onPage(1)
	lines, err := s.logLines(ctx, t, view, q)
	if err != nil {
		return err
	}
	rows := make([][]any, len(lines))
	for i, l := range lines {
		rows[i] = []any{l.When, l.Deed, l.About, l.Who, l.Sender, l.Authority, l.Reason, nil}
		if l.Commit != 0 {
			rows[i][7] = l.Commit
		}
	}
	return s.export(w, r, v, t.S("web.nav_log")+"-"+s.Clock.Today().String(), sheet.Export{
		Title: t.S("web.nav_log"), Notes: s.notes(v, view, q.href("/log")),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("web.when"), t.S("web.deed"), t.S("web.about"), t.S("web.who"), t.S("web.sender"), t.S("web.who_said"), t.S("web.reason"), t.S("web.commit"),
		}},
	})
}
