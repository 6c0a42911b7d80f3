package policy

import (
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

func (s *caseSubject) set(def string, p period.Period, v rule.Value) {
	s.facts[caseFact{def, p}] = caseValue{v, rule.Present}
}

func (s *caseSubject) child(kind, id string) *caseSubject {
	c := &caseSubject{kind: kind, id: s.id + id, parent: s, facts: map[caseFact]caseValue{}}
	s.children = append(s.children, c)
	return c
}

// moneyOf spreads amounts around the thresholds and ceilings of the Yancheng document, without a generator.
func moneyOf(i, salt int) money.Fen {
	return money.Fen((int64(i)*7919+int64(salt)*104729)%6000) * money.Wan
}
