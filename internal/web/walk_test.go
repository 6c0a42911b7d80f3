package web

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// secrets is what must not be seen of each firm by those who have no right to it.
var secrets = map[string][]string{
	tinghuCode:  {"亭湖甲", tinghuCode, "王某甲", "数字车间"},
	dafengCode:  {"大丰乙", dafengCode, "李某乙", "智能仓储"},
	dongtaiCode: {"东台丙", dongtaiCode, "赵某丙", "织造改造"},
}

// readers is which firms each visitor may see. The administrator manages accounts and sees no enterprise.
var readers = map[string][]string{
	"":        {},
	"tinghu":  {tinghuCode},
	"city":    {tinghuCode, dafengCode, dongtaiCode},
	"auditor": {tinghuCode, dafengCode, dongtaiCode},
	"firm":    {tinghuCode},
	"handler": {tinghuCode},
	"viewer":  {tinghuCode},
	"admin":   {},
}

// writers is who may use each form on the firm in 亭湖区 and on the last file that the city brought in.
var writers = map[string][]string{
	"POST /enterprises/{id}/consents/{consent}/end": {"firm", "handler"},
	"POST /emergency": {"tinghu", "city", "auditor"},
	"POST /enterprises/{id}/facts/{subject}/{def}/dispute":  {"tinghu", "city", "firm", "handler"},
	"POST /enterprises/{id}/facts/{subject}/{def}/close":    {"tinghu", "city"},
	"POST /enterprises/{id}/facts/{subject}/{def}/report":   {"firm", "handler"},
	"POST /enterprises/{id}/facts/{subject}/{def}/withdraw": {"firm", "handler"},
	"POST /enterprises/{id}/facts/{subject}/{def}/answer":   {"tinghu", "city"},
	"POST /enterprises/{id}/merge":                          {"city"},
	"POST /enterprises/{id}/unmerge":                        {"city"},
	"POST /enterprises/{id}/accounts/open":                  {"tinghu", "city"},
	"POST /enterprises/{id}/accounts/authorise":             {"firm"},
	"POST /enterprises/{id}/accounts/{account}/code":        {"firm"},
	"POST /enterprises/{id}/accounts/{account}/renew":       {"firm"},
	"POST /enterprises/{id}/accounts/{account}/succeed":     {"firm"},
	"POST /enterprises/{id}/accounts/{account}/revoke":      {"firm"},
	"POST /enrolments":                         {"tinghu", "city", "admin"},
	"POST /enrolments/{id}/letters":            {"city", "admin"},
	"POST /enrolments/{id}/cancel":             {"city", "admin"},
	"POST /enrolments/{id}/resume":             {"city", "admin"},
	"POST /imports":                            {"tinghu", "city"},
	"POST /imports/{id}/plan":                  {"city"},
	"POST /imports/{id}/delivery/mend":         {"city"},
	"POST /imports/{id}/delivery/commit":       {"city"},
	"POST /imports/{id}/delivery/undo":         {"city"},
	"POST /template/enterprises":               {"tinghu", "city", "auditor", "firm", "handler"},
	"POST /template/projects":                  {"tinghu", "city", "auditor", "firm", "handler"},
	"POST /template/loans":                     {"tinghu", "city", "auditor", "firm", "handler"},
	"POST /template/leases":                    {"tinghu", "city", "auditor", "firm", "handler"},
	"POST /template/honours":                   {"tinghu", "city", "auditor", "firm", "handler"},
	"POST /template/memberships":               {"tinghu", "city", "auditor", "firm", "handler"},
	"POST /template/facts":                     {"tinghu", "city", "auditor", "firm", "handler"},
	"POST /template/areas":                     {"tinghu", "city", "auditor"},
	"POST /template/decisions":                 {"tinghu", "city", "auditor"},
	"POST /template/decision_areas":            {"tinghu", "city", "auditor"},
	"POST /template/decision_clauses":          {"tinghu", "city", "auditor"},
	"POST /template/problems":                  {"tinghu", "city"},
	"POST /template/deliveries":                {"tinghu", "city"},
	"POST /template/policies":                  {"tinghu", "city", "auditor", "firm", "handler", "viewer", "admin"},
	"POST /template/accounts":                  {"admin"},
	"POST /template/log":                       {"city", "auditor", "admin"},
	"POST /imports/{id}/mend":                  {"city"},
	"POST /imports/{id}/commit":                {"city"},
	"POST /imports/{id}/again":                 {"city"},
	"POST /imports/{id}/cancel":                {"city"},
	"POST /imports/{id}/undo":                  {"city"},
	"POST /policies/{policy}/draft":            {"city", "admin"},
	"POST /policies/{policy}/lab":              {"tinghu", "city"},
	"POST /policies/{policy}/lab/draft":        {"city"},
	"POST /lab/{id}/drop":                      {"city"},
	"POST /lab/{id}/restore":                   {"city"},
	"POST /versions":                           {"tinghu", "city", "admin"},
	"POST /versions/blank":                     {"tinghu", "city", "admin"},
	"POST /versions/{id}/edit":                 {"city", "admin"},
	"POST /versions/{id}/text":                 {"city", "admin"},
	"POST /versions/{id}/file":                 {"city", "admin"},
	"POST /versions/{id}/propose":              {"city", "admin"},
	"POST /versions/{id}/drop":                 {"city", "admin"},
	"POST /versions/{id}/approve":              {"city", "admin"},
	"POST /versions/{id}/reject":               {"city", "admin"},
	"POST /versions/{id}/end":                  {"city", "admin"},
	"POST /forms/{form}":                       {"firm", "handler"},
	"POST /forms/{form}/draft":                 {"firm", "handler"},
	"POST /forms/{form}/drop":                  {"firm", "handler"},
	"POST /cases/{id}/act":                     {"tinghu", "city", "firm", "handler"},
	"POST /cases/{id}/act/{action}":            {"tinghu", "city", "auditor", "firm", "handler", "viewer"}, // there is none now, whoever asks
	"POST /cases/{id}/act/{action}/draft":      {"tinghu", "city", "auditor", "firm", "handler", "viewer"},
	"POST /cases/{id}/files":                   {"firm", "handler"},
	"POST /cases/{id}/files/{file}/drop":       {"firm"},
	"POST /cases/{id}/comments":                {"tinghu", "city", "firm", "handler"},
	"POST /cases/{id}/tasks/{task}/settle":     {},
	"POST /cases/{id}/costs":                   {"firm", "handler"},
	"POST /cases/{id}/rulings":                 {"tinghu", "city"},
	"POST /cases/{id}/payee":                   {"firm", "handler"},
	"POST /calls/new":                          {"tinghu", "city"},
	"POST /calls/{id}/edit":                    {"city"},
	"POST /calls/{id}/apply":                   {}, // what no enterprise may apply for
	"POST /reviews":                            {}, // departments alone
	"POST /reviews/sheet":                      {},
	"POST /cases/new":                          {}, // what nobody may begin
	"POST /cases/{id}/picks":                   {"tinghu", "city"},
	"POST /cases/{id}/draw":                    {"tinghu", "city"},
	"POST /cases/{id}/score":                   {}, // experts alone
	"POST /cases/{id}/score/draft":             {},
	"POST /rounds":                             {"tinghu", "city"},
	"POST /rounds/{id}/lines/{n}/drop":         {"city"},
	"POST /rounds/{id}/lines/{n}/restore":      {"city"},
	"POST /rounds/{id}/give-up":                {"city"},
	"POST /rounds/{id}/publish":                {"city"},
	"POST /rounds/{id}/open":                   {"city"},
	"POST /cases/{id}/confirm":                 {"firm", "handler"},
	"POST /fund/budget":                        {"tinghu", "city"},
	"POST /fund/carry":                         {"tinghu", "city"},
	"POST /fund/check":                         {"tinghu", "city"},
	"POST /fund/payments":                      {}, // finance alone
	"POST /fund/openings":                      {"tinghu", "city"},
	"POST /fund/openings/enter":                {"tinghu", "city"},
	"POST /fund/openings/{id}/undo":            {"city"},
	"POST /fund/payments/{id}/send":            {},
	"POST /fund/payments/{id}/cancel":          {},
	"POST /fund/payments/{id}/file":            {},
	"POST /fund/payments/{id}/result":          {},
	"POST /fund/payments/{id}/settle":          {},
	"POST /calls/{id}/batch":                   {"tinghu", "city"},
	"POST /objections/{id}":                    {"tinghu", "city"},
	"POST /selections":                         {"city"},
	"POST /selections/{id}/nominate":           {}, // what no enterprise is named in
	"POST /judging/interests":                  {},
	"POST /judging/{id}/{number}":              {},
	"POST /judging/{id}/{number}/recuse":       {},
	"POST /experts":                            {}, // of no area
	"POST /experts/{id}/remove":                {"tinghu", "city"},
	"POST /experts/{id}/settle":                {"tinghu", "city"},
	"POST /ladders/{ladder}/enter":             {}, // of no enterprise
	"POST /ladders/{ladder}/refresh":           {"tinghu", "city"},
	"POST /messages/read":                      {"tinghu", "city", "auditor", "firm", "handler", "viewer", "admin"},
	"POST /messages/{id}/unread":               {"firm", "handler", "viewer"},
	"POST /account/messages":                   {"tinghu", "city", "auditor", "firm", "handler", "viewer", "admin"},
	"POST /account/messages/{channel}/ask":     {"tinghu", "city", "auditor", "firm", "handler", "viewer", "admin"},
	"POST /account/messages/{channel}/confirm": {"tinghu", "city", "auditor", "firm", "handler", "viewer", "admin"},
	"POST /account/messages/{channel}/forget":  {"tinghu", "city", "auditor", "firm", "handler", "viewer", "admin"},
	"POST /outbox/{id}/retry":                  {"admin"},
	"POST /accounts":                           {"admin"},
	"POST /accounts/{id}/disable":              {"admin"},
	"POST /accounts/{id}/enable":               {"admin"},
	"POST /accounts/{id}/reset":                {"admin"},
	"POST /account/password":                   {"tinghu", "city", "auditor", "firm", "handler", "viewer", "admin"},
	"POST /account/tokens":                     {"tinghu", "city", "auditor", "firm", "handler", "viewer", "admin"},
	"POST /account/tokens/{id}/end":            {"tinghu", "city", "auditor", "firm", "handler", "viewer", "admin"},
}

