package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/subsidy"
	"github.com/yanzhen/yanzhen/internal/web/webtest"
)

var shownHash = regexp.MustCompile(`<pre class="yz-code">([0-9a-f]{64})</pre>`)

// A notice is published, held to be wrong, and corrected by somebody else; anybody reads all of it, sees what changed, and verifies the
// file by its hash.
func TestReleases(t *testing.T) {
	c := newCity(t)
	c.openCall()
	c.officers()
	notice, v := c.longNotice(noticeLines+150), c.visitor()
	round := "/rounds/" + strings.TrimPrefix(notice, "/notices/")

	_, body := v.get("/releases")
	wants(t, body, "演示长公示", "2024-0001", "免申即享拟兑付公示", "异议截止")
	_, body = v.get("/releases?kind=selection")
	wants(t, body, "没有符合条件的内容")
	for _, query := range []string{"?area=320900", "?year=2024", "?kind=subsidy_round&area=320900&year=2024"} {
		_, body = v.get("/releases" + query)
		wants(t, body, "演示长公示")
	}
	for _, query := range []string{"?area=320904", "?year=2019", "?year=x", "?kind=none", "?before=1"} {
		_, body = v.get("/releases" + query)
		lacks(t, body, "演示长公示")
	}
	first := c.releaseAt(round)
	_, body = v.get(first)
	wants(t, body, "演示长公示", "拟补金额（元）", "演示企业 00102", "去提出异议", notice, "如何核验", "后面的项")
	lacks(t, body, "与上一版相比", "第 207 项异议")
	_, body = v.get(first + "?firm=" + url.QueryEscape("演示企业 00300"))
	wants(t, body, "演示企业 00300")
	lacks(t, body, "演示企业 00299")
	_, body = v.get(notice)
	wants(t, body, first, "公布编号 2024-0001")

	city, second := c.as("city"), c.as("second")
	for _, login := range []string{"firm", "finance", "auditor"} {
		if res, _ := c.as(login).post(round+"/doubt", url.Values{"reason": {"有误"}}); res.StatusCode != http.StatusForbidden && res.StatusCode != http.StatusNotFound {
			t.Errorf("%s doubts: %d", login, res.StatusCode)
		}
	}
	_, body = city.post(round+"/lines/207/drop", url.Values{"reason": {"异议成立（演示）"}})
	wants(t, body, "已移出")
	res, body := city.post(round+"/doubt", url.Values{"reason": {strings.Repeat("长", 2001)}})
	if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "长长长") {
		t.Errorf("a long reason: %d", res.StatusCode)
	}
	_, body = city.post(round+"/doubt", url.Values{"reason": {"第 207 项异议成立"}})
	wants(t, body, "等另一人办理", "第 207 项异议成立", `value="keep"`)
	lacks(t, body, `value="correct"`)
	if res, _ := city.post(round+"/settle", url.Values{"outcome": {"correct"}, "reason": {"更正"}}); res.StatusCode != http.StatusForbidden {
		t.Errorf("corrected by who doubted: %d", res.StatusCode)
	}
	res, body = second.post(round+"/settle", url.Values{"outcome": {"correct"}, "reason": {"第 207 项撤下，联系 138 0013 8000"}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a reason with a telephone number: %d", res.StatusCode)
	}
	wants(t, body, "手机号", "13*******00")
	_, body = second.post(round+"/settle", url.Values{"outcome": {"correct"}, "reason": {"第 207 项异议成立，撤下"}})
	wants(t, body, "公示已更正", "更正和撤回")

	after := c.releaseAt(round)
	_, body = v.get(first)
	wants(t, body, "以更正后的为准", after)
	lacks(t, body, "去提出异议")
	_, body = v.get(after)
	wants(t, body, "第 207 项异议成立，撤下", "与上一版相比改了 1 项", "撤下", "演示企业 00207", "同一件事的全部公布", first)
	hash := shownHash.FindStringSubmatch(body)
	res, file := v.get(after + ".json")
	if sum := sha256.Sum256([]byte(file)); len(hash) == 0 || hex.EncodeToString(sum[:]) != hash[1] || res.StatusCode != http.StatusOK {
		t.Errorf("the file has another hash than %v", hash)
	}
	res, file = v.get(after + ".csv")
	wants(t, file, "\ufeffIdentifier,Title,Recipient Org:Name", "演示企业 00208", "awardUpdate", "CNY")
	lacks(t, file, "演示企业 00207")
	if !strings.Contains(res.Header.Get("Content-Disposition"), "release-2024-0002") {
		t.Errorf("the file is called %s", res.Header.Get("Content-Disposition"))
	}
	_, body = v.get("/open-data")
	wants(t, body, "Recipient Org:Identifier", "统一社会信用代码", "/open-data/subsidy_round.csv", "使用许可", "360Giving")
	_, file = v.get("/open-data/subsidy_round.csv")
	wants(t, file, "演示企业 00208", "2024-0002")
	lacks(t, file, "演示企业 00207", "2024-0001")
	_, file = v.get("/open-data/subsidy_round.json")
	wants(t, file, `{"releases":[{"release":{"id":`, "演示企业 00208")
	for _, path := range []string{"/releases/1", "/releases/x", after + ".pdf", "/open-data/none.csv", "/open-data/subsidy_round"} {
		if res, _ := v.get(path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	v.post("/language", url.Values{"lang": {"en"}})
	_, body = v.get(after)
	wants(t, body, "How to verify it", "What changed: 1 line", "Why it was corrected")
}

// What was published, as it looks at a desk and on a telephone.
func TestReleasesInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	c := newCity(t)
	c.openCall()
	c.officers()
	round := "/rounds/" + strings.TrimPrefix(c.longNotice(noticeLines+20), "/notices/")
	first := c.releaseAt(round)
	c.as("city").post(round+"/lines/207/drop", url.Values{"reason": {"异议成立（演示）"}})
	c.as("city").post(round+"/doubt", url.Values{"reason": {"第 207 项异议成立（演示）"}})
	c.look(t, browser, sight{"round-doubted", "second", round})
	c.as("second").post(round+"/settle", url.Values{"outcome": {"correct"}, "reason": {"第 207 项异议成立，撤下（演示）"}})
	c.look(t, browser, sight{"releases", "", "/releases"}, sight{"release-replaced", "", first}, sight{"release-corrected", "", c.releaseAt(round) + "?from=210"},
		sight{"open-data", "", "/open-data"}, sight{"round-corrected", "city", round})
}

// releaseAt is the page of the newest release of a round.
func (c *city) releaseAt(round string) string {
	c.t.Helper()
	all, err := c.srv.Releases.List(context.Background(), release.Filter{Kind: subsidy.RoundRelease, Limit: 1})
	if err != nil || len(all) == 0 {
		c.t.Fatalf("releases of %s: %v, %v", round, all, err)
	}
	return releasePath(all[0].ID)
}
