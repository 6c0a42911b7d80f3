package assess

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/ruletest"
)

// small is a model with every kind of question, two paths, a part that may not apply, gates and classes.
const small = `rubric: small
edition: '1'
title: {zh: 小模型, en: Small}
issuer: {zh: 测试, en: Test}
source: 测试
confidence: unverified
full: '100'
places: 2
paths:
  - {id: large, name: {zh: 大, en: Large}, when: 'ent.size in ["large", "medium"]'}
  - {id: other, name: {zh: 其他, en: Other}, when: 'ent.size in ["small", "micro"]'}
must:
  - {id: honest, text: {zh: 未失信, en: Honest}, that: '!ent.blacklisted'}
parts:
  - id: base
    name: {zh: 基础, en: Base}
    weight: '60'
    parts:
      - id: systems
        name: {zh: 系统, en: Systems}
        weight: '20'
        multi:
          - {that: ent.has_erp, share: 30%}
          - {that: ent.has_mes, share: 30%}
          - {that: ent.has_plm, share: 40%}
      - id: robots
        name: {zh: 机器人, en: Robots}
        weight: '20'
        trim: {when: ent.platform_used, why: {zh: 不适用, en: Does not apply}}
        band:
          value: ent.robots
          over: ent.cnc_machines
          closed: upper
          bands: [{to: 10%, share: 0%}, {to: 20%, share: 25%}, {to: 60%, share: 50%}, {share: 100%}]
      - id: stars
        name: {zh: 星级, en: Stars}
        weight: '20'
        choice: {of: ent.cloud_stars, shares: [{is: '3', share: 50%}, {is: '4', share: 75%}, {is: '5', share: 100%}]}
  - id: effect
    name: {zh: 成效, en: Effect}
    weights: [{path: large, weight: '40'}, {path: other, weight: '40'}]
    parts:
      - id: cnc
        name: {zh: 数控化, en: Numeric control}
        weights: [{path: large, weight: '70'}, {path: other, weight: '100'}]
        band: {value: ent.cnc_rate, closed: lower, bands: [{to: 30%, share: 0%}, {to: 65%, share: 33.3333%}, {share: 100%}]}
      - id: line
        name: {zh: 专线, en: Line}
        weights: [{path: large, weight: '30'}]
        choice: {of: ent.cloud_user, shares: [{is: 'true', share: 100%}]}
counts:
  - id: things
    name: {zh: 场景, en: Things}
    items:
      - {id: t1, name: {zh: 一, en: One}, of: ent.security_stars, marked: true}
      - {id: t2, name: {zh: 二, en: Two}, of: ent.industrial_apps}
      - {id: t3, name: {zh: 三, en: Three}, of: ent.digital_talents, marked: true}
levels:
  - {id: '1', name: {zh: 一级, en: One}, score: '20', gates: [{count: things, level: 1, least: 1, marked: 1}]}
  - {id: '2', name: {zh: 二级, en: Two}, score: '40', gates: [{count: things, level: 2, least: 2, marked: 1}], when: [{id: here, text: {zh: 本市, en: Here}, that: ent.registered_here}]}
  - {id: '3', name: {zh: 三级, en: Three}, score: '60', gates: [{count: things, level: 3, least: 3, marked: 2}]}
ranks:
  apart: [{id: gone, text: {zh: 停产, en: Stopped}, that: ent.is_chain_leader}]
  classes: [{id: A, name: {zh: A, en: A}, to: 20%}, {id: B, name: {zh: B, en: B}, to: 60%}, {id: C, name: {zh: C, en: C}, to: 100%}]
`

