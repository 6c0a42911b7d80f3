package party

import (
	"context"
	"fmt"
	"testing"

	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

func city(n int) []firm {
	areas := []string{"320902", "320903", "320904", "320981", "zone:320971"}
	firms := make([]firm, n)
	for i := range firms {
		body := fmt.Sprintf("91320900%08X", 0x10000000+i)
		body += string(orgCheck(body[8:16]))
		code := body + string(usccCheck(body))
		firms[i] = firm{key: code, name: firmName(i), uscc: code, area: areas[i%len(areas)]}
	}
	return firms
}

// firmName is made of words that names are made of, so that a part of one fits many.
func firmName(i int) string {
	places := []string{"盐城", "盐城市大丰区", "东台", "江苏", "建湖县", "射阳", "阜宁", ""}
	marks := []string{"悦达", "长江", "恒信", "华夏", "宏大", "重力", "金桥", "绿源", "新世纪", "飞鸿", "东方", "三友", "吉祥"}
	trades := []string{"精密机械", "电子科技", "纺织", "汽车零部件", "新材料", "食品", "精密铸造", "环保设备", "木业", "照明电器", "化工"}
	forms := []string{"有限公司", "股份有限公司", "有限责任公司", "厂"}
	n := i
	pick := func(list []string) string {
		word := list[n%len(list)]
		n /= len(list)
		return word
	}
	return pick(places) + pick(marks) + pick(trades) + fmt.Sprint("第", n%97, "号") + pick(forms)
}

// newBenchWorld is a city with so many firms.
func newBenchWorld(b *testing.B, firms int) *world {
	b.Helper()
	w := newWorld(b, storetest.SQLite(b, migrations))
	w.say(city(firms)...)
	return w
}

func BenchmarkAppend(b *testing.B) {
	firms := city(100_000)
	for b.Loop() {
		w := newWorld(b, storetest.SQLite(b, migrations))
		w.say(firms...)
	}
	b.ReportMetric(float64(len(firms))*float64(b.N)/b.Elapsed().Seconds(), "firms/s")
}

func BenchmarkLoad(b *testing.B) {
	w := newBenchWorld(b, 100_000)
	b.Run("anew", func(b *testing.B) {
		for b.Loop() {
			if _, err := w.parties.build(context.Background(), 1); err != nil {
				b.Fatal(err)
			}
		}
	})
	w.load(0)
	b.Run("carried on", func(b *testing.B) {
		for b.Loop() {
			w.say(firm{key: "one", name: "新来的企业"})
			w.load(0)
		}
	})
}
