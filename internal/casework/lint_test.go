package casework

import (
	"os"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/content"
)

// sound is a workflow without mistakes, which the cases below spoil one by one.
const sound = `workflow: sound
title: {zh: 甲, en: A}
subject: enterprise
authority: bureau
open: [applicant]
source: 测试
confidence: unverified
data:
  - {id: amount, type: money, name: {zh: 金额, en: Amount}}
  - {id: until, type: date, name: {zh: 截止日, en: Until}}
states:
  - {id: draft, name: {zh: 甲, en: A}, waits: [applicant]}
  - {id: check, name: {zh: 乙, en: B}, waits: [county_official], clock: {days: 5, then: escalate, to: city_official}}
  - {id: vote, name: {zh: 丙, en: C}, tasks: [{id: one, name: {zh: 一, en: One}, role: tax_bureau}, {id: two, name: {zh: 二, en: Two}, role: safety_bureau}]}
  - {id: notice, name: {zh: 丁, en: D}, waits: [system], clock: {days: 5, from: until, then: act, do: over}}
  - {id: done, name: {zh: 戊, en: E}, end: done}
  - {id: refused, name: {zh: 己, en: F}, end: refused}
  - {id: gone, name: {zh: 庚, en: G}, end: withdrawn}
actions:
  - {id: submit, name: {zh: 甲, en: A}, from: [draft], to: check, who: [applicant], form: claim, set: {amount: answer.amount}, marks: {invoice: lines}, guard: known(ent.revenue)}
  - {id: accept, name: {zh: 乙, en: B}, from: [check], to: vote, who: [county_official], freeze: true, effects: [{do: trial.experts, with: {accounts: [31]}}]}
  - {id: back, name: {zh: 丙, en: C}, kind: return, from: [check], to: draft, who: [county_official], reason: required}
  - {id: agree, name: {zh: 丁, en: D}, from: [vote], to: notice, who: [tax_bureau, safety_bureau], quorum: {need: all}}
  - {id: veto, name: {zh: 戊, en: E}, kind: refuse, from: [vote], to: refused, who: [tax_bureau, safety_bureau], reason: required, quorum: {need: 1}}
  - {id: over, name: {zh: 己, en: F}, from: [notice], to: done, who: [system]}
  - {id: appeal, name: {zh: 庚, en: G}, kind: appeal, from: [refused], to: check, who: [applicant], reason: required, within: 60}
  - {id: withdraw, name: {zh: 辛, en: H}, kind: withdraw, from: [draft, check, vote], to: gone, who: [applicant]}
  - {id: note, name: {zh: 壬, en: I}, kind: note, from: [check], who: [county_official], reason: required, apart: [submit]}
`

// spoiling is a change of the sound workflow, what is then told, and a neighbouring change that is none.
type spoiling struct {
	name     string
	old, bad string // bad takes the place of old
	want     string // the keys of what is told, and nothing else
	good     string // a neighbour in the place of old, with which nothing is told
}

func TestLint(t *testing.T) {
	lib, err := library()
	must(t, err)
	effects := NewRegistry()
	trialEffects(effects)
	check := func(t *testing.T, src string) []string {
		_, problems, err := Parse(t.Context(), Reading{Library: lib, Effects: effects, Forms: claimForm{}}, "sound.yaml", []byte(src))
		must(t, err)
		var told []string
		for _, p := range problems {
			told = append(told, p.Msg.Key)
			if p.Line == 0 || p.Snippet == "" || strings.Contains(p.String(), "casework.") {
				t.Errorf("told without a place or in no words: %s", p)
			}
		}
		return told
	}
	if told := check(t, sound); told != nil {
		t.Fatalf("the sound one: %v", told)
	}
	for _, c := range spoilings {
		t.Run(c.name, func(t *testing.T) {
			if strings.Count(sound, c.old) != 1 {
				t.Fatalf("%q stands %d times in it", c.old, strings.Count(sound, c.old))
			}
			if told := strings.Join(check(t, strings.Replace(sound, c.old, c.bad, 1)), " "); told != c.want {
				t.Errorf("told %s, want %s", told, c.want)
			}
			if told := check(t, strings.Replace(sound, c.old, c.good, 1)); told != nil {
				t.Errorf("the neighbour: told %v", told)
			}
		})
	}
}

