package party

import (
	"context"
	"fmt"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

func city(n int) []firm {
	areas := []string{"320902", "320903", "320904", "320981", "zone:320971"}
	firms := make([]firm, n)
	for i := range firms {
		body := fmt.Sprintf("91320900%08X", 0x10000000+i)
		body += string(orgCheck(body[8:16]))
		code := body + string(usccCheck(body))
		firms[i] = firm{key: code, name: fmt.Sprintf("盐城第%d精密机械有限公司", i), uscc: code, area: areas[i%len(areas)]}
	}
	return firms
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
	w := newWorld(b, storetest.SQLite(b, migrations))
	w.say(city(100_000)...)
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
	r := w.load(0)
	county := access.NewScope(1, access.CountyOfficial, []string{"320904"}, nil)
	for _, text := range []string{"第99999", "精密", "91320900"} {
		b.Run("search "+text, func(b *testing.B) {
			for b.Loop() {
				r.Search(county, text, 20)
			}
		})
	}
}
