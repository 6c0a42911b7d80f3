package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// The receipt of a file and that of the calculator hold without the program that made them, for those who see the firm.
func TestReceipts(t *testing.T) {
	c := newCity(t)
	v := c.as("firm")
	path := enterprisePath(c.firms[tinghuCode])
	for name, from := range map[string]string{"file": path, "file with answers": path + "?policy=yancheng-2022-6&set:investment_base=effective", "calculator": "/calculator?policy=yancheng-2022-6"} {
		_, page := v.get(from)
		_, link, ok := strings.Cut(page, `/receipt?`)
		if !ok {
			t.Fatalf("%s leads to no receipt", name)
		}
		link, _, _ = strings.Cut(link, `"`)
		at := path + "/receipt?"
		if name == "calculator" {
			at = "/calculator/receipt?"
		}
		res, body := v.get(at + strings.ReplaceAll(link, "&amp;", "&"))
		r, err := version.ReadReceipt(strings.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %v, status %d", name, err, res.StatusCode)
		}
		f := c.inForce(r.Policy.ID)
		p, err := c.srv.Versions.Package(t.Context(), f.Version)
		if err != nil {
			t.Fatal(err)
		}
		if differ, err := r.Verify(c.srv.Library, p); err != nil || len(differ) > 0 {
			t.Errorf("%s: it does not hold: %+v, %v", name, differ, err)
		}
		if name == "file" && !strings.Contains(string(r.Decision), `"sure":"682000.00"`) {
			t.Errorf("the receipt says another amount: %.600s", r.Decision)
		}
	}
	if res, _ := v.get(enterprisePath(c.firms[dafengCode]) + "/receipt?policy=yancheng-2022-6"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a firm gets the receipt of another: status %d", res.StatusCode)
	}
}