var spoilings = []spoiling{
	{"unreachable", `from: [check], to: vote`, `from: [check], to: notice`, "casework.unreachable casework.unreachable", `from: [check, check], to: vote`},
	{"dead end", `from: [notice], to: done`, `from: [notice], to: notice`, "casework.dead_end casework.unreachable", `from: [notice, check], to: done`},
	{"nobody can act", `waits: [county_official], clock`, `waits: [finance], clock`, "casework.cannot_act", `waits: [county_official, applicant], clock`},
	{"waits for nobody", `waits: [applicant]}`, `public: true}`, "casework.waits_for_nobody", `waits: [applicant], public: true}`},
	{"nobody at all", `to: done, who: [system]`, `to: done, who: []`, "casework.nobody_acts", `to: done, who: [system, county_official]`},
	{"task that nobody answers", `role: safety_bureau}]}`, `role: credit_office}]}`, "casework.task_unanswered casework.need_too_many", `role: tax_bureau}]}`},
	{"need that is never met", `quorum: {need: 1}`, `quorum: {need: 3}`, "casework.need_too_many casework.undecided", `quorum: {need: 1}`},
	{"undecided", `quorum: {need: 1}`, `quorum: {need: 2}`, "casework.undecided", `quorum: { need: 1 }`},
	{"always decided", `role: safety_bureau}]}`, `role: safety_bureau}], undecided: check}`, "casework.always_decided", `role: safety_bureau}], public: true}`},
	{"guard", `guard: known(ent.revenue)`, `guard: known(ent.revenues)`, "rule.undeclared_near", `guard: known(ent.revenue) && answer.amount > money("1元")`},
	{"guard of another type", `guard: known(ent.revenue)`, `guard: ent.revenue + money("1元")`, "rule.want_type", `guard: ent.revenue > money("1元")`},
	{"set", `set: {amount: answer.amount}`, `set: {sum: answer.amount}`, "casework.no_data", `set: {amount: answer.amount + answer.amount}`},
	{"effect", `do: trial.experts`, `do: trial.expert`, "casework.no_effect", `do:   trial.experts`},
	{"argument", `with: {accounts: [31]}`, `with: {accounts: [many]}`, "content.want_int", `with: {accounts: [31, 32]}`},
	{"argument missing", `, with: {accounts: [31]}`, ``, "content.missing_key", `, with: {accounts: []}`},
	{"form", `form: claim`, `form: claims`, "casework.no_form", `form:  claim`},
	{"clock that cannot", `do: over`, `do: accept`, "casework.clock_cannot", `do:  over`},
	{"clock without role", `then: escalate, to: city_official`, `then: escalate`, "casework.clock_form", `then: escalate, to: county_official`},
	{"clock from no date", `from: until`, `from: amount`, "casework.clock_from", `from:  until`},
	{"escalated to who cannot", `to: city_official}`, `to: finance}`, "casework.cannot_act", `to: county_official}`},
	{"doubts to who cannot act", `open: [applicant]`, "open: [applicant]\ndoubts: finance", "casework.doubts_cannot", "open: [applicant]\ndoubts: city_official"},
	{"doubts to no office", `open: [applicant]`, "open: [applicant]\ndoubts: system", "content.one_of", "open: [applicant]\ndoubts: tax_bureau"},
	{"end that waits", `end: done}`, `end: done, waits: [applicant]}`, "casework.end_waits", `end: done, public: true}`},
	{"late without a clock", `kind: note, from: [check]`, `kind: note, late: true, from: [check, vote]`, "casework.late_clock", `kind: note, late: true, from: [check]`},
	{"apart from no action", `from: [notice], to: done`, `from: [notice], apart_last: [nothing], to: done`, "content.one_of", `from: [notice], apart_last: [submit], to: done`},
	{"quorum without tasks", `from: [vote], to: refused`, `from: [vote, check], to: refused`, "casework.quorum_without_tasks", `from: [vote, vote], to: refused`},
	{"withdrawal", `to: gone, who: [applicant]`, `to: refused, who: [applicant]`, "casework.unreachable casework.withdraw_ends", `to: gone, who: [applicant, county_official]`},
	{"return to an end", `kind: return, from: [check], to: draft`, `kind: return, from: [check], to: refused`, "casework.return_opens", `kind: return, from: [check], to: check`},
	{"return without reason", `to: draft, who: [county_official], reason: required`, `to: draft, who: [county_official]`, "casework.needs_reason", `to: draft, who: [city_official], reason: required`},
	{"appeal of others", `to: check, who: [applicant], reason`, `to: check, who: [county_official], reason`, "casework.appeal_who", `to: check, who: [applicant, county_official], reason`},
	{"note that moves", `kind: note, from: [check], who`, `kind: note, from: [check], to: draft, who`, "casework.note_stays", `kind: note, from: [check, vote], who`},
	{"no such state", `from: [notice]`, `from: [notices]`, "content.one_of", `from: [notice, refused]`},
	{"no such action", `apart: [submit]`, `apart: [submits]`, "content.one_of", `apart: [submit, accept]`},
	{"auditor outside of reviews", `open: [applicant]`, "open: [applicant, auditor]", "content.one_of", "audit: true\nopen: [applicant, auditor]"},
	{"role", `who: [applicant], form`, `who: [auditor], form`, "content.one_of", `who: [applicant, county_official], form`},
	{"authority", `authority: bureau`, `authority: bureaus`, "content.no_authority", `authority: tax`},
	{"need in words", `quorum: {need: all}`, `quorum: {need: most}`, "content.bad_value", `quorum: {need: 2}`},
	{"passes without children", `to: done, who: [system]`, `to: done, who: [system], passes: gate`, "casework.no_batch", `to: done, who: [system], within: 9`},
	{"marks without a form", `reason: required, apart`, `reason: required, marks: {invoice: lines}, apart`, "casework.marks_need_form", `reason: required, freeze: true, apart`},
	{"misspelt", `confidence:`, `confidense: unverified
confidence:`, "content.unknown_key", `cite: "1"
confidence:`},
}

