package demo

import (
	"context"
	"errors"

	"github.com/yanzhen/yanzhen/internal/period"
)

// What the assessment of the digital level of small and medium enterprises asks, in the words of its questionnaire.
var (
	networks    = []string{"建有车间工业控制网络", "建有连接设备、系统和人员的应用网络", "自建或租用5G网络", "网络全覆盖且可扩展"}
	devices     = []string{"生产设备总数", "数字化生产设备数", "联网生产设备数"}
	captured    = []string{"产品设计", "工艺设计", "营销管理", "售后服务", "计划排程", "生产管控", "质量管理", "设备管理", "安全生产", "能耗管理", "采购管理", "仓储物流", "财务管理", "人力资源"}
	coverages   = []string{"没有系统", "一个环节", "两个及以上环节", "超过80%的环节", "全部环节"}
	guarded     = []string{"有网络安全管理制度", "使用网络安全产品或服务", "开展网络安全风险评估", "有网络边界防护和入侵检测", "有数据安全管理制度", "使用数据安全产品或服务", "开展数据安全风险评估", "有数据资产台账并定期检查"}
	plans       = []string{"没有意向", "已了解", "已有规划", "已启动实施", "业务模式已改变并见成效", "对外交流或输出经验"}
	managed     = []string{"有业务流程管理制度", "有信息系统建设运维制度", "有数据管理制度", "有数字化激励制度", "配备数字化人员", "设有数字化岗位或部门", "开展数字化培训", "有数字化人才薪酬措施", "有数字化人才晋升通道"}
	effects     = []string{"改造后每百元营业收入综合能耗变化", "改造后月均产品合格率变化", "人均营业收入较上年变化", "每百元营业收入成本较上年变化"}
	rises       = []bool{false, true, true, false} // which of them are better when they go up
	alsoScenes  = []string{"协同办公", "决策支持"}         // scenes of business that no data is captured of
	spent       = "近三年平均数字化投入占营业收入比重"
	covered     = "信息系统覆盖业务环节的程度"
	planned     = "数字化规划实施阶段"
	trendsWords = []string{"下降", "持平", "上升"}
)

// answers is what a firm says of its digital level in 2024, in the order of the columns of questions; nil of who was not asked: large
// enterprises are not, and of the others one in three hands it in. How well a firm does goes by its size and by what the evaluation of the
// year before found; a few leave questions open, and a few say that more devices are networked than there are.
func (f *firm) answers(seed uint64) []any {
	s := newStream(seed^0xa55e55, uint64(f.number))
	if f.size == "大型" || !s.chance(350) {
		return nil
	}
	skill := (f.digital.index-380)/6 + s.between(-12, 24) // percent of what could be done
	switch f.size {
	case "中型":
		skill += 22
	case "微型":
		skill -= 15
	}
	if f.leader {
		skill += 10
	}
	skill = min(max(skill, 2), 98)
	near := func(spread int64) int64 { return min(max(skill+s.between(-spread, spread), 0), 100) }
	var all []any
	yes := func(n int) {
		for range n {
			all = append(all, yesNo(s.between(1, 100) <= skill))
		}
	}
	yes(len(networks))
	total := max(f.figures[1].employees*s.between(15, 80)/100, 6)
	digital := share(total, near(20), 100)
	networked := share(digital, s.between(55, 100), 100)
	if s.chance(10) {
		networked = total + s.between(1, 9)
	}
	all = append(all, total, digital, networked)
	yes(len(captured))
	all = append(all, coverages[near(18)*int64(len(coverages)-1)/100])
	yes(len(guarded))
	all = append(all, plans[near(18)*int64(len(plans)-1)/100])
	yes(len(managed))
	all = append(all, float64(s.between(2, 20+skill))/1000)
	for _, rising := range rises {
		step := min(int(near(40)*3/100), 2)
		if !rising {
			step = 2 - step
		}
		all = append(all, trendsWords[step])
	}
	for range len(captured) + len(alsoScenes) {
		all = append(all, min(near(16)*5/100, 4))
	}
	if s.chance(60) {
		for i := range all {
			if s.chance(250) {
				all[i] = nil
			}
		}
	}
	return all
}

// selfAssessments is what small and medium enterprises say of their digital level, as the bureau collects it. It is the word of the
// enterprises: what somebody finds on the spot goes before it.
func (c city) selfAssessments() []sheet {
	file := File{Authority: "enterprise", Sender: "盐城市工业和信息化局", Title: "中小企业数字化水平评测填报汇总表（2024年，演示数据）", Period: period.OfYear(2024)}
	return c.volumes("数字化水平评测填报汇总表", file, func(ctx context.Context, file File, first, last int) (int, error) {
		const base, management, effect, scene = "数字化基础", "数字化管理", "数字化成效", "数字化经营场景"
		cols := []column{
			{"", "序号", 6, plain},
			{"", "企业名称", 38, plain},
			{"", "统一社会信用代码", 22, plain},
			{"", "县（市、区）", 20, plain},
		}
		ask := func(group string, heads ...string) {
			for _, head := range heads {
				cols = append(cols, column{group, head, 14, plain})
			}
		}
		ask(base, networks...)
		ask(base, devices...)
		for _, link := range captured {
			ask(base, "数据自动采集（"+link+"）")
		}
		ask(base, covered)
		ask(base, guarded...)
		ask(management, planned)
		ask(management, managed...)
		cols = append(cols, column{management, spent, 14, percent})
		ask(effect, effects...)
		for _, names := range [][]string{captured, alsoScenes} {
			for _, name := range names {
				ask(scene, "数字化场景等级（"+name+"）")
			}
		}
		b, rows := newBook(), 0
		b.sheet("填报汇总", cols, 1)
		b.line(heading, file.Title)
		b.header()
		for f := range c.firms(ctx, first, last) {
			answers := f.answers(c.Seed)
			if answers == nil {
				continue
			}
			rows++
			b.record(append([]any{rows, f.name, f.code, areas[f.area].name}, answers...)...)
		}
		b.line(small, "注：企业自评，未经现场评定；空白为企业没有填。演示数据，企业和回答均为虚构。")
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	})
}
