package selection

import (
	"testing"

	"github.com/yanzhen/yanzhen/internal/party"
)

// A nominee is told by more than its full name: by the name without its place, by the word that is its own, by the short name
// of a person. Words that anybody may use tell nothing.
func TestTelling(t *testing.T) {
	areas := library(t).lib.Areas()
	firm := func(name string, former ...string) party.Enterprise {
		return party.Enterprise{Name: name, USCC: "91990900MA1XWYXY0T", FormerNames: former}
	}
	yunzhou := firm("盐城市大丰区云舟机械（演示）有限公司", "江苏老牌铸造厂")
	for _, x := range []struct {
		name   string
		of     party.Enterprise
		person string
		text   string
		want   string // the name that is found, "" for none
	}{
		{"without the city", yunzhou, "", "大丰区云舟机械建成产线", "云舟机械"},
		{"without any place", yunzhou, "", "云舟机械建成产线", "云舟机械"},
		{"its own word alone", yunzhou, "", "云舟公司完成设备联网", "云舟"},
		{"its own word, in traditional characters", yunzhou, "", "雲舟完成設備聯網", "云舟"},
		{"its own word, apart", yunzhou, "", "“云 舟”牌", "云舟"},
		{"another firm of the trade", yunzhou, "", "大丰区的机械企业完成设备联网", ""},
		{"a former name", yunzhou, "", "前身老牌铸造厂", "老牌铸造厂"},
		{"a former name's word", yunzhou, "", "从老牌起步", "老牌"},
		{"the code of the organisation", yunzhou, "", "机构代码 MA1XWYXY-0", "MA1XWYXY0"},
		{"a person of two characters", yunzhou, "王某", "由王某负责", "王某"},
		{"a person of two characters, apart", yunzhou, "王某", "由王 某负责", "王某"},
		{"another person", yunzhou, "王某", "由班组长负责", ""},
		{"a word of one character, with its trade", firm("盐城亭湖甲机械有限公司"), "", "甲机械的产线", "甲机械"},
		{"a character alone", firm("盐城亭湖甲机械有限公司"), "", "甲组的产线", ""},
		{"a name that is place and trade", firm("盐城机械有限公司"), "", "机械加工产线", ""},
		{"a name that is place and trade, whole", firm("盐城机械有限公司"), "", "盐城机械的产线", "盐城机械有限公司"},
		{"a common word", firm("盐城创新电子有限公司"), "", "持续创新，效率提高", ""},
		{"a common word with its trade", firm("盐城创新电子有限公司"), "", "创新电子的产线", "创新电子"},
		{"two letters as a word", firm("TF有限公司"), "", "采用 TF 系统", "TF有限公司"},
		{"two letters within a word", firm("TF有限公司"), "", "outfit 和 netflow", ""},
		{"two letters beside characters", firm("TF有限公司"), "", "由ＴＦ公司提供", "TF有限公司"},
		{"no place at all", firm("海纳百川智能装备股份有限公司"), "", "海纳百川的做法", "海纳百川"},
	} {
		t.Run(x.name, func(t *testing.T) {
			if got, _ := Reveals(x.text, Telling(areas, x.of, x.person)); got != x.want {
				t.Errorf("%s in %q: found %q, want %q; names %q", x.of.Name, x.text, got, x.want, Telling(areas, x.of, x.person))
			}
		})
	}
}
