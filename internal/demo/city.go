package demo

import "slices"

// area is a county, district or zone of the city.
type area struct {
	code   string // GB/T 2260, statistical for 经开区; none for 盐南高新区
	name   string
	short  string
	weight int  // of a thousand enterprises
	city   bool // inside the area that the city's own fund pays for
}

var areas = []area{
	{"320902", "亭湖区", "亭湖", 82, true},
	{"320903", "盐都区", "盐都", 104, true},
	{"320904", "大丰区", "大丰", 142, true},
	{"320921", "响水县", "响水", 58, false},
	{"320922", "滨海县", "滨海", 78, false},
	{"320923", "阜宁县", "阜宁", 92, false},
	{"320924", "射阳县", "射阳", 86, false},
	{"320925", "建湖县", "建湖", 98, false},
	{"320981", "东台市", "东台", 150, false},
	{"320971", "盐城经济技术开发区", "经开区", 74, true},
	{"", "盐南高新区", "盐南", 36, true},
}

// The places of areas by what is done in them elsewhere in this package.
const (
	dafeng   = 2
	xiangshu = 3
	binhai   = 4
	funing   = 5
	sheyang  = 6
	jianhu   = 7
	dongtai  = 8
	kaifa    = 9
	yannan   = 10
)

// office is the registration office in an area's codes: 99 stands where a province would.
func (a area) office() string {
	if a.code == "" {
		return "990900"
	}
	return "99" + a.code[2:]
}

// trade is a class of GB/T 4754-2017 and what a firm in it is like.
type trade struct {
	code, name string
	word       string      // in the firm's name
	weight     int         // of firms anywhere in the city
	more       map[int]int // extra weight by area: what a place is known for
	scale      int64       // revenue, in percent of the city's usual
	perHead    int64       // revenue a head, 万元 a year
	power      int64       // kWh for 万元 of revenue
	coal       int64       // kg of standard coal for 万元 of revenue
}