// What workflows say of each other is looked at when they are read together.
func TestLintBetween(t *testing.T) {
	lib, err := library()
	must(t, err)
	effects := NewRegistry()
	trialEffects(effects)
	read := func(file, old, new string) *Workflow {
		src, err := os.ReadFile("testdata/" + file + ".yaml")
		must(t, err)
		w, problems, err := Parse(t.Context(), Reading{Library: lib, Effects: effects}, file+".yaml", []byte(strings.Replace(string(src), old, new, 1)))
		must(t, err)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return w
	}
	for _, c := range []struct {
		name        string
		batch, item [2]string
		want        string
	}{
		{"sound", [2]string{}, [2]string{}, ""},
		{"gate that nobody opens", [2]string{}, [2]string{"gate: notice", "gate: notices"}, "casework.gate_shut"},
		{"batch of nothing", [2]string{"workflows: [item]", "workflows: [item, other]"}, [2]string{}, "casework.no_workflow"},
	} {
		_, problems := Gather(read("batch", c.batch[0], c.batch[1]), read("item", c.item[0], c.item[1]))
		if c.want == "" && problems != nil || c.want != "" && (len(problems) != 1 || problems[0].Msg.Key != c.want) {
			t.Errorf("%s: %v", c.name, content.Problems(problems))
		}
	}
}
