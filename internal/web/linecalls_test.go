package web

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

var lineOffer = regexp.MustCompile(`(?s)action="(/calls/\d+/apply)" method="post"> ?<input type="hidden" name="firm" value="(\d+)"> ?<input type="hidden" name="offer" value="(c9/[^"]+)"`)

// At each line that pays, the file and the calculator lead to the call by which it is applied for, or say that there is none; who
// may apply begins there.
func TestLinesLeadToCalls(t *testing.T) {
	c := newCity(t)
	file := fmt.Sprintf("/enterprises/%d", c.firms[tinghuCode])
	const calculator = "/calculator?project-0%3Aproject.is_digital=1&project-0%3Aproject.investment%3A2022=500&project-0%3Aproject.effective_input%3A2022=500&enterprise-0%3Aarea="
	firm, city := c.as("firm"), c.as("city")
	_, body := firm.get(file)
	wants(t, body, "现在没有受理这一条款的申报通知")
	lacks(t, body, "/apply")
	firm.post("/language", url.Values{"lang": {"en"}})
	_, body = firm.get(file)
	wants(t, body, "No call for this clause is open now")

	c.openCall()
	call := fmt.Sprintf("/calls/%d", c.call)
	_, body = firm.get(file)
	wants(t, body, `<a href="`+call+`">2024年度有效投入补助申报</a>`, "takes applications until 2024-12-31")
	firm.post("/language", url.Values{"lang": {"zh"}})
	_, body = firm.get(file)
	wants(t, body, `<a href="`+call+`">2024年度有效投入补助申报</a>`, "正在受理，2024-12-31 截止")
	press := lineOffer.FindStringSubmatch(body)
	if press == nil || press[1] != call+"/apply" {
		t.Fatalf("no application begins at a line: %q", press)
	}
	_, body = firm.get(file + "?policy=yancheng-2022-6&set%3Afirst_year=from")
	wants(t, body, "口径已改 1 项", `<a href="`+call+`">`)
	lacks(t, body, "/apply")
	for login, who := range map[string]*visitor{"city": city, "viewer": c.as("viewer")} {
		_, body := who.get(file)
		if !strings.Contains(body, `<a href="`+call+`">`) || strings.Contains(body, "/apply") {
			t.Errorf("%s does not see the call alone", login)
		}
	}
	_, body = firm.get(file + "?as_of=2024-10-30")
	lacks(t, body, "/apply")
	for area, want := range map[string]string{"320902": `<a href="` + call + `">`, "": `<a href="` + call + `">`} {
		_, body := c.visitor().get(calculator + area)
		wants(t, body, want, "正在受理")
		lacks(t, body, "/apply")
	}

	res, _ := firm.post(press[1], url.Values{"firm": {press[2]}, "offer": {press[3]}})
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Request.URL.Path, "/cases/") {
		t.Fatalf("applying at a line: %d at %s", res.StatusCode, res.Request.URL)
	}
	if again, _ := firm.post(press[1], url.Values{"firm": {press[2]}, "offer": {press[3]}}); again.Request.URL.Path != res.Request.URL.Path {
		t.Errorf("applying once more begins another case: %s", again.Request.URL)
	}
	// Where it was begun, nobody is offered to apply once more: the file and the call lead to what was begun.
	begun := `href="` + res.Request.URL.Path + `"`
	for _, page := range []string{file, call} {
		_, body := firm.get(page)
		wants(t, body, begun, "继续填写")
		lacks(t, body, `name="offer" value="`+press[3])
	}
	for login, page := range map[string]string{"city": file, "viewer": file} {
		_, body := c.as(login).get(page)
		lacks(t, body, "继续填写")
	}
}

// What is told of the calls for a clause: those that are open, or the next, or the last.
func TestCallsOfClause(t *testing.T) {
	day := period.Date(2024, 10, 31)
	call := func(id int64, opens, closes period.Day, state subsidy.CallState) subsidy.Call {
		return subsidy.Call{Case: id, Policy: "p", Clauses: []string{"c1"}, Opens: opens, Closes: closes, State: state}
	}
	full := call(1, day-9, day+9, subsidy.CallPublished)
	full.Quota, full.Taken = 3, 3
	other := call(2, day-9, day+9, subsidy.CallPublished)
	other.Clauses = []string{"c2"}
	for name, tt := range map[string]struct {
		calls []subsidy.Call
		want  []string // of each call that is told
		begin bool
	}{
		"none":       {nil, []string{"现在没有受理这一条款的申报通知"}, false},
		"another":    {[]subsidy.Call{other}, []string{"现在没有受理这一条款的申报通知"}, false},
		"open":       {[]subsidy.Call{call(3, day, day, subsidy.CallPublished), call(4, day-30, day-9, subsidy.CallPublished)}, []string{"正在受理，2024-10-31 截止"}, true},
		"two open":   {[]subsidy.Call{call(3, day, day+2, subsidy.CallPublished), call(4, day-1, day+1, subsidy.CallPublished)}, []string{"正在受理，2024-11-02 截止", "正在受理，2024-11-01 截止"}, true},
		"full":       {[]subsidy.Call{full}, []string{"受理至 2024-11-09，3 个名额已满"}, false},
		"next":       {[]subsidy.Call{call(3, day+20, day+30, subsidy.CallPublished), call(4, day+1, day+2, subsidy.CallPublished), call(5, day-9, day-8, subsidy.CallPublished)}, []string{"2024-11-01 开始受理，2024-11-02 截止"}, false},
		"over":       {[]subsidy.Call{call(3, day-9, day-1, subsidy.CallPublished), call(4, day-29, day-21, subsidy.CallClosed)}, []string{"已于 2024-10-30 截止"}, false},
		"ended":      {[]subsidy.Call{call(3, day-9, day+9, subsidy.CallClosed)}, []string{"已提前截止"}, false},
		"ended late": {[]subsidy.Call{call(3, day-9, day-4, subsidy.CallClosed)}, []string{"已于 2024-10-27 截止"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			line := lineView{Line: policy.Line{Clause: "c1", State: policy.Met, Pays: policy.Interval{Sure: 1, Possible: 1}, Subject: policy.Ref{ID: "7"}}}
			refused := lineView{Line: policy.Line{Clause: "c1", State: policy.NotMet}}
			d := decisionView{Policy: policy.Document{ID: "p"}, Clauses: []clauseView{{Clause: policy.Clause{ID: "c1"}, Lines: []lineView{line}, Others: []lineView{refused}}}}
			applying{t: i18n.T{Lang: i18n.ZH}, calls: tt.calls, today: day, firm: 5}.tell(&d)
			got := d.Clauses[0].Lines[0].Calls
			if len(got) != len(tt.want) || len(d.Clauses[0].Others[0].Calls) > 0 {
				t.Fatalf("told %v", got)
			}
			for i, x := range got {
				if x.Text != tt.want[i] || (x.Firm == 5) != tt.begin || tt.begin && x.Offer != "c1/7/0" {
					t.Errorf("told %+v, want %q", x, tt.want[i])
				}
			}
		})
	}
}
