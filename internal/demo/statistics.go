package demo

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// directory is the bureau's list of who there is, with addresses and contacts.
func (c city) directory() []sheet {
	file := File{Authority: "bureau", Sender: "盐城市工业和信息化局", Title: "2024年全市规模以上工业企业名录", Period: period.OfYear(2024)}
	return c.volumes("规模以上工业企业名录_2024", file, func(ctx context.Context, file File, first, last int) (int, error) {
		b, rows := newBook(), 0
		b.sheet("企业名录", []column{
			{"", "序号", 6, plain},
			{"", "统一社会信用代码", 22, plain},
			{"", "企业名称", 38, plain},
			{"", "曾用名", 30, plain},
			{"", "所属县（市、区）", 20, plain},
			{"", "行业代码", 9, plain},
			{"", "行业名称", 26, plain},
			{"", "企业规模", 9, plain},
			{"", "是否规上", 9, plain},
			{"", "成立日期", 12, date},
			{"", "所属产业链", 14, plain},
			{"", "是否链主企业", 12, plain},
			{"", "详细地址", 36, plain},
			{"", "法定代表人", 11, plain},
			{"", "联系电话", 15, plain},
		}, 1)
		b.line(heading, file.Title)
		b.header()
		for f := range c.firms(ctx, first, last) {
			rows++
			t := trades[f.trade]
			b.record(f.number+1, f.code, f.name, orDash(f.former, ""), areas[f.area].name, t.code, t.name, f.size,
				yesNo(f.figures[2].above), serial(f.founded), orDash(f.chain(), "—"), yesNo(f.leader), f.address, f.legal, f.phone)
		}
		b.line(small, "注：本名录为演示数据，企业、代码、人员和电话均为虚构。")
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	})
}

// chain is the chain that a firm's trade belongs to; "" for most.
func (f *firm) chain() string {
	switch trades[f.trade].word {
	case "新能源车", "汽车部件":
		return chains[0]
	case "风电", "锻造":
		return chains[1]
	case "光伏":
		return chains[2]
	case "锂电":
		return chains[3]
	case "棉纺", "织造", "家纺", "服饰":
		return chains[4]
	case "石油机械", "阀门":
		return chains[5]
	case "环保装备", "滤材":
		return chains[6]
	case "光电", "电路", "电材":
		return chains[7]
	case "特钢":
		return chains[8]
	case "药业":
		return chains[9]
	}
	return ""
}

func orDash(s, dash string) any {
	if s == "" && dash == "" {
		return nil
	}
	if s == "" {
		return dash
	}
	return s
}

// sums are the totals that an annual sheet ends with.
type sums struct{ output, revenue, profit, tax, assets, valueAdded, research, invested, renewal money.Fen }

func (s *sums) add(f figures) {
	s.output += f.output
	s.revenue += f.revenue
	s.profit += f.profit
	s.tax += f.tax
	s.assets += f.assets
	s.valueAdded += f.valueAdded
	s.research += f.research
	s.invested += f.invested
	s.renewal += f.renewal
}

// annual2022 is the statistics bureau's year in 万元, with its total below.
func (c city) annual2022() []sheet {
	file := File{Authority: "statistics", Sender: "盐城市统计局", Title: "2022年全市规模以上工业企业主要经济指标", Period: period.OfYear(2022)}
	return c.volumes("规上工业企业主要指标_2022年", file, func(ctx context.Context, file File, first, last int) (int, error) {
		const economy, energy = "主要经济指标", "能源消费"
		b, rows, total := newBook(), 0, sums{}
		var people, power, coal int64
		b.sheet("2022年", []column{
			{"", "序号", 6, plain},
			{"", "统一社会信用代码", 22, plain},
			{"", "单位详细名称", 38, plain},
			{"", "县（市、区）", 20, plain},
			{"", "行业代码", 9, plain},
			{"", "是否规上", 9, plain},
			{economy, "工业总产值", 14, amount},
			{economy, "营业收入", 14, amount},
			{economy, "工业增加值", 14, amount},
			{economy, "利润总额", 13, amount},
			{economy, "实缴税金", 13, amount},
			{economy, "资产总计", 14, amount},
			{economy, "研发费用", 13, amount},
			{economy, "固定资产投资", 13, amount},
			{economy, "技术改造投资", 13, amount},
			{"", "从业人员平均人数（人）", 12, plain},
			{energy, "用电量（万千瓦时）", 14, amount},
			{energy, "综合能源消费量（吨标准煤）", 16, amount},
		}, 2)
		b.line(heading, file.Title)
		b.line(small, "单位：万元")
		b.header()
		for f := range c.firms(ctx, first, last) {
			rows++
			y := f.figures[0]
			total.add(y)
			people, power, coal = people+y.employees, power+y.power, coal+y.energy
			b.record(rows, f.code, f.name, areas[f.area].name, trades[f.trade].code, yesNo(y.above),
				in(y.output, money.Wan), in(y.revenue, money.Wan), in(y.valueAdded, money.Wan), in(y.profit, money.Wan), in(y.tax, money.Wan),
				in(y.assets, money.Wan), in(y.research, money.Wan), in(y.invested, money.Wan), in(y.renewal, money.Wan),
				y.employees, float64(y.power)/10_000, float64(y.energy)/1000)
		}
		b.record(nil, nil, "合计", nil, nil, nil,
			in(total.output, money.Wan), in(total.revenue, money.Wan), in(total.valueAdded, money.Wan), in(total.profit, money.Wan), in(total.tax, money.Wan),
			in(total.assets, money.Wan), in(total.research, money.Wan), in(total.invested, money.Wan), in(total.renewal, money.Wan),
			people, float64(power)/10_000, float64(coal)/1000)
		b.line(small, "注：1.本表统计范围为年主营业务收入2000万元及以上的工业企业。")
		b.line(small, "    2.演示数据，非统计资料。")
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	})
}