// ladder is a cumulative model with a benchmark beside it.
const ladder = `rubric: ladder
edition: '1'
title: {zh: 累进, en: Ladder}
issuer: {zh: 测试, en: Test}
source: 测试
confidence: unverified
full: '3'
places: 2
cumulative: {met: 80%}
parts:
  - id: people
    name: {zh: 人员, en: People}
    weight: '40'
    grades: {shares: [{is: 'true', share: 100%}], asks: [{level: 1, of: ent.has_erp}, {level: 1, of: ent.has_mes}, {level: 2, of: ent.has_plm}, {level: 3, of: ent.cloud_user}]}
  - id: plant
    name: {zh: 设备, en: Plant}
    weight: '60'
    trim: {when: ent.platform_used, why: {zh: 不适用, en: Does not apply}}
    grades: {shares: [{is: 'true', share: 80%}, {is: 'false', share: 10%}], asks: [{level: 1, of: ent.id_registered}, {level: 2, of: ent.registered_here}, {level: 3, of: ent.above_scale}]}
levels:
  - {id: '1', name: {zh: 一级, en: One}, score: '0.8'}
  - {id: '2', name: {zh: 二级, en: Two}, score: '1.8'}
  - {id: '3', name: {zh: 三级, en: Three}, score: '2.8'}
`

// yield is measured against benchmarks, with points beside.
const yield = `rubric: yield
edition: '1'
title: {zh: 亩均, en: Yield}
issuer: {zh: 测试, en: Test}
source: 测试
confidence: unverified
full: '100'
parts:
  - id: tax
    name: {zh: 亩均税收, en: Tax per mu}
    weight: '60'
    benchmark: {value: ent.tax_paid, over: ent.land_mu, by: [{from: 2020, value: '1000000'}, {from: 2023, value: '1500000.5'}], most: 150%}
  - id: research
    name: {zh: 研发, en: Research}
    weight: '40'
    benchmark: {value: ent.rd_share, by: [{from: 2020, value: '0.03'}]}
adjust:
  - {id: bonus, name: {zh: 加分, en: Bonus}, points: 'ent.high_tech ? 5 : 0', most: '5'}
  - {id: malus, name: {zh: 扣分, en: Malus}, points: 'ent.major_accident ? 10 : 0', most: '10', off: true}
levels:
  - {id: good, name: {zh: 好, en: Good}, score: '60'}
`

// nest has a part all of whose parts may be left out, beside one that may pass its weight.
const nest = `rubric: nest
edition: '1'
title: {zh: 嵌套, en: Nest}
issuer: {zh: 测试, en: Test}
source: 测试
confidence: unverified
full: '100'
parts:
  - id: base
    name: {zh: 基础, en: Base}
    weight: '60'
    parts:
      - {id: one, name: {zh: 一, en: One}, weight: '20', trim: {when: ent.platform_used, why: {zh: 不适用, en: Does not apply}}, choice: {of: ent.has_erp, shares: [{is: 'true', share: 100%}]}}
      - {id: two, name: {zh: 二, en: Two}, weight: '40', trim: {when: ent.cloud_user, why: {zh: 不适用, en: Does not apply}}, choice: {of: ent.has_mes, shares: [{is: 'false', share: 30%}, {is: 'true', share: 80%}]}}
  - id: tax
    name: {zh: 亩均税收, en: Tax per mu}
    weight: '40'
    benchmark: {value: ent.tax_paid, over: ent.land_mu, by: [{from: 2020, value: '1000000'}], most: 150%}
levels:
  - {id: good, name: {zh: 好, en: Good}, score: '60'}
`

// rungs asks different things of different levels, some of which may be left out, of one level all that a part asks there.
const rungs = `rubric: rungs
edition: '1'
title: {zh: 梯级, en: Rungs}
issuer: {zh: 测试, en: Test}
source: 测试
confidence: unverified
full: '2'
cumulative: {met: 80%, beyond: true}
parts:
  - id: base
    name: {zh: 基础, en: Base}
    weight: '60'
    parts:
      - {id: one, name: {zh: 一, en: One}, weight: '50', trim: {when: ent.platform_used, why: {zh: 不适用, en: Does not apply}}, grades: {shares: [{is: 'true', share: 100%}], asks: [{level: 1, of: ent.has_erp}]}}
      - {id: two, name: {zh: 二, en: Two}, weight: '50', trim: {when: ent.cloud_user, why: {zh: 不适用, en: Does not apply}}, grades: {shares: [{is: 'true', share: 100%}], asks: [{level: 2, of: ent.has_mes}]}}
  - id: rest
    name: {zh: 其余, en: Rest}
    weight: '40'
    grades: {shares: [{is: 'true', share: 100%}, {is: 'false', share: 20%}], asks: [{level: 1, of: ent.has_plm}, {level: 2, of: ent.id_registered}]}
levels:
  - {id: '1', name: {zh: 一级, en: One}, score: '0.8'}
  - {id: '2', name: {zh: 二级, en: Two}, score: '1.6'}
`

