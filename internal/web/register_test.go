package web

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Anybody finds each definition in the register, with its class, its grade and how long it is kept; of what is personal the ground and
// the purpose too.
func TestRegisterPage(t *testing.T) {
	c := newCity(t)
	_, body := c.visitor().get("/register")
	for _, d := range c.srv.Library.FactDefs() {
		if !strings.Contains(body, "<code>"+d.Code+"</code>") {
			t.Errorf("%s is not in the register", d.Code)
		}
	}
	wants(t, body, `<h3 id="contact">人员联系</h3>`, "不再有效后 3 年", "履行法定职责：通知办件和补正，核实数据", "一般数据，3 级（个人信息）", "未核实")
	_, body = c.visitor().get("/")
	wants(t, body, `href="/register"`)

	res, file := c.visitor().get("/register/export")
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != sheet.XLSXType || !bytes.HasPrefix([]byte(file), []byte("PK")) {
		t.Errorf("exported: %d, %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	_, body = c.visitor().get("/register/export?format=csv")
	if n := strings.Count(body, "\nent."); n < 40 {
		t.Errorf("%d definitions of enterprises are exported", n)
	}
	wants(t, body, "ent.contact_phone,联系电话,企业,人员联系,个人信息")
}
