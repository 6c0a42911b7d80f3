package demo

import (
	"fmt"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// The years that the sheets speak of. The demo's clock stands at 2024-10-31, so the last year is not over.
const (
	firstYear = 2022
	lastYear  = 2024
	years     = lastYear - firstYear + 1
)

// firm is all that the offices know of one enterprise. It is a function of seed and number alone.
type firm struct {
	number  int
	name    string
	former  string // 曾用名; "" for none
	code    string
	area    int
	trade   int
	founded period.Day
	size    string
	leader  bool // 链主
	address string
	phone   string
	legal   string
	figures [years]figures // the last is January to September
	digital digital

	diagnosis *diagnosis
	projects  []project
	loans     []loan
	leases    []lease
	honours   []honour
}

// figures are a year's. Money is in whole 千元, as statistics are reported.
type figures struct {
	above                                   bool // above scale in that year
	output, revenue, profit, tax, assets    money.Fen
	valueAdded, research, invested, renewal money.Fen
	employees                               int64
	power                                   int64 // kWh
	energy                                  int64 // kg of standard coal
}

// digital is the yearly evaluation of 2023. Rates are in tenths of a percent, the index in tenths of a point.
type digital struct {
	cnc, management, design int64
	index                   int64
	stars                   int64 // of the cloud, 0 to 5
	online, robots, cncs    int64 // devices online, robots, machining centres
	identified              bool  // registered with a node for industrial identifiers
	unknown                 bool  // the firm did not answer
}

type diagnosis struct {
	on        period.Day
	institute string
	fee       money.Fen
}

// project is an investment. By year: what was invested, and of it what went into smart equipment and software.
type project struct {
	name, code string
	kind       string
	digital    bool
	started    period.Day
	accepted   period.Day // 0 when not yet
	total      money.Fen
	years      [years]spending
	other      otherAward
	unasked    bool // the finance bureau has not looked whether another document pays
}

type spending struct {
	investment          money.Fen
	equipment, software money.Fen
	effective           money.Fen
	unknown             bool // nobody has told what of it was effective
	blank               bool // nothing was invested, and the list says so by an empty cell
}

// otherAward is what another document of the city pays for the same project.
type otherAward struct {
	year     int
	amount   money.Fen
	document string
}

type loan struct {
	contract string
	bank     int
	project  string // its code
	digital  bool
	named    bool // the bank's list gives the name alone
	drawn    period.Day
	repaid   period.Day // 0 when not yet
	amount   money.Fen
	rate     int64 // hundredths of a percent
	interest [years]money.Fen
}

type lease struct {
	contract, lessor, project string
	started                   period.Day
	cost                      [years]money.Fen
}

type honour struct {
	title, level, document, item string
	on                           period.Day
	first                        bool
}

const thousand = 1000 * money.Yuan

// The quantiles of what is drawn, in 万元: revenue of a firm and the whole of a project.
var (
	revenues = []int64{2000, 2400, 3100, 4200, 5600, 7600, 10800, 17000, 33000, 190000}
	totals   = []int64{260, 480, 700, 1000, 1500, 2300, 3600, 6400, 13000, 42000}
	loaned   = []int64{200, 300, 500, 800, 1200, 2000, 3200, 6000, 12000, 26000}
)

// marks are loans and effective inputs (万元, by year, in 万元×100) at which the city's document turns: its ceiling
// and its threshold, and just beside them.
var (
	markedLoans  = [years][]int64{{10000, 20000}, {18000, 18181}, {20000, 19999}}
	markedInputs = []int64{49999, 50000, 50001}
)

var (
	institutes = []string{"盐城市智改数转诊断服务中心（演示）", "演示智能制造研究院盐城分院", "江苏数智诊断服务有限公司（演示）", "沿海工业互联网研究所（演示）"}
	banks      = []string{"演示商业银行盐城分行", "演示农村商业银行", "演示发展银行盐城市分行"}
	lessors    = []string{"演示融资租赁有限公司", "沿海演示金融租赁股份有限公司"}
	chains     = []string{"新能源汽车", "风电装备", "晶硅光伏", "动力电池", "高端纺织", "石油装备", "节能环保", "电子信息", "不锈钢", "生物医药"}
)

// cityFirm is the n-th firm of the city.
func cityFirm(seed uint64, n int) firm {
	s := newStream(seed, uint64(n))
	f := firm{number: n}
	f.area = s.weighted(areaWeights)
	f.trade = s.weighted(tradeWeights[f.area])
	f.founded = period.Date(int(1994+s.IntN(27)), 1+s.IntN(12), 1+s.IntN(28))

	word, here := brand(uint64(n), seed), areas[f.area]
	prefix := pick(s, []string{"盐城", "江苏", here.short})
	f.name = firmName(prefix, word, trades[f.trade].word)
	if s.chance(25) {
		f.former = firmName(here.short, word, trades[s.weighted(tradeWeights[f.area])].word)
		if f.former == f.name {
			f.former = ""
		}
	}
	f.code = creditCode(here.office(), shuffled(uint64(n), 10_000_000, seed)*10+7, f.founded >= period.Date(2015, 10, 1))
	if misprinted(n) {
		f.code = misprint(f.code)
	}
	f.address = fmt.Sprintf("盐城市%s演示路%d号", here.name, s.between(1, 399))
	f.phone = fmt.Sprintf("0515-0%07d", s.between(0, 9_999_999))
	f.legal = person(s)

	f.figures = drawFigures(s, f.trade)
	f.size = sizeOf(f.figures[1])
	f.leader = f.figures[1].revenue > 15*money.Yi && s.chance(300)
	f.digital = drawDigital(s, f.figures[1])
	if s.chance(780) {
		f.diagnosis = &diagnosis{period.Date(2022, 3, 1) + period.Day(s.IntN(950)), pick(s, institutes), money.Fen(s.between(20, 100)) * thousand}
	}
	f.drawProjects(s)
	f.drawHonours(s)
	return f
}

// misprinted says that a firm's code fails its check, as a few real ones do.
func misprinted(n int) bool { return n%1009 == 500 }

func drawFigures(s stream, tr int) (all [years]figures) {
	t := trades[tr]
	wan := share(s.quantile(revenues), t.scale, 100)
	wan = max(wan, s.between(1700, 2600))
	people := max(wan/t.perHead*s.between(80, 130)/100, s.between(8, 30))
	for y := range all {
		wan = share(wan, s.between(91, 121), 100)
		year := wan
		if y == years-1 {
			year = share(wan, 3, 4)
		}
		fen := func(part, whole int64) money.Fen { return money.Fen(share(year*10, part, whole)) * thousand }
		all[y] = figures{
			above:      wan >= 2000 || s.chance(300), // a firm that falls below stays on the list for a while
			revenue:    fen(1, 1),
			output:     fen(s.between(94, 108), 100),
			profit:     fen(s.between(-30, 140), 1000),
			tax:        fen(s.between(12, 52), 1000),
			assets:     money.Fen(share(wan*10, s.between(55, 170), 100)) * thousand,
			valueAdded: fen(s.between(170, 310), 1000),
			research:   fen(s.between(4, 46), 1000),
			invested:   fen(s.between(5, 160), 1000),
			employees:  share(people, s.between(95, 106), 100),
			power:      year * t.power * s.between(75, 130) / 100,
			energy:     year * t.coal * s.between(75, 130) / 100,
		}
		all[y].renewal = money.Fen(share(int64(all[y].invested/thousand), s.between(20, 85), 100)) * thousand
	}
	return all
}

// sizeOf follows the bounds for industry in the national rule of 2017: employees and revenue must both reach.
func sizeOf(f figures) string {
	switch {
	case f.employees >= 1000 && f.revenue >= 4*money.Yi:
		return "大型"
	case f.employees >= 300 && f.revenue >= 2000*money.Wan:
		return "中型"
	case f.employees >= 20 && f.revenue >= 300*money.Wan:
		return "小型"
	}
	return "微型"
}

func drawDigital(s stream, f figures) digital {
	lead := int64(0) // the big are ahead
	if f.revenue > money.Yi {
		lead = 90
	}
	d := digital{
		cnc:        min(s.between(280, 760)+lead, 985),
		management: min(s.between(430, 930)+lead, 990),
		design:     min(s.between(480, 940)+lead, 990),
		index:      min(s.between(380, 720)+lead, 930),
		online:     f.employees * s.between(8, 70) / 100,
		robots:     f.employees * s.between(0, 5) / 100,
		cncs:       f.employees * s.between(0, 9) / 100,
		identified: s.chance(380),
		unknown:    s.chance(70),
	}
	if s.chance(360) {
		d.stars = s.between(2, 4)
		if s.chance(60) {
			d.stars = 5
		}
	}
	return d
}

var deeds = []struct{ name, kind string }{
	{"数字化车间建设项目", "智能化改造"},
	{"智能化生产线改造项目", "智能化改造"},
	{"智能工厂建设项目", "智能化改造"},
	{"生产装备智能化升级项目", "智能化改造"},
	{"工业互联网平台应用项目", "数字化转型"},
	{"MES与ERP集成应用项目", "数字化转型"},
	{"设备联网与数据采集项目", "数字化转型"},
	{"仓储物流数字化项目", "数字化转型"},
	{"节能降碳改造项目", "绿色化改造"},
	{"厂房扩建项目", "其他"},
}

func (f *firm) drawProjects(s stream) {
	count := s.weighted([]int{620, 270, 85, 25})
	if f.leader {
		count++
	}
	for k := range count {
		p := f.drawProject(s, k)
		f.projects = append(f.projects, p)
		if s.chance(300) {
			f.loans = append(f.loans, f.drawLoan(s, p))
		}
		if s.chance(90) {
			f.leases = append(f.leases, f.drawLease(s, p))
		}
	}
}

func (f *firm) drawProject(s stream, k int) project {
	deed := deeds[s.weighted([]int{16, 18, 8, 16, 9, 10, 10, 7, 4, 2})]
	start := s.IntN(years)
	p := project{
		name:    deed.name,
		kind:    deed.kind,
		digital: deed.kind == "智能化改造" || deed.kind == "数字化转型",
		started: period.Date(firstYear+start, 1+s.IntN(9), 1+s.IntN(28)),
		total:   money.Fen(s.quantile(totals)) * money.Wan,
	}
	if k > 0 {
		p.name = fmt.Sprintf("%s（%s期）", p.name, []string{"一", "二", "三", "四"}[k])
	}
	y, m, _ := p.started.YMD()
	p.code = fmt.Sprintf("%02d%02d-%s-89-02-%06d", y%100, m, areas[f.area].office(), shuffled(uint64(f.number*4+k), 1_000_000, 0))

	for i := range p.years {
		p.years[i].blank = s.chance(40)
	}
	left := p.total
	for i := start; i < years && left > 0; i++ {
		spent := money.Fen(share(int64(left/thousand), s.between(35, 100), 100)) * thousand
		if left-spent < 60*money.Wan {
			spent = left
		}
		left -= spent
		p.years[i] = drawSpending(s, spent)
	}
	if left == 0 && s.chance(800) {
		p.accepted = p.started + period.Day(s.between(180, 700))
		if p.accepted > period.Date(2024, 10, 25) {
			p.accepted = 0
		}
	}
	p.unasked = s.chance(40)
	if p.digital && f.inCity() && s.chance(60) {
		p.other = otherAward{
			year:     firstYear + start,
			amount:   money.Fen(s.between(5, 240)) * money.Wan,
			document: pick(s, []string{"市先进制造业奖补文件（演示）", "市科技创新奖补文件（演示）", "市绿色发展奖补文件（演示）"}),
		}
	}
	return p
}

func drawSpending(s stream, spent money.Fen) spending {
	sp := spending{investment: spent, unknown: s.chance(60)}
	sp.effective = money.Fen(share(int64(spent/thousand), s.between(45, 97), 100)) * thousand
	if mark := money.Fen(pick(s, markedInputs)) * money.Wan / 100; s.chance(40) && mark <= spent {
		sp.effective = mark
	}
	sp.software = money.Fen(share(int64(sp.effective/thousand), s.between(5, 38), 100)) * thousand
	sp.equipment = sp.effective - sp.software
	return sp
}

func (f *firm) drawLoan(s stream, p project) loan {
	drawn := p.started + period.Day(s.between(-20, 200))
	drawn = min(max(drawn, period.Date(2022, 1, 5)), period.Date(2024, 10, 20))
	year := drawn.Year() - firstYear
	wan := s.quantile(loaned)
	if s.chance(80) {
		wan = pick(s, markedLoans[year])
	}
	l := loan{
		bank:    s.weighted([]int{5, 3, 2}),
		project: p.code,
		digital: p.digital,
		named:   s.chance(60),
		drawn:   drawn,
		amount:  money.Fen(wan) * money.Wan,
		rate:    s.between(345, 465),
	}
	l.contract = fmt.Sprintf("演贷%d第%06d号", drawn.Year(), shuffled(uint64(f.number)*4+uint64(len(f.loans)), 1_000_000, 1))
	if s.chance(350) {
		if l.repaid = drawn + period.Day(s.between(300, 900)); l.repaid > period.Date(2024, 10, 25) {
			l.repaid = 0
		}
	}
	for y := range years {
		from, to := max(drawn, period.Date(firstYear+y, 1, 1)), min(period.Date(firstYear+y, 12, 31), period.Date(2024, 10, 20))
		if l.repaid != 0 {
			to = min(to, l.repaid)
		}
		if to > from {
			// rate is hundredths of a percent, a year of banking has 360 days
			l.interest[y] = money.Fen(share(int64(l.amount), l.rate*int64(to-from), 10_000*360))
		}
	}
	return l
}

func (f *firm) drawLease(s stream, p project) lease {
	l := lease{
		contract: fmt.Sprintf("演租%d-%06d", p.started.Year(), shuffled(uint64(f.number)*4+uint64(len(f.leases)), 1_000_000, 2)),
		lessor:   pick(s, lessors),
		project:  p.code,
		started:  p.started,
	}
	for y := p.started.Year() - firstYear; y < years; y++ {
		l.cost[y] = money.Fen(s.between(200, 9000)) * thousand
	}
	return l
}

// titles are the words by which honours are announced, and how many of ten thousand firms bear one.
var titles = []struct {
	name, level string
	weight      int
	items       []string
}{
	{"国家级智能制造示范工厂", "国家级", 3, nil},
	{"国家级工业互联网试点示范", "国家级", 5, nil},
	{"国家级制造业与互联网融合发展试点示范", "国家级", 5, nil},
	{"省级重点工业互联网平台", "省级", 14, nil},
	{"省工业互联网标杆工厂", "省级", 26, nil},
	{"省智能制造示范工厂", "省级", 22, nil},
	{"省级制造业数字化典型应用场景", "省级", 60, []string{"智能排产场景", "质量追溯场景", "设备预测性维护场景", "能耗优化场景"}},
	{"省级制造业数字化实践案例", "省级", 40, []string{"供应链协同案例", "柔性制造案例", "数字孪生案例"}},
	{"省五星级上云企业", "省级", 60, nil},
	{"省首台（套）重大装备", "省级", 34, []string{"智能成套生产线", "高速加工中心", "海上风电主轴试验台"}},
}

func (f *firm) drawHonours(s stream) {
	for _, t := range titles {
		permyriad := t.weight
		if f.figures[1].revenue > 2*money.Yi {
			permyriad *= 4
		}
		if s.IntN(10_000) >= permyriad {
			continue
		}
		f.honours = append(f.honours, drawHonour(s, t.name, t.level, t.items))
	}
}

func drawHonour(s stream, title, level string, items []string) honour {
	h := honour{title: title, level: level, on: period.Date(2022, 2, 10) + period.Day(s.IntN(970)), first: s.chance(900)}
	h.document = fmt.Sprintf("演示发〔%d〕%d号", h.on.Year(), s.between(1, 180))
	if len(items) > 0 {
		h.item = pick(s, items)
	}
	return h
}

func (f *firm) inCity() bool { return areas[f.area].city }

// body is an institute or provider that serves the others and is no manufacturer.
type body struct {
	name, code, kind string
	area             int
	sales            [years]money.Fen
	unknown          bool // the kind was left open
	honours          []honour
}

// serviceBody is the n-th of the city; its codes lie beside those of the firms.
func serviceBody(seed uint64, n int) body {
	s := newStream(seed^0x5e71ce, uint64(n))
	kinds := []string{"国家级科研院所", "国家重点实验室", "检测认证平台", "其他机构"}
	b := body{area: pick(s, []int{0, 1, kaifa, yannan, yannan, dongtai}), unknown: s.chance(80)}
	b.kind = kinds[s.weighted([]int{3, 2, 3, 4})]
	b.name = firmName("盐城", brand(uint64(n), seed+1), "数智服务")
	b.code = creditCode(areas[b.area].office(), shuffled(uint64(n), 10_000_000, seed)*10+3, true)
	for y := range b.sales {
		b.sales[y] = money.Fen(s.between(120, 2600))*money.Wan + money.Fen(s.between(0, 999_999))
	}
	if s.chance(150) {
		b.sales[s.IntN(2)] = pick(s, []money.Fen{1000 * money.Wan, 1000*money.Wan - 1, 999*money.Wan + 9900*money.Yuan})
	}
	for _, t := range []struct {
		name, level string
		permille    int
	}{{"省级智改数转领军服务商", "省级", 220}, {"智改数转人才实训基地", "市级", 260}, {"优秀培训服务机构", "市级", 260}} {
		if s.chance(t.permille) {
			b.honours = append(b.honours, drawHonour(s, t.name, t.level, nil))
		}
	}
	return b
}
