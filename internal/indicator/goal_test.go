package indicator

import (
	"math/big"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// promises is every target that ships: its indicator, and what was promised in the unit of the indicator's figures (fen, or the number itself;
// 100% is 1), worked out by hand.
const promises = `
jiangsu-2022 B152 value_added_growth at_least 3/50
jiangsu-2022 B153 energy_intensity_fall about 3/100
jiangsu-2022 B154 key_clusters at_least 16
jiangsu-2022 B155 key_chains at_least 50
jiangsu-2022 B156 cluster_revenue_share over 13/20
jiangsu-2022 B161 key_tech_projects about 50
jiangsu-2022 B162 innovation_centres range 1 2 increase
jiangsu-2022 B163 clusters_with_centre at_least 16
jiangsu-2022 B164 programme_works at_least 10
jiangsu-2022 B165 special_funds at_least 120000000000
jiangsu-2022 B166 completed_share at_least 1
jiangsu-2022 B167 completed_firms at_least 5000 increase
jiangsu-2022 B168 smart_factories_new at_least 50
jiangsu-2022 B169 smart_workshops_new at_least 300
jiangsu-2022 B170 benchmark_factories_new at_least 20
jiangsu-2022 B171 fiveg_factories_new at_least 3
jiangsu-2022 B172 star_cloud_new at_least 1000
jiangsu-2022 B173 cloud_firms over 450000
jiangsu-2022 B174 provincial_platforms_new at_least 20
jiangsu-2022 B175 digital_scenes at_least 100
jiangsu-2022 B176 industrial_apps at_least 2500 increase
jiangsu-2022 B177 fusion_pilot_areas at_least 3
jiangsu-2022 B178 base_stations_5g at_least 35000 increase
jiangsu-2022 B179 racks about 1/5 growth
jiangsu-2022 B180 id_nodes at_least 10 increase
jiangsu-2022 B181 id_served_firms at_least 30000 increase
jiangsu-2022 B182a smart_key_works at_least 30
jiangsu-2022 B182b smart_trade_works at_least 30
jiangsu-2022 B182c smart_landmark_works at_least 10
jiangsu-2022 B183 experience_centres at_least 30
jiangsu-2022 B184 information_consumption at_least 65000000000000
jiangsu-2022 B185 rural_5g_rate words
jiangsu-2022 B186 star_bases words
jiangsu-2022 B187 consumption_cities words
jiangsu-2022 B188 manufacturing_investment_share words
jiangsu-2022 B189 big_data_areas at_least 2
jiangsu-2022 B190 big_data_scenes range 3 5
jiangsu-2022 B191 big_data_projects at_least 40
suzhou-2022 B1 completed_share at_least 1
suzhou-2022 B78 completed_share at_least 1
suzhou-2022 B94 photonics_output words
suzhou-2022 B102 fund_volume over 30000000000000
wuxi-2022 B44 diagnosis_funds at_least 8000000000
wuxi-2022 B45 diagnosed_firms at_least 3000
wuxi-2022 B46 green_diagnosed_firms at_least 1000
wuxi-2022 B47 diagnosed_share at_least 1
wuxi-2022 B50 key_project_investment about 2402000000000
wuxi-2022 B55 smart_benchmarks_new at_least 1000
wuxi-2022 B56 key_projects at_least 100
yancheng-2022 B110 completed_share at_least 1
yancheng-2022 B111 new_projects_digital_share at_least 1
yancheng-2022 B112 chains_digital at_least 23
yancheng-2022 B113 base_stations_5g at_least 12000
yancheng-2022 B114 parks_gigabit_rate at_least 1
yancheng-2022 B115 id_nodes at_least 3
yancheng-2022 B116 provincial_scenes at_least 100
yancheng-2022 B117 provincial_factories at_least 200
yancheng-2022 B118 fiveg_factories at_least 1
yancheng-2022 B119 national_demonstration_firms at_least 5
yancheng-2022 B120 star_cloud_firms at_least 1500
yancheng-2022 B121 devices_online at_least 300000
yancheng-2022 B122 provincial_platforms at_least 10
yancheng-2022 B123 leading_providers at_least 5
yancheng-2022 B124 digital_talents at_least 30000
yancheng-2022 B125 feature_bases at_least 4
yancheng-2022 B126 smart_pilot_areas at_least 1
yancheng-2022 B127 integration_index at_least 72
yancheng-2022 B128 cnc_rate at_least 13/20
yancheng-2022 B129 mgmt_digital_rate at_least 17/20
yancheng-2022 B130 rd_tools_rate at_least 9/10
yancheng-2022 B131 productivity_growth relation value_added_growth
yancheng-2022 B132 provincial_demonstration_areas at_least 1
yancheng-2022 B133 diagnosed_share at_least 1
yancheng-2022 B134 assessments_held at_least 1
yancheng-2022 B135 city_demonstrations_new at_least 50
yancheng-2022 B136 provincial_factories_new at_least 40
yancheng-2022 B137 digital_scenes at_least 100
yancheng-2022 B138 key_chains at_least 23
yancheng-2022 B139 leaders_platform_share at_least 2/5
yancheng-2022 B140 star_cloud_new at_least 300
yancheng-2022 B141 key_projects at_least 100
yancheng-2022 B142 robots at_least 2000 increase
yancheng-2022 B143 cnc_machines at_least 10000 increase
yancheng-2022 B144 first_equipment_new at_least 10
yancheng-2022 B145 challenge_projects at_least 10
yancheng-2022 B146 industrial_apps at_least 100 increase
yancheng-2022 B147 city_providers_new at_least 10
yancheng-2022 B148 dedicated_line at_least 100
yancheng-2022 B149 id_registered_firms at_least 3500
yancheng-2022 B150 security_stars_new at_least 15
yancheng-2022 B151 craftsmen_new at_least 20
`

// TestGoals: every target is measured, by what and against which number.
func TestGoals(t *testing.T) {
	var got []string
	for _, g := range shipped(t).Goals() {
		line := []string{g.Plan.Code, g.ID, "-", g.Compare}
		if g.Indicator != nil {
			line[2] = g.Indicator.Code
		}
		for _, r := range []*big.Rat{g.Low, g.High} {
			if r != nil {
				line = append(line, r.RatString())
			}
		}
		if g.Than != nil {
			line = append(line, g.Than.Code)
		}
		if g.Change != "" {
			line = append(line, g.Change)
		}
		got = append(got, strings.Join(line, " "))
	}
	if diff := cmp.Diff(strings.TrimSpace(promises), strings.Join(got, "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestMet: what keeps a promise.
func TestMet(t *testing.T) {
	for _, tc := range []struct {
		compare, low, high, value string
		less                      bool
		met, known                bool
	}{
		{content.AtLeast, "65/100", "", "13/20", false, true, true},
		{content.AtLeast, "65/100", "", "1299/2000", false, false, true},
		{content.Over, "13/20", "", "13/20", false, false, true},
		{content.Over, "13/20", "", "1301/2000", false, true, true},
		{content.About, "50", "", "45", false, true, true},
		{content.About, "50", "", "44", false, false, true},
		{content.Range, "1", "2", "1", false, true, true},
		{content.Range, "1", "2", "3", false, true, true},
		{content.Range, "1", "2", "0", false, false, true},
		{content.Range, "1", "2", "2", true, true, true},
		{content.Range, "1", "2", "3", true, false, true},
		{content.AtLeast, "10", "", "9", true, true, true},
		{content.AtLeast, "10", "", "11", true, false, true},
		{content.Over, "10", "", "10", true, false, true},
		{content.About, "9", "", "10", true, true, true},
		{content.About, "9", "", "101/10", true, false, true},
		{content.AtLeast, "10", "", "", false, false, false},
		{content.Words, "", "", "9", false, false, false},
	} {
		rat := func(s string) *big.Rat {
			if s == "" {
				return nil
			}
			r, _ := new(big.Rat).SetString(s)
			return r
		}
		x := &Indicator{}
		if tc.less {
			x.Better = "less"
		}
		g := Goal{Target: content.Target{Compare: tc.compare}, Indicator: x, Low: rat(tc.low), High: rat(tc.high)}
		if met, known := g.Met(rat(tc.value), nil); met != tc.met || known != tc.known {
			t.Errorf("%s %s %s, less %v, %s: met %v, known %v", tc.compare, tc.low, tc.high, tc.less, tc.value, met, known)
		}
	}
	relation := Goal{Target: content.Target{Compare: content.Relation}}
	for _, tc := range []struct {
		value, than *big.Rat
		met, known  bool
	}{{big.NewRat(2, 1), big.NewRat(1, 1), true, true}, {big.NewRat(1, 1), big.NewRat(1, 1), false, true}, {big.NewRat(1, 1), nil, false, false}} {
		if met, known := relation.Met(tc.value, tc.than); met != tc.met || known != tc.known {
			t.Errorf("relation %v %v: met %v, known %v", tc.value, tc.than, met, known)
		}
	}
}

// TestGoalMistakes: a target that nothing measures as it says is told at its place.
func TestGoalMistakes(t *testing.T) {
	const head = "code: x\ntitle: {zh: 甲, en: A}\ndocument: 文\nissuer: 甲\narea: '320900'\nfrom: 2022-01-01\nto: 2024-12-31\nconfidence: unverified\ntargets:\n"
	for _, tc := range []struct{ name, line, want string }{
		{"no indicator", "compare: at_least, value: '1', span: each_year, indicator: ent.robots", "there is no indicator ent.robots"},
		{"no other indicator", "compare: relation, span: each_year, indicator: cnc_rate, than: nothing", "there is no indicator nothing"},
		{"people and machines", "compare: at_least, value: '1', unit: 万名, span: each_year, indicator: robots", "万名"},
		{"a rate without %", "compare: at_least, value: '65', span: each_year, indicator: cnc_rate", "cannot be converted"},
		{"money in pieces", "compare: at_least, value: '65', unit: 个, span: each_year, indicator: revenue", "cannot be converted"},
		{"an increase of what happens", "compare: at_least, value: '65', unit: 亿元, change: increase, span: each_year, indicator: revenue", "increase"},
		{"growth of a rate", "compare: at_least, value: '65', unit: '%', change: growth, span: each_year, indicator: cnc_rate", "growth"},
		{"amount and rate", "compare: relation, span: each_year, indicator: cnc_rate, than: revenue", "different types"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := head + "  - {id: B1, name: {zh: 甲, en: A}, " + tc.line + ", quote: 甲}\n"
			fsys := content.Overlay(contentdata.FS, fstest.MapFS{"targets/x.yaml": {Data: []byte(text)}})
			lib, err := content.Load(fsys)
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = Load(fsys, lib)
			if err == nil {
				t.Fatal("it is taken")
			}
			problems, _ := err.(content.Problems)
			if len(problems) != 1 || !strings.Contains(problems[0].String(), tc.want) || problems[0].Line != 10 || problems[0].File != "targets/x.yaml" {
				t.Errorf("want %q at targets/x.yaml:10, got:\n%v", tc.want, err)
			}
			if len(problems) > 0 && problems[0].In(i18n.ZH) == problems[0].In(i18n.EN) {
				t.Error("one language")
			}
		})
	}
}
