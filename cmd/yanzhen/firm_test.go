package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/yanzhen/yanzhen/internal/web/webtest"
)

// answer fills in the form of an action of a case and sends it: files first, each to the question that it proves.
func (d *demonstration) answer(login, page, action string, answers map[string]string, proofs ...string) *webtest.Tab {
	d.Helper()
	tab := d.as(login, page+"/act/"+action)
	if tab.Text(`!!document.querySelector('button[name=do][value=send]')`) != "true" {
		d.Fatalf("%s is asked for no answers to %s:\n%s", login, action, tab.Text(`document.querySelector('main').innerText`))
	}
	for _, field := range proofs {
		file := filepath.Join(d.TempDir(), field+".pdf")
		if err := os.WriteFile(file, []byte("%PDF-1.4\n% "+page+action+field+"\ntrailer\n<<>>\n%%EOF\n"), 0o600); err != nil {
			d.Fatal(err)
		}
		tab.Do(chromedp.SetUploadFiles(chromedp.CSS(fmt.Sprintf(`input[name="file.%s"]`, field)), []string{file}))
		tab.Click(fmt.Sprintf(`button[formaction$="field=%s"]`, field))
		d.wants(tab, "", field+".pdf")
	}
	typed, err := json.Marshal(answers)
	if err != nil {
		d.Fatal(err)
	}
	if lacks := tab.Text(fmt.Sprintf(`(function () {
		var typed = %s, lacks = [];
		for (var name in typed) {
			var all = document.getElementsByName('a.' + name), one = all[0];
			if (!one) { lacks.push(name); continue; }
			if (one.type !== 'radio') { one.value = typed[name]; continue; }
			for (var i = 0; i < all.length; i++) all[i].checked = all[i].value === typed[name];
		}
		return lacks.join(' ');
	})()`, typed)); lacks != "" {
		d.Fatalf("the form of %s asks for no %s:\n%s", action, lacks, tab.Text(`document.querySelector('main').innerText`))
	}
	tab.Click(`button[name=do][value=send]`)
	d.wants(tab, "")
	if at := tab.Text("location.pathname"); at != page {
		d.Fatalf("%s was not taken by %s, the form stands at %s:\n%s", action, login, at, tab.Text(`document.querySelector('main').innerText`))
	}
	return tab
}

