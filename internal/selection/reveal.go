package selection

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/hanzi"
	"github.com/yanzhen/yanzhen/internal/party"
)

// Telling is all by which a nominee could be told: the names of the enterprise with what is short for them, its code, and
// the person.
func Telling(areas *content.Tree, e party.Enterprise, person string) []string {
	var all []string
	for _, name := range append([]string{e.Name}, e.FormerNames...) {
		all = append(all, name)
		all = append(all, shortNames(areas, name)...)
	}
	if code := string(e.USCC); len(code) == 18 {
		all = append(all, code, code[8:17]) // the code of the organisation stands within the credit code
	}
	all = append(all, person)
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// bracketed is what stands in the brackets of a name: a place, a kind of partnership.
var bracketed = regexp.MustCompile(`[（(][^）)]*[）)]`)

// shortNames is what people say for the name of a firm: the name without place and legal form, and the word that is its own
// (字号), which stands between the place and the trade. A word that is common says nothing of who uses it.
func shortNames(areas *content.Tree, name string) []string {
	key := party.NameKey(bracketed.ReplaceAllString(name, ""))
	rest := withoutPlace(areas, key)
	word := rest
	for cut := true; cut; {
		cut = false
		for _, trade := range tradeWords {
			if before, ok := strings.CutSuffix(word, trade); ok {
				word, cut = before, true
				break
			}
		}
	}
	var all []string
	if word != "" && rest != key && utf8.RuneCountInString(rest) >= 3 {
		all = append(all, rest)
	}
	if word != rest && utf8.RuneCountInString(word) >= shortestName && !slices.Contains(commonWords, word) {
		all = append(all, word)
	}
	return all
}

// withoutPlace is a folded name without the areas that it begins with, the province before the city before the county.
func withoutPlace(areas *content.Tree, key string) string {
	var places []string
	for _, n := range areas.Nodes() {
		for _, word := range append([]string{n.Name, n.Short}, n.Aliases...) {
			if word = party.FoldName(word); utf8.RuneCountInString(word) >= 2 && !strings.ContainsFunc(word, unicode.IsDigit) && strings.Contains(key, word) {
				places = append(places, word)
			}
		}
	}
	slices.SortFunc(places, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for cut := true; cut; {
		cut = false
		for _, p := range places {
			if rest, ok := strings.CutPrefix(key, p); ok && rest != "" {
				key, cut = rest, true
				break
			}
		}
	}
	return key
}

// tradeWords is what names of firms end with before their legal form.
var tradeWords = strings.Fields(`
	机械 机电 电子 电气 电器 电力 电缆 电池 光电 光伏 风电 半导体 通信 科技 技术 高科 智能 智造 装备 设备 制造 实业 工业 产业 重工 动力 传动 液压 泵业
	阀门 轴承 模具 铸造 锻造 精密 精工 金属 钢铁 特钢 铝业 铜业 五金 材料 新材料 新能源 能源 环保 环境 化工 化学 涂料 纺织 印染 化纤 服装 服饰 家纺 鞋业 皮革
	食品 饮料 酒业 粮油 农业 农机 生物 医药 制药 药业 医疗 器械 汽车 车业 汽配 零部件 部件 配件 船舶 航空 软件 信息 网络 数据 数字 互联网 物联网 系统 工程
	建设 建材 水泥 玻璃 陶瓷 木业 家具 纸业 造纸 印刷 包装 塑料 塑胶 橡胶 玩具 体育 用品 制品 仪器 仪表 自动化 控制 发展 集团 股份 控股 投资 贸易 商贸 国际
	服务 咨询 研究院 研究所 厂`)

// commonWords is what any nomination may say: a firm that is called so is told by its longer names only.
var commonWords = append(strings.Fields(`
	创新 先进 绿色 联合 现代 高端 通用 专用 联网 互联 协同 精益 智慧 云端 数控 领先 卓越 未来 标准 质量 安全 效率 成长 同行 共享 开放 平台 工厂 车间 产线
	生产 管理 研发 设计 企业 公司 行业 我们 本企业`), tradeWords...)

// Reveals says which of some names stands in a text, however it is written: width, case, brackets and spaces make no
// difference, nor do traditional characters or the legal form at the end of a name. A name of two Latin letters is found
// where it stands as a word.
func Reveals(text string, names []string) (name string, found bool) {
	folded := hanzi.Simplified(party.FoldName(text))
	for _, n := range names {
		for _, key := range []string{hanzi.Simplified(party.FoldName(n)), party.NameKey(n)} {
			short := len(key) <= shortestLatin // bytes: no Chinese name is as short
			switch {
			case utf8.RuneCountInString(key) < shortestName:
			case short && slices.Contains(latinWords(text), key), !short && strings.Contains(folded, key):
				return n, true
			}
		}
	}
	return "", false
}

const (
	shortestName  = 2 // characters: a person has no shorter one
	shortestLatin = 2 // letters that make a name only where they stand alone
)

// latinWords is the words of a text that are of Latin letters and digits, folded.
func latinWords(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) || !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, w := range words {
		words[i] = party.FoldName(w)
	}
	return words
}