var holes = regexp.MustCompile(`\{(\w+)(\.\.\.)?\}`)

// addresses fills the holes of a pattern with data of a firm.
func (c *city) addresses(pattern, code string) string {
	_, path, _ := strings.Cut(pattern, " ")
	path = strings.ReplaceAll(path, "{$}", "")
	id := fmt.Sprint(c.firms[code])
	return holes.ReplaceAllStringFunc(path, func(hole string) string {
		switch hole {
		case "{id}":
			if strings.HasPrefix(path, "/imports") {
				return fmt.Sprint(c.batches[len(c.batches)-1])
			}
			if strings.HasPrefix(path, "/cases") {
				return fmt.Sprint(c.caseOf[code])
			}
			if strings.HasPrefix(path, "/calls") {
				return fmt.Sprint(c.call)
			}
			if strings.HasPrefix(path, "/rounds") {
				return fmt.Sprint(c.round)
			}
			if strings.HasPrefix(path, "/selections") || strings.HasPrefix(path, "/judging") {
				return fmt.Sprint(c.selection)
			}
			if strings.HasPrefix(path, "/experts") {
				return "1"
			}
			if strings.HasPrefix(path, "/messages") {
				return fmt.Sprint(c.messages[code])
			}
			if strings.HasPrefix(path, "/accounts") {
				return "1"
			}
			if strings.HasPrefix(path, "/enrolments") {
				return fmt.Sprint(c.enrolment)
			}
			if strings.HasPrefix(path, "/lab") {
				return fmt.Sprint(c.scenario)
			}
			if strings.HasPrefix(path, "/versions") {
				return fmt.Sprint(c.inForce("yancheng-2022-6").ID)
			}
			if strings.HasPrefix(path, "/sources") {
				return fmt.Sprint(c.sourceID("firms.csv"))
			}
			return id
		case "{consent}":
			return fmt.Sprint(c.consents(code))
		case "{account}":
			return fmt.Sprint(c.handler)
		case "{subject}":
			return id
		case "{def}":
			return "ent.revenue"
		case "{channel}":
			return "mail"
		case "{workflow}":
			return "subsidy_application"
		case "{action}":
			return "submit"
		case "{file}":
			return fmt.Sprint(c.evidence)
		case "{n}":
			return "1"
		case "{task}":
			return "1"
		case "{ladder}":
			return "smart_factory"
		case "{number}":
			return "1"
		case "{policy}":
			return "yancheng-2022-6"
		case "{form}":
			return "subsidy_investment"
		case "{field}":
			return "invoices"
		}
		c.t.Fatalf("the walker does not know %s of %s", hole, pattern)
		return ""
	})
}