// TestEnterpriseOfTheDemo does on pages of the demo what an enterprise does of itself: it files a project, reports a milestone, is
// accepted with what was before and after, applies for what the policy now owes it for sure, and nominates itself for an open
// selection, which the county and the city see.
func TestEnterpriseOfTheDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	d := newDemonstration(t)
	d.begin("2024-10-31")

	// A project, from nothing.
	tab := d.as("enterprise", "/cases/new")
	const begin = `form:has(input[name=workflow][value=project_filing])`
	fill(tab, begin+` [name=name]`, "黑灯车间改造项目")
	tab.Click(begin + " button")
	page := strings.TrimSuffix(tab.Text("location.pathname"), "/act/file")
	d.answer("enterprise", page, "file", map[string]string{
		"name": "黑灯车间改造项目", "kind": "smart", "is_digital": "true", "content": "新上数控加工中心、焊接机器人和制造执行系统，改造机加工和焊接工序，解决换型慢和质量追溯难的问题。",
		"place": "本市测试路1号", "new_build": "false", "started_on": "2024-02-01", "ends_on": "2024-10-20", "plan_total": "1600", "plan_equipment": "1000", "plan_software": "300",
		"own_funds": "100", "loan": "false", "lease": "false", "milestones.0.what": "设备到货", "milestones.0.due": "2024-05-31", "contact": "王某", "phone": "0515-88880000", "truthful": "true",
	}, "plan_total")
	d.wants(d.as("county", page), "填写的内容：智改数转项目备案", "焊接机器人", "1,600 万元", "设备到货")
	d.answer("county", page, "register", map[string]string{"is_digital": "true", "ground": "新上智能装备和制造执行系统，见实施方案"})
	d.answer("enterprise", page, "milestone", map[string]string{"milestone": "设备到货", "reached_on": "2024-05-20", "said": "十台加工中心到货", "money": "false"})
	d.wants(d.as("county", page), "填写的内容：项目进度", "十台加工中心到货")
	d.answer("enterprise", page, "finish", map[string]string{
		"accepted_on": "2024-10-18", "done": "数控加工中心十台、焊接机器人六台已投入使用，制造执行系统上线运行三个月，换型时间和返工率都达到备案时的目标。", "late": "false",
		"investment": "1500", "effective_input": "1250", "equipment": "1000", "software": "250", "devices": "16", "cnc_before": "40", "cnc_after": "75", "online_before": "5", "online_after": "21",
		"effects.0.what": "人均产值", "effects.0.unit": "万元", "effects.0.before": "58", "effects.0.after": "91", "effects.0.how": "年产值除以平均人数", "contact": "王某", "truthful": "true",
	}, "done", "investment")
	d.wants(d.as("county2", page), "改造前", "改造后", "变化", "40%", "75%", "+35 个百分点", "+16 台", "人均产值", "+33")
	d.answer("county2", page, "accept", map[string]string{
		"effective_input": "1200", "visited_on": "2024-10-25", "finding": "设备到位，系统在用，一台检测设备不属于智能装备",
	})
	d.wants(d.as("enterprise", page), "已验收", "+35 个百分点")

	// What the clause comes to is sure, and is applied for.
	tab = d.as("enterprise", "/calls")
	tab.Click(`main a[href^="/calls/"]`)
	row := tab.Text(`[...document.querySelectorAll('main tr')].filter(function (r) { return r.innerText.includes('黑灯车间改造项目') && r.innerText.includes('2024') }).map(function (r) { return r.innerText }).join()`)
	if !strings.Contains(row, "150 万元") || strings.Contains(row, "至") || strings.Contains(row, "最多") {
		d.Errorf("the call offers %q, want 150 万元 for sure", row)
	}
	application := d.apply("黑灯车间改造项目", item{"equipment", "数控加工中心", "24320000000000002201", "2024-05-20", "演示机床公司", "CNC-2201", "10000000"},
		item{"software", "制造执行系统", "24320000000000002202", "2024-05-20", "演示软件公司", "", "2500000"})
	d.act("enterprise", application, "submit", "")
	d.wants(d.as("county", application), "县级初审", "对象\n黑灯车间改造项目", "125 万元") // by the invoices, which bound the base

	// Its own nomination, found from its first page.
	tab = d.as("enterprise", "/mine")
	d.wants(tab, "可以申报评选：", "2024-11-29 截止")
	tab.Click(`main .yz-todo a[href^="/selections/"]`)
	d.wants(tab, "市级智改数转示范企业评定", "开始申报")
	round := tab.Text("location.pathname")
	tab.Click(`form[action$="/nominate"] button`)
	nomination := tab.Text("location.pathname")
	if strings.Contains(tab.Text(`document.querySelector('main').innerText`), "提交推荐表") {
		d.Error("the enterprise is offered a form that this selection does not use")
	}
	d.answer("enterprise", nomination, "submit_demonstration", map[string]string{
		"direction": "factory", "done": strings.Repeat("建设柔性产线和制造执行系统，打通计划、工艺、质量和设备数据，", 5), "effect": strings.Repeat("换型时间缩短，返工率下降，交付周期缩短，", 4),
		"digital_investment": "900", "cnc_rate": "75", "mgmt_rate": "60", "rd_rate": "70", "devices_online": "21",
		"systems.0.what": "制造执行系统", "systems.0.since": "2024-06-01", "cases.0.what": "换型时间", "cases.0.before": "4 小时", "cases.0.after": "40 分钟",
		"copy": "先打通设备数据，再上制造执行系统，分三步走，投入可控。", "had_title": "false", "no_accident": "true", "contact": "王某", "phone": "0515-88880000", "truthful": "true",
	}, "done")
	d.wants(d.as("enterprise", nomination), "县级审核")
	county := d.as("county", "/today")
	county.Click(`main a[href^="/cases"]`)
	d.wants(d.as("county", nomination), "填写的内容：市级智改数转示范企业申报", "柔性产线", "4 小时", "40 分钟")
	d.act("county", nomination, "accept", "")
	d.wants(d.as("enterprise", nomination), "已推荐")
	d.wants(d.as("city", nomination), d.firm, "已推荐，评审中")
	d.wants(d.as("enterprise", round), "查看已有的申报")
}