func compiled(t testing.TB, src string) *Rubric {
	t.Helper()
	r, problems := Compile(ruletest.Library(), "x.yaml", []byte(src))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return r
}

// firm is random facts, some of them missing or nothing. One firm in eight answers all questions of one list alike, since what many
// things must reach together is hardly reached at random.
func firm(r *Rubric, rnd *rand.Rand) caseSubject {
	s := caseSubject{}
	lost := rnd.IntN(4) // of ten facts
	alike := -1
	if rnd.IntN(8) == 0 {
		alike = rnd.IntN(8)
	}
	for _, def := range r.Facts() {
		switch n := rnd.IntN(10); {
		case n < lost:
			continue
		case n == 9 && rnd.IntN(3) == 0:
			s[def.Code] = reply{state: rule.None}
			continue
		}
		if list, ok := r.lib.CodeList(def.Codes); ok && alike >= 0 {
			s[def.Code] = reply{rule.Present, rule.Text(list.Entries[alike%len(list.Entries)].Code)}
			continue
		}
		s[def.Code] = reply{rule.Present, some(r, def, rnd)}
	}
	return s
}

func some(r *Rubric, def content.FactDef, rnd *rand.Rand) rule.Value {
	switch def.Type {
	case content.Bool:
		return rule.Bool(rnd.IntN(2) == 0)
	case content.Int:
		return rule.Int(int64(rnd.IntN(7)))
	case content.Code:
		if nodes := map[string][]string{"ent.area": {"320505", "320904"}, "ent.industry": {"4411", "3670"}}[def.Code]; nodes != nil {
			return rule.Text(nodes[rnd.IntN(len(nodes))])
		}
		list, _ := r.lib.CodeList(def.Codes)
		return rule.Text(list.Entries[rnd.IntN(len(list.Entries))].Code)
	case content.Rate:
		return rule.FactValue(def.Type, int64(rnd.IntN(20))*50_000, "")
	case content.Money:
		return rule.FactValue(def.Type, rnd.Int64N(1_000)*100_000_00, "")
	case content.Decimal:
		return rule.FactValue(def.Type, rnd.Int64N(100)*1_000_000, "")
	}
	return rule.FactValue(def.Type, 20_000, "x")
}

// models is every model of the tests and every one that ships.
func models(t testing.TB) map[string]*Rubric {
	out := map[string]*Rubric{"small": compiled(t, small), "ladder": compiled(t, ladder), "yield": compiled(t, yield), "nest": compiled(t, nest), "rungs": compiled(t, rungs)}
	for _, r := range shipped(t).Rubrics() {
		out[r.Rubric+" "+r.Edition] = r
	}
	return out
}

// TestColumnsAnswerAsRows holds the survey of random enterprises against deciding each.
func TestColumnsAnswerAsRows(t *testing.T) {
	for name, r := range models(t) {
		t.Run(name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(7, uint64(len(name))))
			subjects := make([]rule.Subject, 1_200) // more than a block
			for i := range subjects {
				subjects[i] = firm(r, rnd)
			}
			on := period.Date(2024, 6, 1)
			s, err := r.NewCrowd(subjects, 2024, on, nil).Survey()
			if err != nil {
				t.Fatal(err)
			}
			levels := map[int]int{}
			for i, subject := range subjects {
				want, err := r.Decide(At{subject, 2024, on})
				if err != nil {
					if !s.Failed(i) {
						t.Fatalf("row %d: %v, and columns answer", i, err)
					}
					continue
				}
				if s.Failed(i) || s.Scored(i) != want.Scored {
					t.Fatalf("row %d: scored %v, columns %v (failed %v)", i, want.Scored, s.Scored(i), s.Failed(i))
				}
				level, may := s.Level(i)
				if level != want.Level || may != want.May {
					t.Fatalf("row %d: level %d to %d, columns %d to %d: %v", i, want.Level, want.May, level, may, subject)
				}
				if levels[level]++; !want.Scored {
					continue
				}
				got := s.Score(i)
				if got.Sure.Cmp(want.Score.Sure) != 0 || got.Possible.Cmp(want.Score.Possible) != 0 || got.Open != want.Score.Open {
					t.Fatalf("row %d: score %v, columns %v: %v", i, want.Score, got, subject)
				}
			}
			if !r.Refuses() && len(r.Levels) > 0 && len(levels) < 2 {
				t.Errorf("random enterprises are all on one level: %v", levels)
			}
		})
	}
}