// text is everything that an answer tells: the page, the address it led to, the cells of a workbook.
func text(t *testing.T, res *http.Response, body string) string {
	t.Helper()
	if !strings.Contains(res.Header.Get("Content-Type"), "spreadsheetml") {
		return res.Request.URL.String() + body
	}
	book, err := excelize.OpenReader(bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	var all strings.Builder
	for _, sheet := range book.GetSheetList() {
		rows, err := book.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&all, sheet, rows)
	}
	return all.String()
}

// Every route that reads, as every role, with own and foreign data: nobody sees what no grant allows, by whatever
// address, query, export, count or suggestion.
func TestNobodyReadsWhatIsNotTheirs(t *testing.T) {
	c := newCity(t)
	c.openCall()
	c.callRound("2")
	c.cultivated()
	c.openRound()
	queries := []string{"", "?q=" + url.QueryEscape("公司"), "?q=9132", "?area=320900", "?area=320904", "?clause=c9", "?format=csv", "?state=perhaps", "?end=c9", "?list=losers&end=c9"}
	for login, may := range readers {
		t.Run("as "+login, func(t *testing.T) {
			v := c.visitor()
			if login != "" {
				v = c.as(login)
			}
			for _, rt := range c.srv.routes() {
				if !strings.HasPrefix(rt.pattern, "GET ") {
					continue
				}
				for code := range secrets {
					for _, query := range queries {
						path := c.addresses(rt.pattern, code) + query
						res, body := v.get(path)
						if res.StatusCode >= 500 {
							t.Errorf("%s: status %d", path, res.StatusCode)
						}
						all := text(t, res, body)
						if login == "admin" && slices.Contains([]string{"/accounts", "/find", "/find/export", "/log", "/log/export"}, res.Request.URL.Path) {
							for _, name := range []string{"盐城亭湖甲机械有限公司", "盐城大丰乙电子有限公司", "东台丙纺织有限公司"} {
								all = strings.ReplaceAll(all, name, "") // whose account it is, no more
							}
						}
						for other, words := range secrets {
							for _, w := range words {
								if strings.Contains(all, w) && !slices.Contains(may, other) {
									t.Errorf("%s tells %s of %q", path, login, w)
								}
							}
						}
					}
				}
			}
		})
	}
}

