package api

import (
	"cmp"
	"context"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/target"
)

type ledgerEntry struct {
	Enterprise int64     `json:"enterprise" example:"17"`
	Name       string    `json:"name" example:"盐城亭湖甲机械有限公司"`
	USCC       string    `json:"uscc,omitempty" example:"91320281142225264B"`
	Area       string    `json:"area" example:"320902"`
	Trade      string    `json:"trade,omitempty" example:"34"`
	Size       string    `json:"size,omitempty" example:"medium"`
	Stage      string    `json:"stage" enum:"unknown,undiagnosed,diagnosed,filed,accepted,level,completed,closed" example:"diagnosed"`
	Next       i18n.Text `json:"next" doc:"接下来做什么 · what the programme would do next"`
}

type ledgerCounts struct {
	Area   string         `json:"area" example:"320902"`
	Counts map[string]int `json:"counts" doc:"每个阶段有多少家 · enterprises at each stage"`
}

type coverageLedgerOut struct {
	Body struct {
		Area   string         `json:"area" example:"320900"`
		AsOf   asOf           `json:"as_of"`
		Choice string         `json:"completion" example:"declared" doc:"什么算完成 · what counts as completed"`
		Firms  int            `json:"firms" example:"3" doc:"规上企业数，不含停业 · above-scale enterprises without closed ones"`
		Dark   int            `json:"dark" example:"1" doc:"是否规上不明 · not known whether they are above scale"`
		Counts map[string]int `json:"counts"`
		Areas  []ledgerCounts `json:"areas" nullable:"false"`
		Items  []ledgerEntry  `json:"items" nullable:"false"`
		Total  int            `json:"total" example:"3" doc:"符合条件的 · those that were asked for"`
		Next   string         `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// LedgerQuery chooses enterprises of the coverage ledger.
type LedgerQuery struct {
	TargetQuery
	Stage string `query:"stage" maxLength:"20" enum:"unknown,undiagnosed,diagnosed,filed,accepted,level,completed,closed" example:"diagnosed"`
	Trade string `query:"trade" maxLength:"10" example:"34"`
	Size  string `query:"size" maxLength:"20" example:"medium"`
	Text  string `query:"q" maxLength:"200" example:"机械" doc:"名称的一部分或统一社会信用代码 · part of a name, or a credit code"`
}

// getCoverageLedger is the above-scale enterprises of an area, each with how far it has come.
func (s *server) getCoverageLedger(ctx context.Context, c *caller, in *struct {
	LedgerQuery
	Knowledge
	Paging
},
) (*coverageLedgerOut, error) {
	at, err := in.open(c, c.listName("coverage_ledger", []any{in.LedgerQuery, in.Knowledge}))
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, at.pick(in.Knowledge))
	if err != nil {
		return nil, err
	}
	l, err := s.Targets.Ledger(ctx, m.View, target.LedgerQuery{
		Area: cmp.Or(in.Area, s.topArea(c)), On: m.day, Verified: !in.All, Stage: target.Stage(in.Stage), Trade: in.Trade, Size: in.Size, Text: in.Text,
	})
	if err != nil {
		return nil, err
	}
	out := &coverageLedgerOut{}
	b := &out.Body
	b.Area, b.AsOf, b.Choice, b.Firms, b.Dark, b.Counts, b.Total = l.Query.Area, m.asOf(), l.Choice, l.Firms(), l.Dark, stageCounts(l.Counts), len(l.Entries)
	b.Areas, b.Items, b.Next = []ledgerCounts{}, []ledgerEntry{}, at.next(m, at.From+in.Limit, len(l.Entries))
	for _, k := range s.Targets.Parts(l.Query.Area, 0) {
		if counts := l.Areas[k.Area]; len(counts) > 0 {
			b.Areas = append(b.Areas, ledgerCounts{k.Area, stageCounts(counts)})
		}
	}
	from := min(at.From, len(l.Entries))
	for _, e := range l.Entries[from:min(from+in.Limit, len(l.Entries))] {
		b.Items = append(b.Items, ledgerEntry{e.ID, e.Name, e.USCC, e.Area, e.Trade, e.Size, string(e.Stage), both(e.Stage.Next())})
	}
	return out, nil
}

func stageCounts(counts map[target.Stage]int) map[string]int {
	out := map[string]int{}
	for _, stage := range target.Stages() {
		out[string(stage)] = counts[stage]
	}
	return out
}

type choiceInForce struct {
	IndicatorChoice
	Answer string `json:"answer" example:"declared" doc:"今天起作用的 · in force today"`
	Given  bool   `json:"given" example:"false" doc:"否则是默认 · else it is the default"`
}

type choiceSwitch struct {
	ID       int64  `json:"id" example:"820"`
	Seq      int64  `json:"seq" example:"43" doc:"记入的提交号 · commit by which it became known"`
	Area     string `json:"area" example:"320900"`
	Choice   string `json:"choice" example:"completion"`
	Answer   string `json:"answer" example:"accepted"`
	From     string `json:"from" format:"date" example:"2024-11-01"`
	Document string `json:"document" example:"测试〔2024〕5号（演示）"`
	Note     string `json:"note,omitempty" example:"按验收口径（演示）"`
	By       int64  `json:"by" example:"12"`
	At       string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
}

func choiceSwitchOf(x monitor.Switch) choiceSwitch {
	return choiceSwitch{x.ID, x.Seq, x.Area, x.Choice, x.Answer, x.From.String(), x.Document, x.Note, x.By, instant(x.At)}
}

type choicesOut struct {
	Body struct {
		Area    string          `json:"area" example:"320900"`
		Choices []choiceInForce `json:"choices" nullable:"false"`
		History []choiceSwitch  `json:"history" nullable:"false" doc:"本区域和上级区域的每次选择，新的在前 · every answer for the area and those above it, the newest first"`
	}
}

// getChoices is what counts in an area, and every answer that was ever given.
func (s *server) getChoices(ctx context.Context, c *caller, in *struct {
	Area string `query:"area" maxLength:"64" example:"320900" doc:"默认为能看到的最上一级 · by default the highest in reach"`
},
) (*choicesOut, error) {
	area := cmp.Or(in.Area, s.topArea(c))
	if _, ok := s.Library.Areas().Node(area); !ok || !c.scope.Sees(access.ReadFact, area, 0) {
		return nil, errs.NotFound("area", area)
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	now, err := s.Monitor.Choices(ctx, m.View, area, m.day)
	if err != nil {
		return nil, err
	}
	all, err := s.Monitor.Switches(ctx, area)
	if err != nil {
		return nil, err
	}
	out := &choicesOut{}
	b := &out.Body
	b.Area, b.Choices, b.History = area, []choiceInForce{}, []choiceSwitch{}
	for _, k := range s.Monitor.Set.Choices() {
		b.Choices = append(b.Choices, choiceInForce{indicatorChoiceOf(k), cmp.Or(now[k.Code], k.Default), now[k.Code] != ""})
	}
	for _, x := range slices.Backward(all) {
		b.History = append(b.History, choiceSwitchOf(x))
	}
	return out, nil
}

// SwitchChoiceIn is an answer to a choice.
type SwitchChoiceIn struct {
	Body struct {
		Area     string `json:"area" minLength:"1" maxLength:"64" example:"320900"`
		Choice   string `json:"choice" minLength:"1" maxLength:"80" example:"completion"`
		Answer   string `json:"answer" minLength:"1" maxLength:"80" example:"accepted"`
		From     string `json:"from" minLength:"10" maxLength:"10" example:"2024-11-01"`
		Document string `json:"document" minLength:"1" maxLength:"200" example:"测试〔2024〕5号（演示）"`
		Note     string `json:"note,omitempty" maxLength:"2000" example:"按验收口径（演示）"`
	}
}

type switchedOut struct {
	Body choiceSwitch
}

// switchChoice answers a choice for an area from a day on.
func (s *server) switchChoice(ctx context.Context, c *caller, in *SwitchChoiceIn) (*switchedOut, error) {
	b := in.Body
	from, err := s.dayIn(c, "/from", b.From)
	if err != nil {
		return nil, err
	}
	x, err := s.Monitor.Switch(ctx, c.scope, monitor.Switch{Area: b.Area, Choice: b.Choice, Answer: b.Answer, From: from, Document: b.Document, Note: b.Note})
	if err != nil {
		return nil, err
	}
	return &switchedOut{choiceSwitchOf(x)}, nil
}