// TestWhatIsMissingIsWithin fills in what is missing at random: the result lies within what was said before.
func TestWhatIsMissingIsWithin(t *testing.T) {
	for name, r := range models(t) {
		if r.Refuses() { // there is no score to be within
			continue
		}
		t.Run(name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(3, uint64(len(name))))
			for range 200 {
				part := firm(r, rnd)
				all := caseSubject{}
				for _, def := range r.Facts() {
					if a, ok := part[def.Code]; ok {
						all[def.Code] = a
						continue
					}
					all[def.Code] = reply{rule.Present, some(r, def, rnd)}
				}
				at := At{part, 2024, period.Date(2024, 6, 1)}
				before, err := r.Decide(at)
				if err != nil {
					continue
				}
				at.Subject = all
				after, err := r.Decide(at)
				if err != nil || !before.Scored || !after.Scored {
					continue
				}
				b, a := before.Score, after.Score
				if a.Sure.Cmp(b.Sure) < 0 || !b.Open && a.Possible.Cmp(b.Possible) > 0 {
					t.Fatalf("score %v was said to be in %v: %v, then %v", a, b, part, all)
				}
				if after.Level < before.Level || after.May > before.May {
					t.Fatalf("level %d to %d was said to be in %d to %d: %v, then %v", after.Level, after.May, before.Level, before.May, part, all)
				}
			}
		})
	}
}

// TestWeightsSumToTheWhole adds up what the parts of random enterprises are worth, whatever is trimmed.
func TestWeightsSumToTheWhole(t *testing.T) {
	for name, r := range models(t) {
		if r.Refuses() || len(r.Parts) == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(5, uint64(len(name))))
			for range 100 {
				got, err := r.Decide(At{firm(r, rnd), 2024, period.Date(2024, 6, 1)})
				if err != nil || got.Path < 0 {
					continue
				}
				sum, points := Span{zero, zero, false}, Span{zero, zero, false}
				for _, p := range got.Parts {
					if p.In && p.Node.IsQuestion() {
						sum, points = sum.plus(exactly(p.Worth), one), points.plus(p.Points, one)
					}
				}
				if sum.Sure.Cmp(r.Full.Rat()) != 0 {
					t.Fatalf("parts are worth %s", sum.Sure.RatString())
				}
				if r.Cumulative == nil && len(r.adjust) == 0 && points.Sure.Cmp(got.Score.Sure) != 0 {
					t.Fatalf("parts come to %s, the score is %s", points.Sure.RatString(), got.Score.Sure.RatString())
				}
			}
		})
	}
}