// A firm has its own file. Pages about an area are not for it, however little they would show.
func TestPagesAboutAnAreaAreNotForFirms(t *testing.T) {
	c := newCity(t)
	for _, path := range []string{"/lab", "/lab/compare", "/policies/yancheng-2022-6/lab", "/policies/yancheng-2022-6/lab/firms", "/policies/yancheng-2022-6/lab/export", "/policies/yancheng-2022-6/lab/survey/export", "/region", "/region/firms", "/region/export", "/imports", "/reports", "/reports/export", "/log", "/log/export", "/find", "/find/export"} {
		if res, _ := c.as("firm").get(path); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s answers a firm with %d", path, res.StatusCode)
		}
		if res, _ := c.as("auditor").get(path); res.StatusCode != http.StatusOK {
			t.Errorf("%s answers an auditor with %d", path, res.StatusCode)
		}
	}
}

// Every form, as everybody who may not use it: refused or led to the sign-in page, and nothing is changed.
func TestNobodyChangesWhatIsNotTheirs(t *testing.T) {
	c := newCity(t)
	c.openCall()
	c.callRound("2")
	c.openRound()
	for _, rt := range c.srv.routes() {
		if !strings.HasPrefix(rt.pattern, "POST ") || rt.need.Public {
			continue
		}
		allowed, known := writers[rt.pattern]
		if !known {
			t.Errorf("%s: say in the table who may", rt.pattern)
		}
		for login := range readers {
			if slices.Contains(allowed, login) {
				continue
			}
			v := c.visitor()
			if login != "" {
				v = c.as(login)
			}
			res, body := v.post(c.addresses(rt.pattern, tinghuCode), url.Values{"text": {"x"}, "period": {"2023"}, "note": {"x"}, "reason": {"x"}, "dispute": {"1"}})
			signIn := login == "" && res.Request.URL.Path == "/sign-in"
			if !signIn && res.StatusCode != http.StatusForbidden && res.StatusCode != http.StatusNotFound {
				t.Errorf("%s as %q: status %d at %s", rt.pattern, login, res.StatusCode, res.Request.URL)
			}
			lacks(t, body, "已记录", "质疑已办结", "的新密码")
		}
	}
	// One's own county, another's firm: the role allows the act, the object is foreign.
	foreign := factPath(c.firms[dafengCode], c.firms[dafengCode], "ent.revenue")
	for _, login := range []string{"tinghu", "firm"} {
		for _, path := range []string{
			foreign + "/dispute", foreign + "/report", foreign + "/withdraw", foreign + "/answer",
			factPath(c.firms[tinghuCode], c.firms[dafengCode], "ent.revenue") + "/dispute",
		} {
			res, _ := c.as(login).post(path, url.Values{"text": {"x"}, "period": {"2023"}})
			if res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusForbidden {
				t.Errorf("%s disputes a foreign figure at %s: status %d", login, path, res.StatusCode)
			}
		}
	}
}