var trades = []trade{
	{"1312", "小麦加工", "面粉", 12, map[int]int{sheyang: 14}, 90, 160, 110, 18},
	{"1329", "其他饲料加工", "饲料", 14, map[int]int{sheyang: 16, binhai: 8}, 130, 210, 70, 12},
	{"1361", "水产品冷冻加工", "水产", 12, map[int]int{dafeng: 10, sheyang: 10, dongtai: 6}, 80, 95, 190, 30},
	{"1371", "蔬菜加工", "果蔬", 14, map[int]int{dongtai: 14, xiangshu: 14}, 60, 70, 120, 26},
	{"1711", "棉纺纱加工", "棉纺", 44, map[int]int{sheyang: 60, dafeng: 24, funing: 20}, 80, 75, 620, 82},
	{"1751", "化纤织造加工", "织造", 26, map[int]int{dongtai: 20, sheyang: 20}, 75, 70, 430, 66},
	{"1771", "床上用品制造", "家纺", 16, map[int]int{sheyang: 12, dafeng: 8}, 65, 62, 90, 15},
	{"1781", "非织造布制造", "无纺", 12, map[int]int{funing: 24}, 70, 90, 300, 42},
	{"1819", "其他机织服装制造", "服饰", 34, map[int]int{binhai: 18, dongtai: 18}, 50, 38, 45, 8},
	{"1952", "皮鞋制造", "鞋业", 12, map[int]int{funing: 10, jianhu: 8}, 55, 40, 60, 10},
	{"2029", "其他人造板制造", "木业", 12, map[int]int{dongtai: 12}, 55, 70, 140, 24},
	{"2221", "机制纸及纸板制造", "纸业", 8, map[int]int{dafeng: 14}, 240, 180, 520, 190},
	{"2614", "有机化学原料制造", "化学", 16, map[int]int{binhai: 44, xiangshu: 20, dafeng: 16}, 170, 200, 460, 260},
	{"2645", "染料制造", "染化", 8, map[int]int{binhai: 20, xiangshu: 10}, 140, 160, 420, 210},
	{"2710", "化学药品原料药制造", "药业", 10, map[int]int{binhai: 20, dafeng: 14}, 150, 130, 310, 120},
	{"2822", "涤纶纤维制造", "化纤", 8, map[int]int{binhai: 8, dongtai: 6}, 210, 190, 560, 150},
	{"2922", "塑料板、管、型材制造", "塑业", 28, nil, 65, 85, 260, 34},
	{"2926", "塑料包装箱及容器制造", "包装", 22, nil, 60, 78, 230, 30},
	{"3021", "水泥制品制造", "构件", 24, map[int]int{funing: 10}, 70, 110, 80, 46},
	{"3051", "技术玻璃制品制造", "玻璃", 16, map[int]int{dongtai: 24, sheyang: 10}, 85, 90, 480, 170},
	{"3130", "钢压延加工", "特钢", 10, map[int]int{xiangshu: 60, dafeng: 12}, 420, 330, 520, 340},
	{"3252", "铝压延加工", "铝业", 10, map[int]int{dafeng: 10}, 180, 210, 480, 96},
	{"3311", "金属结构制造", "钢构", 44, nil, 70, 95, 70, 16},
	{"3383", "金属制卫生器具制造", "洁具", 10, map[int]int{dongtai: 16}, 60, 72, 110, 20},
	{"3393", "锻件及粉末冶金制品制造", "锻造", 34, map[int]int{dafeng: 30, jianhu: 12}, 85, 100, 540, 128},
	{"3415", "风能原动设备制造", "风电", 14, map[int]int{dafeng: 46, sheyang: 30}, 380, 260, 60, 12},
	{"3421", "金属切削机床制造", "机床", 20, map[int]int{yannan: 8}, 90, 85, 75, 12},
	{"3443", "阀门和旋塞制造", "阀门", 34, map[int]int{jianhu: 50, funing: 30}, 70, 80, 120, 22},
	{"3463", "气体、液体分离及纯净设备制造", "滤材", 20, map[int]int{funing: 34}, 75, 84, 85, 14},
	{"3484", "机械零部件加工", "机件", 52, nil, 65, 76, 190, 26},
	{"3491", "工业机器人制造", "机器人", 6, map[int]int{yannan: 20, kaifa: 8}, 110, 130, 40, 6},
	{"3512", "石油钻采专用设备制造", "石油机械", 24, map[int]int{jianhu: 120}, 85, 88, 150, 28},
	{"3525", "模具制造", "模具", 20, map[int]int{kaifa: 16}, 60, 66, 170, 22},
	{"3551", "纺织专用设备制造", "纺机", 18, map[int]int{0: 20, 1: 20}, 75, 78, 90, 15},
	{"3584", "医疗、外科及兽医用器械制造", "医疗器械", 8, map[int]int{kaifa: 4, yannan: 8}, 70, 72, 60, 9},
	{"3591", "环境保护专用设备制造", "环保装备", 20, map[int]int{0: 90, funing: 10}, 95, 110, 60, 10},
	{"3670", "汽车零部件及配件制造", "汽车部件", 56, map[int]int{kaifa: 260, 1: 40}, 130, 120, 160, 20},
	{"3612", "新能源车整车制造", "新能源车", 2, map[int]int{kaifa: 8}, 900, 380, 45, 8},
	{"3734", "船用配套设备制造", "船配", 10, map[int]int{dafeng: 14}, 75, 86, 110, 20},
	{"3812", "电动机制造", "电机", 24, map[int]int{dafeng: 10, jianhu: 10}, 85, 92, 80, 12},
	{"3825", "光伏设备及元器件制造", "光伏", 12, map[int]int{kaifa: 40, funing: 30, jianhu: 24}, 520, 340, 140, 18},
	{"3831", "电线、电缆制造", "电缆", 20, map[int]int{dongtai: 10}, 160, 240, 50, 8},
	{"3841", "锂离子电池制造", "锂电", 8, map[int]int{kaifa: 28, 1: 12, dafeng: 8}, 460, 260, 210, 28},
	{"3872", "照明灯具制造", "照明", 24, map[int]int{jianhu: 80}, 65, 68, 60, 9},
	{"3976", "光电子器件制造", "光电", 12, map[int]int{1: 24, yannan: 20, dongtai: 14}, 190, 140, 150, 16},
	{"3982", "电子电路制造", "电路", 14, map[int]int{1: 34, yannan: 14, dafeng: 8}, 150, 110, 260, 30},
	{"3985", "电子专用材料制造", "电材", 12, map[int]int{dongtai: 24, 1: 14}, 130, 130, 280, 34},
	{"4011", "工业自动控制系统装置制造", "自控", 14, map[int]int{yannan: 24, kaifa: 10}, 85, 110, 45, 6},
	{"4012", "电工仪器仪表制造", "仪表", 12, map[int]int{yannan: 8}, 70, 88, 50, 7},
}

// areaWeights and tradeWeights are what firms are drawn by.
var (
	areaWeights  = weightsOfAreas()
	tradeWeights = weightsOfTrades()
)

func weightsOfAreas() []int {
	var w []int
	for _, a := range areas {
		w = append(w, a.weight)
	}
	return w
}

func weightsOfTrades() [][]int {
	all := make([][]int, len(areas))
	for a := range areas {
		for _, t := range trades {
			all[a] = append(all[a], t.weight+t.more[a])
		}
	}
	return slices.Clip(all)
}
