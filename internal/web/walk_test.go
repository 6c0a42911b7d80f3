package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/credit"
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
			if strings.HasPrefix(path, "/assess/rounds") {
				return fmt.Sprint(c.yearly().ID)
			}
			if strings.HasPrefix(path, "/selections") || strings.HasPrefix(path, "/judging") {
				return fmt.Sprint(c.selection)
			}
			if strings.HasPrefix(path, "/lots") {
				return fmt.Sprint(c.diagnosed(code).Lot)
			}
			if strings.HasPrefix(path, "/institutes") {
				return fmt.Sprint(c.diagnosed(code).Institute)
			}
			if strings.HasPrefix(path, "/diagnoses") {
				return fmt.Sprint(c.diagnosed(code).Case)
			}
			if strings.HasPrefix(path, "/experts") {
				return "1"
			}
			if strings.HasPrefix(path, "/messages") {
				return fmt.Sprint(c.messages[code])
			}
			if strings.HasPrefix(path, "/credit/lists") {
				return fmt.Sprint(c.listLoans())
			}
			if strings.HasPrefix(path, "/credit/meetings") {
				return fmt.Sprint(c.meeting())
			}
			if strings.HasPrefix(path, "/bulletins") {
				return fmt.Sprint(c.monthSigned().Report)
			}
			if strings.HasPrefix(path, "/site-meetings") {
				return fmt.Sprint(c.monthSigned().Meeting)
			}
			if strings.HasPrefix(path, "/warnings") {
				return fmt.Sprint(c.monthSigned().Warning)
			}
			if strings.HasPrefix(path, "/targets/tasks") {
				return fmt.Sprint(c.tasked())
			}
			if strings.HasPrefix(path, "/targets") {
				return "B120"
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
		case "{plan}":
			return "yancheng-2022"
		case "{crosswalk}":
			return "siri"
		case "{result}":
			return fmt.Sprint(c.resultOf(code))
		case "{consent}":
			return fmt.Sprint(c.consents(code))
		case "{account}":
			return fmt.Sprint(c.handler)
		case "{subject}":
			return id
		case "{def}":
			return "ent.revenue"
		case "{code}":
			if strings.HasPrefix(path, "/areas") {
				return "320902"
			}
			return "completed_share"
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
		case "{product}":
			return "demo_a_equipment"
		case "{chain}":
			return "wind"
		case "{ladder}":
			return "smart_factory"
		case "{model}":
			return "sme_digital"
		case "{edition}":
			return "2024"
		case "{kind}":
			return "subsidy_round.csv"
		case "{number}":
			return "1"
		case "{policy}":
			return "yancheng-2022-6"
		case "{form}":
			return "subsidy_investment"
		case "{field}":
			return "invoices"
		case "{case}":
			return fmt.Sprint(c.visiting(code))
		case "{photo}":
			return strings.Repeat("0", 64)
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
	t.Parallel()
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
				paths := map[string]bool{} // many patterns are of no firm: asked once, they need not be asked for each
				for code := range secrets {
					paths[c.addresses(rt.pattern, code)] = true
				}
				for path := range paths {
					for _, query := range queries {
						path := path + query
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
	for _, path := range []string{"/lab", "/lab/compare", "/policies/yancheng-2022-6/lab", "/policies/yancheng-2022-6/lab/firms", "/policies/yancheng-2022-6/lab/export", "/policies/yancheng-2022-6/lab/survey/export", "/region", "/region/firms", "/region/export", "/imports", "/reports", "/reports/export", "/log", "/log/export", "/find", "/find/export", "/flags", "/flags/export", "/bulletins", "/bulletins/export", "/site-meetings", "/warnings"} {
		if res, _ := c.as("firm").get(path); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s answers a firm with %d", path, res.StatusCode)
		}
		if res, _ := c.as("auditor").get(path); res.StatusCode != http.StatusOK {
			t.Errorf("%s answers an auditor with %d", path, res.StatusCode)
		}
	}
}

// One's own county, another's firm: the role allows the act, the object is foreign.
func TestNobodyDisputesForeignFigures(t *testing.T) {
	c := newCity(t)
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

// listLoans is a list of a bank with a loan of the firm in 亭湖区.
func (c *city) listLoans() int64 {
	c.t.Helper()
	path := filepath.Join(c.t.TempDir(), "loans.csv")
	text := "借据号,统一社会信用代码,放款金额（万元）,放款日期,余额（万元）\nJ-1," + tinghuCode + ",100,2024-08-20,80\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	id, faults, err := c.srv.Credit.BringList(context.Background(), access.SystemScope(), credit.NewList{
		Bank: "demo_a", Month: c.srv.Credit.LastMonth(), File: credit.ListFile{Path: path, Name: "loans.csv"},
	})
	if err != nil || len(faults) > 0 {
		c.t.Fatal(err, faults)
	}
	return id
}

// meeting is a meeting of banks and all firms, to come, once it was asked for.
func (c *city) meeting() int64 {
	c.t.Helper()
	if c.planned != 0 {
		return c.planned
	}
	id, err := c.srv.Credit.PlanMeeting(context.Background(), access.SystemScope(), credit.NewMeeting{
		Area: "320900", Title: "智能制造贷银企对接会", About: "面向机械行业规上企业", Place: "市政务中心 3 楼",
		Hours:    credit.Hours{Day: (c.srv.Clock.Today() + 1).String(), From: "14:00", Until: "17:00"},
		Products: []string{"demo_a_equipment", "demo_b_factory"}, Audience: credit.Audience{Area: "320900"},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.planned = id
	return id
}