// annual2023 is the year after in 千元, the total on top, without the county that reports on its own.
func (c city) annual2023() []sheet {
	file := File{Authority: "statistics", Sender: "盐城市统计局", Title: "规模以上工业企业财务状况及能源消费（2023年）", Period: period.OfYear(2023)}
	return c.volumes("B203_规上工业企业_2023年", file, func(ctx context.Context, file File, first, last int) (int, error) {
		const balance, result, spent = "资产", "损益及分配", "投入及能源"
		b, rows, total := newBook(), 0, sums{}
		b.sheet("B203", []column{
			{"", "统一社会信用代码", 22, plain},
			{"", "单位详细名称", 38, plain},
			{"", "行政区划", 20, plain},
			{"", "行业代码", 9, plain},
			{"", "规上标识", 9, plain},
			{balance, "资产总计", 14, whole},
			{result, "营业收入", 14, whole},
			{result, "利润总额", 13, whole},
			{result, "实际缴纳税金", 13, whole},
			{"", "工业总产值", 14, whole},
			{"", "工业增加值", 14, whole},
			{"", "平均用工人数（人）", 12, whole},
			{spent, "研究开发费用", 13, whole},
			{spent, "固定资产投资额", 13, whole},
			{spent, "其中：技改投资", 13, whole},
			{spent, "用电量（千瓦时）", 15, whole},
			{spent, "综合能耗（吨标准煤）", 15, whole},
		}, 2)
		b.line(heading, file.Title)
		b.line(small, "综合机关名称：盐城市统计局            2023年            计量单位：千元")
		b.header()
		for f := range c.firms(ctx, first, last) {
			if f.area != jianhu {
				total.add(f.figures[1])
			}
		}
		b.record(nil, "总计", nil, nil, nil,
			in(total.assets, thousand), in(total.revenue, thousand), in(total.profit, thousand), in(total.tax, thousand),
			in(total.output, thousand), in(total.valueAdded, thousand), nil, in(total.research, thousand), in(total.invested, thousand), in(total.renewal, thousand), nil, nil)
		for f := range c.firms(ctx, first, last) {
			if f.area == jianhu {
				continue
			}
			rows++
			y := f.figures[1]
			b.record(f.code, f.name, areas[f.area].name, trades[f.trade].code, yesNo(y.above),
				in(y.assets, thousand), in(y.revenue, thousand), in(y.profit, thousand), in(y.tax, thousand),
				in(y.output, thousand), in(y.valueAdded, thousand), y.employees, in(y.research, thousand), in(y.invested, thousand), in(y.renewal, thousand),
				y.power, float64(y.energy)/1000)
		}
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	})
}

// countyCSV is 2023 from 建湖, out of an old system: GB18030, CRLF, thousands marks, 元.
func (c city) countyCSV() []sheet {
	file := File{Authority: "statistics", Sender: "建湖县统计局", Area: areas[jianhu].name, Title: "建湖县2023年规上工业企业主要指标", Period: period.OfYear(2023)}
	return []sheet{{name: "建湖县2023年规上工业企业主要指标.csv", file: file, write: c.writeCountyCSV}}
}