func TestHandComputed(t *testing.T) {
	yes, no := reply{rule.Present, rule.Bool(true)}, reply{rule.Present, rule.Bool(false)}
	num := func(n int64) reply { return reply{rule.Present, rule.Int(n)} }
	size := func(s string) reply { return reply{rule.Present, rule.Text(s)} }
	rate := func(p int64) reply { return reply{rule.Present, rule.FactValue(content.Rate, p*10_000, "")} }
	whole := caseSubject{
		"ent.size": size("large"), "ent.blacklisted": no, "ent.has_erp": yes, "ent.has_mes": no, "ent.has_plm": yes,
		"ent.robots": num(2), "ent.cnc_machines": num(10), "ent.cloud_stars": num(4), "ent.cnc_rate": rate(30), "ent.cloud_user": yes,
		"ent.platform_used": no, "ent.security_stars": num(3), "ent.industrial_apps": num(2), "ent.digital_talents": num(0), "ent.registered_here": yes,
	}
	but := func(s caseSubject, code string, a reply) caseSubject {
		out := caseSubject{}
		for k, v := range s {
			out[k] = v
		}
		out[code] = a
		return out
	}
	less := func(s caseSubject, code string) caseSubject {
		out := but(s, code, reply{})
		delete(out, code)
		return out
	}
	for _, c := range []struct {
		name, model, of string
		sure, possible  string
		level, may      int
		subject         caseSubject
	}{
		// 20·0.7 + 20·0.25 + 20·0.75 = 34; 40·(0.7·0.333333 + 0.3) = 21.333324
		{"large", small, "", "27666662/500000", "27666662/500000", 1, 1, whole},
		{"ten percent belongs below", small, "", "50333324/1000000", "50333324/1000000", 1, 1, but(whole, "ent.robots", num(1))},
		{"small: no line", small, "", "4733332/100000", "4733332/100000", 1, 1, but(whole, "ent.size", size("small"))},
		// 60·(0.7·20 + 0.75·20)/40 = 43.5
		{"trimmed", small, "", "64833324/1000000", "64833324/1000000", 1, 1, but(whole, "ent.platform_used", yes)},
		{"half known", small, "", "52333324/1000000", "60333324/1000000", 1, 1, but(less(whole, "ent.has_plm"), "ent.robots", num(3))},
		// A part without parts left takes no part: 40·100 % of 40, and of the first level the rest alone.
		{"all of a part trimmed", nest, "", "100", "100", 0, 0, caseSubject{
			"ent.platform_used": yes, "ent.cloud_user": yes, "ent.tax_paid": {rule.Present, rule.FactValue(content.Money, 1_000_000, "")},
			"ent.land_mu": {rule.Present, rule.FactValue(content.Decimal, 1_000_000, "")},
		}},
		{"all of a level trimmed", rungs, "", "2", "2", 1, 1, caseSubject{
			"ent.platform_used": yes, "ent.cloud_user": no, "ent.has_plm": yes, "ent.has_mes": yes, "ent.id_registered": yes,
		}},
		{"blacklisted", small, "", "27666662/500000", "27666662/500000", -1, -1, but(whole, "ent.blacklisted", yes)},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := compiled(t, c.model)
			got, err := r.Decide(At{c.subject, 2024, period.Date(2024, 6, 1)})
			if err != nil {
				t.Fatal(err)
			}
			want := &Case{CaseFile: CaseFile{Expect: ExpectFile{Score: c.sure, Possible: c.possible}}}
			for _, d := range want.Differ(got) {
				t.Error(d)
			}
			if got.Level != c.level || got.May != c.may {
				t.Errorf("level %d to %d, want %d to %d", got.Level, got.May, c.level, c.may)
			}
		})
	}
}

