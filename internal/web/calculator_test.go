package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// Worked numbers of 盐政办发〔2022〕6号, typed into the form.
func TestCalculator(t *testing.T) {
	v := newSite(t).visitor()
	project := func(year, investment string) url.Values {
		return url.Values{
			"enterprise-0:area": {"320902"}, "project-0:project.is_digital": {"1"},
			"project-0:project.investment:" + year: {investment}, "project-0:project.effective_input:" + year: {investment},
		}
	}
	loan := func(day, principal string) url.Values {
		return url.Values{
			"enterprise-0:area": {"320902"}, "loan-0:loan.for_digital": {"1"}, "loan-0:loan.drawn_on": {day}, "loan-0:loan.principal": {principal},
		}
	}
	with := func(form url.Values, more ...string) url.Values {
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return form
	}
	tests := map[string]struct {
		form url.Values
		want []string
	}{
		"below the threshold":   {project("2022", "499.99"), []string{"还差 100 元"}},
		"at the threshold":      {project("2022", "500"), []string{">60 万元<"}},
		"full width, separated": {project("2022", "１，０００ 万元"), []string{">120 万元<"}},
		"fractions of 万元":       {project("2023", "4545.45"), []string{">499.9995 万元<"}},
		"at the ceiling":        {project("2024", "5000"), []string{">500 万元<"}},
		"loan":                  {loan("2022-05-01", "10000"), []string{">120 万元<"}},
		"loan beyond ceiling":   {loan("2022-05-01", "20000"), []string{">200 万元<", "240 万元"}},
		"two loans in two years": {
			with(loan("2022-05-01", "20000"), "loan-1:loan.for_digital", "1", "loan-1:loan.drawn_on", "2023-05-01", "loan-1:loan.principal", "20000"),
			[]string{">400 万元<"},
		},
		"one ceiling for all years": {with(loan("2022-05-01", "20000"), "loan-1:loan.for_digital", "1", "loan-1:loan.drawn_on", "2023-05-01", "loan-1:loan.principal", "20000",
			"set:loan_ceiling_period", "policy"), []string{">200 万元<", "已改 1 项"}},
		"other document gave more": {with(project("2022", "500"), "project-0:project.other_city_award:2022", "80"), []string{">0 万元<", "80 万元"}},
		"county pays by itself":    {with(project("2022", "500"), "enterprise-0:area", "320981"), []string{"县（市）政策不得低于", ">60 万元<"}},
		"not known":                {with(project("2022", "500"), "project-0:project.is_digital", ""), []string{"最多", ">60 万元<", "缺：", "是否智改数转项目"}},
		"title without its day":    {url.Values{"enterprise-0:area": {"320902"}, "honour-0:honour.title": {"nat_smart_factory"}}, []string{"最多", ">300 万元<", "获评日期"}},
		"title":                    {url.Values{"enterprise-0:area": {"320902"}, "honour-0:honour.title": {"nat_smart_factory"}, "honour-0:honour.awarded_on": {"2023-03-01"}}, []string{">300 万元<"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			res, body := v.get("/calculator?" + tt.form.Encode())
			if res.StatusCode != http.StatusOK {
				t.Fatalf("status %d", res.StatusCode)
			}
			wants(t, body, tt.want...)
		})
	}
}

func TestCalculatorFieldErrors(t *testing.T) {
	v := newSite(t).visitor()
	for field, value := range map[string]string{
		"project-0:project.investment:2022": "很多",
		"loan-0:loan.drawn_on":              "2022-13-01",
		"loan-0:loan.principal":             "-5",
		"honour-0:honour.title":             "no_such_title",
	} {
		_, body := v.get("/calculator?" + url.Values{field: {value}}.Encode())
		id := `id="` + field + `-error"`
		wants(t, body, "有 1 处填写无法识别", id, `aria-invalid="true"`, `aria-describedby="`+field+`-error"`)
	}
}

func TestCalculatorRows(t *testing.T) {
	v := newSite(t).visitor()
	_, body := v.get("/calculator?loan-0%3Aloan.principal=1&loan-1%3Aloan.principal=2&add=loan")
	wants(t, body, `name="loan-2:loan.principal"`, `name="loan-1:loan.principal" value="2"`)
	_, body = v.get("/calculator?loan-0%3Aloan.principal=1&loan-1%3Aloan.principal=2&drop=loan-0")
	wants(t, body, `name="loan-0:loan.principal" value="2"`)
	lacks(t, body, `name="loan-1:loan.principal"`)
	for _, odd := range []string{"add=enterprise", "drop=enterprise-0", "drop=loan-99", "drop=x", "loan-9999999:loan.principal=1", "project--1:x=1"} {
		if res, _ := v.get("/calculator?" + odd); res.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", odd, res.StatusCode)
		}
	}
}

func TestCalculatorPart(t *testing.T) {
	v := newSite(t).visitor()
	res, body := v.do("GET", "/calculator?project-0%3Aproject.is_digital=1&project-0%3Aproject.investment%3A2022=500&project-0%3Aproject.effective_input%3A2022=500&enterprise-0%3Aarea=320902",
		nil, http.Header{"Hx-Request": {"true"}})
	if strings.Contains(body, "<html") || !strings.Contains(res.Header.Get("HX-Replace-Url"), "project.investment") {
		t.Errorf("a script got a whole page, or no address: %s", res.Header.Get("HX-Replace-Url"))
	}
	wants(t, body, ">60 万元<", `hx-swap-oob="true"`)
}

// Nothing that comes in an address makes the calculator fail.
func FuzzCalculatorForm(f *testing.F) {
	f.Add("project-0:project.investment:2022=500&set:lease=loan&add=loan")
	f.Add("loan-3:loan.principal=９９９９９９９９９９９９９９９９９&drop=loan-1&loan-1:for=7")
	f.Add("honour-0:honour.title=?&enterprise-0:area=elsewhere")
	content, err := readShipped()
	if err != nil {
		f.Fatal(err)
	}
	lib := content.lib
	srv := &server{Deps: Deps{Library: lib, Clock: clock.Fixed(time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing))}}
	p, problems := policy.Compile(lib, version.PolicyFile, content.packages[0].Policy)
	if len(problems) > 0 {
		f.Fatal(problems)
	}
	f.Fuzz(func(t *testing.T, query string) {
		in, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		form, err := srv.newCalcForm(i18n.T{Lang: i18n.ZH}, p, srv.Clock.Today(), in)
		if err != nil {
			t.Fatal(err)
		}
		form.change(in.Get("add"), in.Get("drop"))
		plan, err := p.Plan(form.settings())
		if err != nil {
			t.Fatal(err)
		}
		d, err := plan.Decide(form.firm(), form.lastDay(), policy.Options{Trace: true, Advice: true})
		if err != nil {
			t.Fatal(err)
		}
		srv.viewDecision(form.t, p, d)
		form.groups()
		if again := form.address(); len(again.Encode()) > 4*len(query)+100 {
			t.Errorf("address grew from %d to %d", len(query), len(again.Encode()))
		}
	})
}