func (c city) writeCountyCSV(ctx context.Context, file File) (rows int, err error) {
	out, err := os.Create(file.Path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	encoded := transform.NewWriter(out, simplifiedchinese.GB18030.NewEncoder())
	w := csv.NewWriter(encoded)
	w.UseCRLF = true
	line := func(cells ...string) {
		if err == nil {
			err = w.Write(cells)
		}
	}
	line(file.Title, "", "", "", "", "", "", "", "", "", "", "", "", "", "", "")
	line("序号", "统一社会信用代码", "企业名称", "所在地", "行业代码", "是否规上", "工业总产值(元)", "营业收入(元)", "工业增加值(元)", "利润总额(元)", "实缴税金(元)", "资产总额(元)", "研发费用(元)", "固定资产投资(元)", "从业人数(人)", "用电量(千瓦时)")
	for f := range c.firms(ctx, 0, c.Size) {
		if f.area != jianhu {
			continue
		}
		rows++
		y := f.figures[1]
		line(strconv.Itoa(rows), f.code, f.name, "建湖", trades[f.trade].code, yesNo(y.above),
			i18n.Commas(y.output.String()), i18n.Commas(y.revenue.String()), i18n.Commas(y.valueAdded.String()), i18n.Commas(y.profit.String()), i18n.Commas(y.tax.String()), i18n.Commas(y.assets.String()), i18n.Commas(y.research.String()), i18n.Commas(y.invested.String()),
			strconv.FormatInt(y.employees, 10), strconv.FormatInt(y.power, 10))
	}
	w.Flush()
	return rows, errors.Join(err, ctx.Err(), w.Error(), encoded.Close())
}

// monthly2024 is what has been reported of the current year: January to September, cumulative.
func (c city) monthly2024() []sheet {
	file := File{Authority: "statistics", Sender: "盐城市统计局", Title: "2024年1-9月规模以上工业企业主要指标", Period: period.ToMonth(2024, 9)}
	return c.volumes("规上工业企业月报_2024年1-9月", file, func(ctx context.Context, file File, first, last int) (int, error) {
		b, rows := newBook(), 0
		b.sheet("1-9月", []column{
			{"", "统一社会信用代码", 22, plain},
			{"", "企业名称", 38, plain},
			{"", "县（市、区）", 20, plain},
			{"", "工业总产值", 14, amount},
			{"", "营业收入", 14, amount},
			{"", "利润总额", 13, amount},
			{"", "用电量（万千瓦时）", 14, amount},
		}, 2)
		b.line(heading, file.Title)
		b.line(small, "单位：万元")
		b.header()
		for f := range c.firms(ctx, first, last) {
			rows++
			y := f.figures[2]
			b.record(f.code, f.name, areas[f.area].name, in(y.output, money.Wan), in(y.revenue, money.Wan), in(y.profit, money.Wan), float64(y.power)/10_000)
		}
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	})
}

// monthlyMost is the largest city whose months are told: of a larger one they would be most of what there is.
const monthlyMost = 10_000

// monthsTold is how many months of each year have been reported.
var monthsTold = [years]int{12, 12, 9}

// seasons is how much of a year's work falls into which month.
var seasons = [12]int64{82, 68, 101, 98, 101, 106, 97, 98, 104, 103, 105, 112}

// monthly is what a firm did in a month. Money is in whole 千元.
type monthly struct {
	output, revenue money.Fen
	power           int64 // kWh
}

// months parts what is told of a firm's year into months, which add up to it.
func (c city) months(f firm, year int) []monthly {
	s := newStream(c.Seed^0x303, uint64(f.number*years+year))
	all, y := make([]monthly, monthsTold[year]), f.figures[year]
	split := func(total int64, put func(m *monthly, part int64)) {
		weights, sum, told := make([]int64, len(all)), int64(0), int64(0)
		for i := range all {
			weights[i] = seasons[i] * s.between(88, 112)
			sum += weights[i]
		}
		before := int64(0)
		for i := range all {
			told += weights[i]
			upTo := share(total, told, sum)
			put(&all[i], upTo-before)
			before = upTo
		}
	}
	split(int64(y.output/thousand), func(m *monthly, part int64) { m.output = money.Fen(part) * thousand })
	split(int64(y.revenue/thousand), func(m *monthly, part int64) { m.revenue = money.Fen(part) * thousand })
	split(y.power, func(m *monthly, part int64) { m.power = part })
	return all
}

// monthlyYears are the months of the statistics bureau, a workbook for each year with three columns a month; the last month is a sheet of its own.
func (c city) monthlyYears() []sheet {
	if c.Size > monthlyMost {
		return nil
	}
	var all []sheet
	for year := range years {
		y, told := firstYear+year, monthsTold[year]
		name := fmt.Sprintf("规上工业企业月度指标_%d年", y)
		if year == years-1 {
			told--
			name = fmt.Sprintf("规上工业企业月度指标_%d年1-%d月", y, told)
		}
		file := File{Authority: "statistics", Sender: "盐城市统计局", Title: fmt.Sprintf("%d年规模以上工业企业月度主要指标", y)}
		all = append(all, c.volumes(name, file, func(ctx context.Context, file File, first, last int) (int, error) {
			b, rows := newBook(), 0
			cols := []column{{"", "统一社会信用代码", 22, plain}, {"", "单位详细名称", 38, plain}, {"", "县（市、区）", 20, plain}}
			for m := range told {
				group := fmt.Sprintf("%d年%d月", y, m+1)
				cols = append(cols, column{group, "当月工业总产值（万元）", 14, amount}, column{group, "当月营业收入（万元）", 14, amount}, column{group, "当月用电量（万千瓦时）", 14, amount})
			}
			b.sheet(strconv.Itoa(y)+"年", cols, 1)
			b.line(heading, file.Title)
			b.header()
			for f := range c.firms(ctx, first, last) {
				if !f.figures[year].above {
					continue
				}
				rows++
				cells := []any{f.code, f.name, areas[f.area].name}
				for _, m := range c.months(f, year)[:told] {
					cells = append(cells, in(m.output, money.Wan), in(m.revenue, money.Wan), float64(m.power)/10_000)
				}
				b.record(cells...)
			}
			b.line(small, "注：演示数据，非统计资料。")
			return rows, errors.Join(ctx.Err(), b.save(file.Path))
		})...)
	}
	return all
}

// lateIn is how many of a thousand firms have not reported the last month.
const lateIn = 35

// lastMonth is the month that came in last, without the county that has not sent it and some firms elsewhere.
func (c city) lastMonth() []sheet {
	if c.Size > monthlyMost {
		return nil
	}
	m := monthsTold[years-1]
	title := fmt.Sprintf("%d年%d月规模以上工业企业月报", lastYear, m)
	file := File{Authority: "statistics", Sender: "盐城市统计局", Title: title, Period: period.OfMonth(lastYear, m)}
	return c.volumes("规上工业企业月报_"+fmt.Sprintf("%d年%d月", lastYear, m), file, func(ctx context.Context, file File, first, last int) (int, error) {
		b, rows := newBook(), 0
		b.sheet("月报", []column{
			{"", "统一社会信用代码", 22, plain},
			{"", "单位详细名称", 38, plain},
			{"", "县（市、区）", 20, plain},
			{"", "本月工业总产值", 14, amount},
			{"", "本月营业收入", 14, amount},
			{"", "本月用电量（万千瓦时）", 14, amount},
		}, 2)
		b.line(heading, file.Title)
		b.line(small, "单位：万元")
		b.header()
		for f := range c.firms(ctx, first, last) {
			late := newStream(c.Seed^0x309, uint64(f.number))
			if !f.figures[years-1].above || f.area == jianhu || late.chance(lateIn) {
				continue
			}
			rows++
			x := c.months(f, years-1)[m-1]
			b.record(f.code, f.name, areas[f.area].name, in(x.output, money.Wan), in(x.revenue, money.Wan), float64(x.power)/10_000)
		}
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	})
}

// evaluation is the yearly evaluation of digital development, tidy, without the district that sends its own.
func (c city) evaluation() []sheet {
	file := File{Authority: "bureau", Sender: "盐城市工业和信息化局", Title: "2023年规上企业数字化发展水平评测结果", Period: period.OfYear(2023)}
	return c.volumes("数字化发展水平评测_2023年", file, func(ctx context.Context, file File, first, last int) (int, error) {
		b, rows := newBook(), 0
		b.sheet("评测结果", []column{
			{"", "企业名称", 38, plain},
			{"", "统一社会信用代码", 22, plain},
			{"", "县（市、区）", 20, plain},
			{"", "是否参加评测", 12, plain},
			{"", "关键工序数控化率", 12, percent},
			{"", "经营管理数字化普及率", 12, percent},
			{"", "数字化研发设计工具普及率", 14, percent},
			{"", "两化融合发展水平", 12, plain},
			{"", "上云星级", 10, plain},
			{"", "联网设备数（台）", 12, plain},
			{"", "工业机器人数量（台）", 12, plain},
			{"", "数控机床数量（台）", 12, plain},
			{"", "是否完成标识注册", 12, plain},
		}, 1)
		b.line(heading, file.Title)
		b.header()
		for f := range c.firms(ctx, first, last) {
			if f.area == dafeng {
				continue
			}
			rows++
			d := f.digital
			if d.unknown {
				b.record(f.name, f.code, areas[f.area].name, "否", "-", "-", "-", "-", nil, nil, nil, nil, nil)
				continue
			}
			b.record(f.name, f.code, areas[f.area].name, "是", float64(d.cnc)/1000, float64(d.management)/1000, float64(d.design)/1000, float64(d.index)/10,
				d.stars, d.online, d.robots, d.cncs, yesNo(d.identified))
		}
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	})
}

// dafengEvaluation is the same from 大丰, put together by hand: the district merged down the rows, codes as the input
// method left them, percents as text, dashes of every length, dates of every kind, subtotals in between.
func (c city) dafengEvaluation() []sheet {
	file := File{Authority: "bureau", Sender: "大丰区工业和信息化局", Area: areas[dafeng].name, Title: "大丰区企业数字化水平摸底表（2023年）", Period: period.OfYear(2023)}
	return []sheet{{name: "大丰区数字化水平摸底表.xlsx", file: file, write: c.writeDafeng}}
}

func (c city) writeDafeng(ctx context.Context, file File) (int, error) {
	const level = "两化融合情况"
	b, rows := newBook(), 0
	b.sheet("Sheet1", []column{
		{"", "区域", 10, plain},
		{"", "企业 名称", 38, plain},
		{"", "统一社会\n信用代码", 24, plain},
		{"", "诊断时间", 14, plain},
		{level, "关键工序数控化率（%）", 14, plain},
		{level, "经营管理数字化普及率（%）", 14, plain},
		{level, "数字化研发设计工具普及率（%）", 14, plain},
		{level, "两化融合发展水平", 12, plain},
		{"", "上云星级", 10, plain},
		{"", "备注", 16, plain},
	}, 2)
	b.line(heading, file.Title)
	b.line(small, "填报单位：大丰区工业和信息化局（演示）")
	b.header()
	top := b.row + 1
	for f := range c.firms(ctx, 0, c.Size) {
		if f.area != dafeng {
			continue
		}
		rows++
		s := newStream(c.Seed^0xda, uint64(f.number)) // how this row was typed
		d := f.digital
		var place any
		if rows == 1 {
			place = "大丰区"
		}
		if d.unknown {
			b.record(place, f.name, typed(s, f.code), typedDay(s, f.diagnosis), pick(s, []string{"-", "—", "/", "无"}), "—", "-", nil, nil, "未填报")
			continue
		}
		b.record(place, typedName(s, f.name), typed(s, f.code), typedDay(s, f.diagnosis),
			typedPercent(s, d.cnc), typedPercent(s, d.management), typedPercent(s, d.design), float64(d.index)/10, d.stars, nil)
	}
	b.merge(0, top, 0, b.row)
	b.record("合计", fmt.Sprintf("%d家", rows), nil, nil, nil, nil, nil, nil, nil, nil)
	b.line(small, "注：未填报企业正在催报；比率按百分数填写。")
	return rows, errors.Join(ctx.Err(), b.save(file.Path))
}

func typed(s stream, code string) string {
	switch s.IntN(12) {
	case 0:
		return fullWidth(code)
	case 1:
		return code[:6] + " " + code[6:10] + " " + code[10:]
	case 2:
		return strings.ToLower(code)
	}
	return code
}

func typedName(s stream, name string) string {
	if s.chance(90) {
		return strings.NewReplacer("（", "(", "）", ")").Replace(name) + " "
	}
	return name
}

// typedPercent is a rate of tenths of a percent in a column of percents.
func typedPercent(s stream, tenths int64) any {
	text := fmt.Sprintf("%d.%d", tenths/10, tenths%10)
	switch s.IntN(8) {
	case 0:
		return text + "%"
	case 1:
		return text + "％"
	case 2:
		return text
	}
	return float64(tenths) / 10
}

func typedDay(s stream, d *diagnosis) any {
	if d == nil {
		return nil
	}
	y, m, day := d.on.YMD()
	switch s.IntN(6) {
	case 0:
		return fmt.Sprintf("%d.%d.%d", y, m, day)
	case 1:
		return fmt.Sprintf("%d年%d月%d日", y, m, day)
	case 2:
		return fmt.Sprintf("%d/%d/%d", y, m, day)
	case 3:
		return fmt.Sprintf("%d%02d%02d", y, m, day)
	}
	return d.on.String()
}
