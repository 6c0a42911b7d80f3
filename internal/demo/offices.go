package demo

import (
	"context"
	"errors"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// diagnoses is what the institutes have done, as their centre reports it.
func (c city) diagnoses() []sheet {
	file := File{Authority: "institute", Sender: institutes[0], Title: "规上企业智改数转免费诊断完成情况表"}
	return c.volumes("免费诊断完成情况", file, func(ctx context.Context, file File, first, last int) (int, error) {
		b, rows := newBook(), 0
		b.sheet("诊断清单", []column{
			{"", "序号", 6, plain},
			{"", "企业名称", 38, plain},
			{"", "统一社会信用代码", 22, plain},
			{"", "县（市、区）", 20, plain},
			{"", "诊断日期", 12, date},
			{"", "诊断机构", 34, plain},
			{"", "诊断费用（万元）", 12, plain},
		}, 1)
		b.line(heading, file.Title)
		b.header()
		for f := range c.firms(ctx, first, last) {
			if f.diagnosis == nil {
				continue
			}
			rows++
			b.record(rows, f.name, f.code, areas[f.area].name, serial(f.diagnosis.on), f.diagnosis.institute, in(f.diagnosis.fee, money.Wan))
		}
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	})
}

// projectList is the bureau's list of projects, with the years side by side under a row of their own.
func (c city) projectList() []sheet {
	file := File{Authority: "bureau", Sender: "盐城市工业和信息化局", Title: "全市智能化改造和数字化转型项目库（2022—2024年）"}
	return c.volumes("智改数转项目库", file, func(ctx context.Context, file File, first, last int) (int, error) {
		cols := []column{
			{"", "序号", 6, plain},
			{"", "企业名称", 38, plain},
			{"", "统一社会信用代码", 22, plain},
			{"", "县（市、区）", 20, plain},
			{"", "项目代码", 26, plain},
			{"", "项目名称", 30, plain},
			{"", "项目类型", 12, plain},
			{"", "是否智改数转项目", 10, plain},
			{"", "开工日期", 12, slashed},
			{"", "竣工验收日期", 12, slashed},
			{"", "计划总投资", 13, amount},
		}
		for y := firstYear; y <= lastYear; y++ {
			group := fmt.Sprintf("%d年", y)
			cols = append(cols, column{group, "项目年度投资额", 13, amount}, column{group, "有效投入", 13, amount},
				column{group, "其中：设备投入", 13, amount}, column{group, "其中：软件投入", 13, amount})
		}
		b, rows := newBook(), 0
		b.sheet("项目库", cols, 2)
		b.line(heading, file.Title)
		b.line(small, "单位：万元")
		b.header()
		for f := range c.firms(ctx, first, last) {
			for _, p := range f.projects {
				rows++
				row := []any{rows, f.name, f.code, areas[f.area].name, p.code, p.name, p.kind, yesNo(p.digital), serial(p.started), serial(p.accepted), in(p.total, money.Wan)}
				for _, y := range p.years {
					row = append(row, y.cells()...)
				}
				b.record(row...)
			}
		}
		b.line(small, "注：有效投入指智能装备和工业软件投入；空白为企业尚未填报。")
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	})
}

// cells are a year of a project: 0 or blank where nothing was invested, a dash where nobody has told what was effective.
func (s spending) cells() []any {
	switch {
	case s.investment == 0 && s.blank:
		return []any{nil, nil, nil, nil}
	case s.investment == 0:
		return []any{0, 0, 0, 0}
	case s.unknown:
		return []any{in(s.investment, money.Wan), nil, "-", "-"}
	}
	return []any{in(s.investment, money.Wan), in(s.effective, money.Wan), in(s.equipment, money.Wan), in(s.software, money.Wan)}
}

// otherAwards is what the finance bureau paid for transformation projects under other documents of the city, and that
// it paid nothing: a workbook with a sheet a year.
func (c city) otherAwards() []sheet {
	file := File{Authority: "finance", Sender: "盐城市财政局", Title: "市级其他文件奖补项目情况表"}
	return c.volumes("市级其他文件奖补情况", file, func(ctx context.Context, file File, first, last int) (int, error) {
		b, rows := newBook(), 0
		for year := firstYear; year <= lastYear; year++ {
			b.sheet(fmt.Sprintf("%d年", year), []column{
				{"", "企业名称", 38, plain},
				{"", "统一社会信用代码", 22, plain},
				{"", "项目代码", 26, plain},
				{"", "项目名称", 30, plain},
				{"", "奖补文件", 30, plain},
				{"", "奖补金额（元）", 16, amount},
			}, 1)
			b.line(heading, fmt.Sprintf("%d年度市委市政府其他文件奖补项目情况表", year))
			b.header()
			for f := range c.firms(ctx, first, last) {
				for _, p := range f.projects {
					if !p.digital || p.unasked {
						continue
					}
					rows++
					if p.other.year == year {
						b.record(f.name, f.code, p.code, p.name, p.other.document, in(p.other.amount, money.Yuan))
						continue
					}
					b.record(f.name, f.code, p.code, p.name, nil, 0)
				}
			}
		}
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	})
}

// bankLists are the loans: two banks write 万元, one writes 元; each leaves out a code here and there.
func (c city) bankLists() []sheet {
	var all []sheet
	for i, bank := range banks {
		file := File{Authority: "bank", Sender: bank, Title: bank + "智改数转贷款清单"}
		unit, unitName := money.Wan, "万元"
		if i == 1 {
			unit, unitName = money.Yuan, "元"
		}
		all = append(all, sheet{name: bank + "贷款清单.xlsx", file: file, write: func(ctx context.Context, file File) (int, error) {
			return c.writeBank(ctx, file, i, unit, unitName)
		}})
	}
	return all
}

func (c city) writeBank(ctx context.Context, file File, bank int, unit money.Fen, unitName string) (int, error) {
	const paid = "已付利息（元）"
	b, rows := newBook(), 0
	b.sheet("贷款清单", []column{
		{"", "借款企业", 38, plain},
		{"", "统一社会信用代码", 22, plain},
		{"", "借款合同号", 22, plain},
		{"", "贷款银行", 24, plain},
		{"", "对应项目代码", 26, plain},
		{"", "是否用于智改数转", 10, plain},
		{"", "放款日期", 12, date},
		{"", "还款日期", 12, date},
		{"", "贷款金额（" + unitName + "）", 16, amount},
		{"", "年利率（%）", 9, plain},
		{paid, "2022年", 14, amount},
		{paid, "2023年", 14, amount},
		{paid, "2024年", 14, amount},
	}, 1)
	b.line(heading, file.Title)
	b.header()
	var total money.Fen
	for f := range c.firms(ctx, 0, c.Size) {
		for _, l := range f.loans {
			if l.bank != bank {
				continue
			}
			rows++
			total += l.amount
			var code any = f.code
			if l.named {
				code = nil
			}
			b.record(f.name, code, l.contract, banks[bank], l.project, yesNo(l.digital), serial(l.drawn), serial(l.repaid), in(l.amount, unit), float64(l.rate)/100,
				orBlank(l.interest[0], money.Yuan), orBlank(l.interest[1], money.Yuan), orBlank(l.interest[2], money.Yuan))
		}
	}
	b.record("合计", nil, nil, nil, nil, nil, nil, nil, in(total, unit), nil, nil, nil, nil)
	return rows, errors.Join(ctx.Err(), b.save(file.Path))
}

// leaseList is what lessors were paid, by year.
func (c city) leaseList() []sheet {
	file := File{Authority: "bureau", Sender: "盐城市地方金融监督管理局", Title: "智改数转融资租赁情况表"}
	return []sheet{{name: "融资租赁情况表.xlsx", file: file, write: func(ctx context.Context, file File) (int, error) {
		const cost = "租赁费用（万元）"
		b, rows := newBook(), 0
		b.sheet("融资租赁", []column{
			{"", "承租企业", 38, plain},
			{"", "统一社会信用代码", 22, plain},
			{"", "租赁合同号", 20, plain},
			{"", "出租人", 28, plain},
			{"", "对应项目代码", 26, plain},
			{"", "起租日", 12, slashed},
			{cost, "2022年", 13, amount},
			{cost, "2023年", 13, amount},
			{cost, "2024年", 13, amount},
		}, 1)
		b.line(heading, file.Title)
		b.header()
		for f := range c.firms(ctx, 0, c.Size) {
			for _, l := range f.leases {
				rows++
				b.record(f.name, f.code, l.contract, l.lessor, l.project, serial(l.started), orBlank(l.cost[0], money.Wan), orBlank(l.cost[1], money.Wan), orBlank(l.cost[2], money.Wan))
			}
		}
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	}}}
}

// honourList is who was given which title, manufacturers and service bodies alike.
func (c city) honourList() []sheet {
	file := File{Authority: "bureau", Sender: "盐城市工业和信息化局", Title: "智改数转相关荣誉称号获评情况汇总表"}
	return []sheet{{name: "荣誉称号汇总表.xlsx", file: file, write: func(ctx context.Context, file File) (int, error) {
		b, rows := newBook(), 0
		b.sheet("汇总表", []column{
			{"", "序号", 6, plain},
			{"", "单位名称", 38, plain},
			{"", "统一社会信用代码", 22, plain},
			{"", "县（市、区）", 20, plain},
			{"", "荣誉称号", 36, plain},
			{"", "级别", 9, plain},
			{"", "认定日期", 12, date},
			{"", "认定文号", 20, plain},
			{"", "获评项目名称", 24, plain},
			{"", "是否首次获评", 10, plain},
		}, 1)
		b.line(heading, file.Title)
		b.header()
		list := func(name, code string, place int, honours []honour) {
			for _, h := range honours {
				rows++
				b.record(rows, name, code, areas[place].name, h.title, h.level, serial(h.on), h.document, orDash(h.item, ""), yesNo(h.first))
			}
		}
		for f := range c.firms(ctx, 0, c.Size) {
			list(f.name, f.code, f.area, f.honours)
		}
		for n := range c.bodies() {
			s := serviceBody(c.Seed, n)
			list(s.name, s.code, s.area, s.honours)
		}
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	}}}
}

// serviceSales is what the tax bureau knows of the service bodies' invoices, in yuan and fen.
func (c city) serviceSales() []sheet {
	file := File{Authority: "tax", Sender: "国家税务总局盐城市税务局（演示）", Title: "技术服务机构应税开票销售情况"}
	return []sheet{{name: "技术服务机构开票销售.xlsx", file: file, write: func(ctx context.Context, file File) (int, error) {
		const sales = "年度技术服务应税开票销售额（元）"
		b, rows := newBook(), 0
		b.sheet("开票销售", []column{
			{"", "纳税人名称", 38, plain},
			{"", "纳税人识别号", 22, plain},
			{"", "所在县（市、区）", 20, plain},
			{"", "机构类别", 22, plain},
			{sales, "2022年", 18, amount},
			{sales, "2023年", 18, amount},
		}, 1)
		b.line(heading, file.Title)
		b.header()
		for n := range c.bodies() {
			s := serviceBody(c.Seed, n)
			kind := s.kind
			if s.unknown {
				kind = ""
			}
			rows++
			b.record(s.name, s.code, areas[s.area].name, orDash(kind, ""), in(s.sales[0], money.Yuan), in(s.sales[1], money.Yuan))
		}
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	}}}
}

// creditCheck is the yearly check of those who have a project.
func (c city) creditCheck() []sheet {
	file := File{Authority: "public", Sender: "盐城市公共信用信息中心", Title: "2024年项目申报企业信用核查表", Period: period.OfYear(2024)}
	return []sheet{{name: "信用核查表_2024年.xlsx", file: file, write: func(ctx context.Context, file File) (int, error) {
		b, rows := newBook(), 0
		b.sheet("核查表", []column{
			{"", "企业名称", 38, plain},
			{"", "统一社会信用代码", 22, plain},
			{"", "是否列入严重失信名单", 14, plain},
			{"", "是否发生重大安全环保事故", 14, plain},
			{"", "是否存在弄虚作假", 14, plain},
		}, 1)
		b.line(heading, file.Title)
		b.header()
		for f := range c.firms(ctx, 0, c.Size) {
			if len(f.projects) == 0 {
				continue
			}
			rows++
			s := newStream(c.Seed^0xc4ed17, uint64(f.number))
			b.record(f.name, f.code, yesNo(s.chance(8)), yesNo(s.chance(4)), yesNo(s.chance(2)))
		}
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	}}}
}
