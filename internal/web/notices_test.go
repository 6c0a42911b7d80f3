package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// longNotice publishes a round of n lines, of synthetic names, to one of which somebody objects, and gives the address of its
// notice.
func (c *city) longNotice(n int) string {
	c.t.Helper()
	ctx := context.Background()
	c.entitled()
	lists, publishes := c.scopeOf("city"), c.scopeOf("second")
	r, err := c.money.ListRound(ctx, lists, subsidy.NewRound{Area: "320900", Policy: "yancheng-2022-6", Clauses: []string{"c9"}, Title: "演示长公示", Line: c.lineOfCall()})
	if err != nil {
		c.t.Fatal(err)
	}
	lines, _, err := c.money.RoundLines(ctx, lists, r.ID, subsidy.LineFilter{Limit: 1})
	if err != nil {
		c.t.Fatal(err)
	}
	like := lines[0]
	err = c.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		columns := []string{"round_id", "n", "enterprise", "area", "firm", "clause", "subject", "name", "year", "fen", "state", "reason", "case_id"}
		return tx.InsertRows(ctx, "subsidy_round_line", columns, func(yield func([]any) bool) {
			for i := 101; i <= n; i++ {
				if !yield([]any{r.ID, int32(i), like.Enterprise, like.Area, fmt.Sprintf("演示企业 %05d", i), like.Clause, like.Subject, like.Name, int32(like.Year), int64(like.Amount), subsidy.LineListed, "", int64(0)}) {
					return
				}
			}
		})
	})
	if err == nil {
		err = c.money.PublishRound(ctx, publishes, r.ID)
	}
	if err == nil {
		_, err = c.money.Object(ctx, r.ID, 207, "某公司", "设备不是新购的（演示）")
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return noticePath(r.ID)
}

// A notice of many lines is shown a page at a time, found in by number and by name, and objected to by number from any page.
func TestLongNotice(t *testing.T) {
	c := newCity(t)
	c.openCall()
	c.officers()
	notice, v := c.longNotice(3*noticeLines), c.visitor()
	_, body := v.get(notice)
	if rows := strings.Count(body, `<th scope="row">演示企业`); rows == 0 || rows > noticeLines {
		t.Errorf("the first page has %d rows of %d", rows, noticeLines)
	}
	wants(t, body, "后面的项", "企业全称")
	lacks(t, body, "演示企业 00600", "前面的项")
	_, body = v.get(notice + "?from=401")
	wants(t, body, "演示企业 00401", "演示企业 00600", "前面的项")
	lacks(t, body, "演示企业 00400", "后面的项")
	_, body = v.get(notice + "?before=401")
	wants(t, body, "演示企业 00400", "演示企业 00201", "前面的项", "后面的项")
	lacks(t, body, "演示企业 00401", "演示企业 00200")
	_, body = v.get(notice + "?firm=" + url.QueryEscape("演示企业 00555"))
	wants(t, body, "演示企业 00555")
	lacks(t, body, "演示企业 00554", "前面的项", "后面的项")
	_, body = v.get(notice + "?firm=" + url.QueryEscape("没有这家"))
	wants(t, body, "没有这样的项")
	_, body = v.get(notice + "?line=555")
	wants(t, body, "第 555 项 演示企业 00555", `value="555"`)
	for _, line := range []string{"99999", "", "0", "第一"} {
		res, body := v.post(notice+"/object", url.Values{"line": {line}, "name": {"某人"}, "text": {"理由写在这里"}})
		if res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("line %q: %d", line, res.StatusCode)
		}
		wants(t, body, "公示中没有第", "理由写在这里")
	}
	_, body = v.post(notice+"/object", url.Values{"line": {"555"}, "name": {"某人"}, "text": {"理由"}})
	wants(t, body, "异议已收到")

	round := "/rounds/" + strings.TrimPrefix(notice, "/notices/")
	city := c.as("city")
	_, body = city.get(round)
	wants(t, body, "第 555 项 演示企业 00555", "设备不是新购的")
	long := strings.Repeat("长", 2001)
	if res, body := city.post(round+"/lines/207/drop", url.Values{"reason": {long}}); res.StatusCode != http.StatusUnprocessableEntity || len(mainOf(body)) == 0 {
		t.Errorf("a long reason: %d", res.StatusCode)
	}
	_, body = city.post(answers.FindStringSubmatch(body)[1], url.Values{"upheld": {"yes"}, "answer": {"属实（演示）"}, "back": {round}})
	wants(t, body, "属实（演示）", "异议成立")
}