// TestStructureAlone: a model that does not score may have parts whose questions nobody knows; one that scores may not.
func TestStructureAlone(t *testing.T) {
	const src = `rubric: bare
edition: '1'
title: {zh: 结构, en: Bare}
issuer: {zh: 测试, en: Test}
source: 测试
confidence: unverified
lacking: [{zh: 指标, en: Items}]
full: '100'
parts: [{id: base, name: {zh: 基础, en: Base}}, {id: asked, name: {zh: 提问, en: Asked}, choice: {of: ent.has_erp, shares: [{is: 'true', share: 100%}]}}]
levels: [{id: '1', name: {zh: 一级, en: One}, score: '20'}]
`
	got, err := compiled(t, src).Decide(At{caseSubject{}, 2024, period.Date(2024, 6, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if got.Scored || got.Level != -1 || len(got.Parts) != 3 || len(got.Missing) != 1 {
		t.Errorf("scored %v, level %d, %d parts, missing %v", got.Scored, got.Level, len(got.Parts), got.Missing)
	}
	_, problems := Compile(ruletest.Library(), "x.yaml", []byte(strings.Replace(src, "lacking: [{zh: 指标, en: Items}]\n", "", 1)))
	for _, p := range problems {
		if p.Msg.Key == "assess.one_question" {
			return
		}
	}
	t.Errorf("not told: %v", fmt.Sprint(problems))
}

func TestCompileTellsMistakes(t *testing.T) {
	for _, c := range []struct{ old, with, key string }{
		{"weight: '60'", "weight: '61'", "assess.sum"},
		{"share: 40%", "share: 41%", "assess.multi_sum"},
		{"{to: 20%, share: 25%}", "{to: 5%, share: 25%}", "assess.band_order"},
		{"closed: upper", "closed: both", "content.one_of"},
		{"{count: things, level: 3, least: 3, marked: 2}", "{count: things, level: 3, least: 4, marked: 2}", "assess.gate"},
		{"{count: things, level: 3, least: 3, marked: 2}", "{count: thing, level: 3, least: 3}", "assess.no_count"},
		{"score: '60'", "score: '30'", "assess.level_order"},
		{"path: other, weight: '100'", "path: nobody, weight: '100'", "assess.no_path"},
		{"to: 100%}]", "to: 90%}]", "assess.classes_end"},
		{"{is: '3', share: 50%}", "{is: 'three', share: 50%}", "assess.bad_answer"},
		{"of: ent.cloud_stars", "of: ent.nonsense", "rule.undeclared"},
		{"{share: 100%}]\n      - id: stars", "{to: 100%, share: 100%}]\n      - id: stars", "assess.band_open"},
		{"full: '100'", "full: '0'", "assess.full"},
		{"id: cnc\n", "id: line\n", "content.code_twice"},
	} {
		t.Run(c.key+" "+c.with, func(t *testing.T) {
			if !strings.Contains(small, c.old) {
				t.Fatalf("%q is not there", c.old)
			}
			_, problems := Compile(ruletest.Library(), "x.yaml", []byte(strings.Replace(small, c.old, c.with, 1)))
			for _, p := range problems {
				if p.Msg.Key == c.key && p.Line > 1 {
					return
				}
			}
			t.Errorf("not told: %v", fmt.Sprint(problems))
		})
	}
}

func TestCompileTellsMistakesOfReviews(t *testing.T) {
	const review = `review:
  that: [{id: looked, text: {zh: 看, en: Look}, that: ent.has_erp || !ent.has_mes}]
  compare: [{id: robots, name: {zh: 机器人, en: Robots}, value: ent.robots, over: ent.employees, times: '5', jump: '3'}]
`
	r := compiled(t, small+review)
	if len(r.Facts()) != len(compiled(t, small).Facts()) {
		t.Error("a review asks facts")
	}
	for _, c := range []struct{ old, with, key string }{
		{"id: robots", "id: looked", "content.code_twice"},
		{"times: '5', jump: '3'", "peers: trade", "assess.compare_nothing"},
		{"times: '5'", "times: '0.5'", "assess.compare_least"},
		{"jump: '3'", "jump: '1'", "assess.compare_least"},
		{"times: '5'", "peers: friends, times: '5'", "content.one_of"},
		{"value: ent.robots", "value: ent.has_erp", "rule.want_type"},
		{"that: ent.has_erp || !ent.has_mes", "that: ent.nonsense", "rule.undeclared"},
	} {
		t.Run(c.key+" "+c.with, func(t *testing.T) {
			_, problems := Compile(ruletest.Library(), "x.yaml", []byte(small+strings.Replace(review, c.old, c.with, 1)))
			for _, p := range problems {
				if p.Msg.Key == c.key && p.Line > strings.Count(small, "\n") {
					return
				}
			}
			t.Errorf("not told: %v", problems)
		})
	}
}

func TestRanks(t *testing.T) {
	s := &Survey{Rubric: compiled(t, small), dens: []int64{10, 20}}
	s.rows = make([]row, 12)
	for i := range s.rows {
		n := int64(i / 2)
		s.rows[i] = []row{{sure: n, possible: n, by: 1}, {sure: 2 * n, possible: 2 * n, by: 2}}[i%2]
	}
	s.rows[0].apart = true
	s.rows[1].by = 0
	got := s.Ranks(func(int) int { return 0 })
	for i, want := range map[int]Standing{0: {Class: -1}, 1: {Class: -1}, 11: {1, 10, 0}, 10: {1, 10, 0}, 9: {3, 10, 1}, 3: {9, 10, 2}} {
		if got[i] != want {
			t.Errorf("row %d: %+v, want %+v", i, got[i], want)
		}
	}
}
