package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/proof"
	"github.com/yanzhen/yanzhen/internal/store"
)

var deletionAddress = regexp.MustCompile(`/deletions/[0-9]+`)

// A firm asks to have a name deleted; an official grants it, another one approves, and the firm, the page of the figure and the certificate
// say what went. The file that it was read from went with it.
func TestErasurePages(t *testing.T) {
	c := newCity(t)
	id := c.firms[tinghuCode]
	ask := enterprisePath(id) + "/erasure"
	firm, city := c.as("firm"), c.as("city")
	_, body := firm.get(readingsPath(id))
	wants(t, body, "申请删除个人信息", `value="ent.legal_person"`)
	lacks(t, body, `value="ent.revenue"`)
	if res, body := firm.post(ask, url.Values{"fact": {"ent.legal_person"}, "reason": {"x"}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: status %d", res.StatusCode)
	} else {
		wants(t, body, "请写明理由")
	}
	_, body = firm.post(ask, url.Values{"fact": {"ent.legal_person"}, "reason": {"法定代表人已变更，本人要求删除"}})
	wants(t, body, "申请已提交", "等待答复")
	_, body = city.get("/retention")
	wants(t, body, "法定代表人", "本人要求删除", "同意，列入清单")
	request := regexp.MustCompile(`/deletion-requests/[0-9]+`).FindString(body)
	_, body = city.post(request, url.Values{"do": {"grant"}, "reason": {"同意删除"}})
	wants(t, body, "同意删除", "待核准")
	run := deletionAddress.FindString(body)
	_, body = city.get(run)
	wants(t, body, "等另一人核准", "法定代表人", "导入的文件")
	if res, _ := city.post(run+"/approve", nil); res.StatusCode != http.StatusForbidden {
		t.Errorf("approved by one person: status %d", res.StatusCode)
	}
	if res, _ := c.as("tinghu").get(run); res.StatusCode != http.StatusForbidden {
		t.Errorf("a county official: status %d", res.StatusCode)
	}
	_, body = c.as("second").post(run+"/approve", nil)
	wants(t, body, "已删除", "已删")
	_, body = firm.get(readingsPath(id))
	wants(t, body, "同意删除")
	_, body = c.as("city").get(factPath(id, id, "ent.legal_person"))
	wants(t, body, "已按期限删除")

	res, text := c.as("second").get(run + "/certificate")
	if res.StatusCode != http.StatusOK {
		t.Fatalf("certificate: status %d", res.StatusCode)
	}
	_, erased, hash, err := proof.VerifyCertificate([]byte(text), c.srv.Proof.Key())
	if err != nil || len(erased) < 2 || len(hash) != 64 {
		t.Errorf("certificate: %d things, %v", len(erased), err)
	}
	for i := range []byte(text) {
		if i%97 != 0 || text[i] == '\n' {
			continue
		}
		spoilt := []byte(text)
		spoilt[i] ^= 1
		if _, again, _, err := proof.VerifyCertificate(spoilt, c.srv.Proof.Key()); err == nil && fmt.Sprint(again) != fmt.Sprint(erased) {
			t.Errorf("byte %d was changed and nobody noticed", i)
		}
	}
	if found, err := c.srv.Proof.Check(t.Context()); err != nil || found.Found > 0 {
		t.Errorf("the audit log: %v, %v", found.Faults, err)
	}
	// The batch says that its file is gone, and cannot be read again.
	batch := fmt.Sprintf("/imports/%d", c.batches[0])
	if res, body := city.post(batch+"/again", nil); res.StatusCode == http.StatusOK && res.Request.URL.Path == batch {
		lacks(t, body, "正在读取")
	}
}

// A file of a case that was over long ago goes; the dossier of the case verifies all the same, and tells that it was deleted.
func TestErasedFileOfACase(t *testing.T) {
	c := newCity(t)
	one := casePath(c.caseOf[tinghuCode])
	file := fmt.Sprintf("%s/files/%d", one, c.evidence)
	c.exec(`UPDATE case_head SET ended = 'done', since = 1 WHERE id = $1`, c.caseOf[tinghuCode])
	_, body := c.as("admin").post("/retention", nil)
	wants(t, body, "办件的附件", "等另一人核准")
	_, body = c.official("admin9", access.Administrator, "").post(deletionAddress.FindString(body)+"/approve", nil)
	wants(t, body, "已删")
	res, body := c.as("tinghu").get(file)
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("the file: status %d", res.StatusCode)
	}
	wants(t, body, "按保存期限删除")
	res, text := c.as("auditor").get(one + "/dossier")
	if res.StatusCode != http.StatusOK {
		t.Fatalf("dossier: status %d", res.StatusCode)
	}
	z, whole, err := audit.Whole(strings.NewReader(text), int64(len(text)))
	if err != nil || !whole {
		t.Fatalf("dossier: %v", err)
	}
	v, err := proof.Verify(z, c.srv.Proof.Key(), c.srv.Library)
	if err != nil || len(v.Faults) > 0 || v.Gone != 1 {
		t.Errorf("verified: %d deleted, faults %v, %v", v.Gone, v.Faults, err)
	}
}

// exec changes what the product would not.
func (c *city) exec(statement string, args ...any) {
	c.t.Helper()
	err := c.srv.Consent.DB.Write(context.Background(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, statement, args...)
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// Old readings are listed by one administrator and deleted once another approves; what is on hold stays.
func TestRetentionPages(t *testing.T) {
	c := newCity(t)
	c.exec(`INSERT INTO consent_reading (id, at, account_id, role, party_id, areas, facts, place, grant_id, emergency_id) VALUES (1, 1, 1, 'auditor', $1, '', 'ent.tax_paid', '', 0, 0)`, c.firms[tinghuCode])
	admin := c.as("admin")
	_, body := admin.get("/retention")
	wants(t, body, "还没有清单", "查看记录", "收到后 3 年", "会计档案")
	_, body = admin.post("/holds", url.Values{"code": {dafengCode}, "reason": {"审计调查期间保留"}})
	wants(t, body, "盐城大丰乙电子有限公司", "审计调查期间保留", "解除")
	end := regexp.MustCompile(`/holds/[0-9]+/end`).FindString(body)
	_, body = admin.post(end, url.Values{"reason": {"调查结束"}})
	wants(t, body, "已解除：", "调查结束")
	_, body = admin.post("/retention", nil)
	wants(t, body, "等另一人核准", "查看记录", "该日期以前的全部")
	run := deletionAddress.FindString(body)
	if res, body := admin.post("/retention", nil); res.StatusCode != http.StatusConflict {
		t.Errorf("listed twice: status %d", res.StatusCode)
	} else {
		wants(t, body, "还在等另一人核准")
	}
	if res, _ := c.as("city").get(run); res.StatusCode != http.StatusNotFound {
		t.Errorf("an official is shown what belongs to no area: status %d", res.StatusCode)
	}
	_, body = c.official("admin9", access.Administrator, "").post(run+"/approve", nil)
	wants(t, body, "已删除", "删除证明")
	_, body = admin.post("/retention", nil)
	wants(t, body, "没有到期可删的")
}
