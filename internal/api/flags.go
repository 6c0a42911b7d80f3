package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/flag"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// FlagQuery chooses red flags.
type FlagQuery struct {
	Kind string `query:"kind" enum:"shared_phone,shared_address,shared_legal_person,split_project,just_above_mark,reused_invoice,closed_payee" example:"just_above_mark" doc:"不填为全部 · all kinds where it is left out"`
}

type flagRow struct {
	Enterprise int64  `json:"enterprise" example:"17"`
	Name       string `json:"name,omitempty" example:"盐城亭湖甲机械有限公司" doc:"企业名称 · name of the enterprise"`
	Case       int64  `json:"case,omitempty" example:"401"`
	Subject    int64  `json:"subject,omitempty" example:"23" doc:"项目 · the project"`
	About      string `json:"about,omitempty" example:"数字车间" doc:"申报的项目、事项或费用 · what was applied for or bought"`
	Year       int    `json:"year,omitempty" example:"2024"`
	Amount     string `json:"amount,omitempty" example:"5050000.00" doc:"元 · in yuan"`
}

type flagMark struct {
	Amount string `json:"amount" example:"5000000.00" doc:"元 · in yuan"`
	Policy string `json:"policy" example:"yancheng-2022-6"`
	Cite   string `json:"cite" example:"四(三)"`
	Fact   string `json:"fact" example:"project.effective_input"`
}

type flagKind struct {
	Code       string    `json:"code" example:"just_above_mark"`
	Name       i18n.Text `json:"name"`
	Finds      i18n.Text `json:"finds"`
	Why        i18n.Text `json:"why"`
	Source     string    `json:"source" example:"我们的规则"`
	Cite       string    `json:"cite,omitempty" example:"四(三)"`
	Confidence string    `json:"confidence" enum:"verified,secondary,unverified" example:"unverified"`
}

type redFlag struct {
	Kind string    `json:"kind" example:"just_above_mark"`
	What i18n.Text `json:"what" doc:"相同或触及的内容 · what raises the flag"`
	Mark *flagMark `json:"mark,omitempty" doc:"政策的门槛 · the mark of a policy"`
	Sum  string    `json:"sum,omitempty" example:"5050000.00" doc:"与门槛比较的金额，元 · what is held against the mark, in yuan"`
	Rows []flagRow `json:"rows" nullable:"false"`
}

type flagsIn struct {
	FlagQuery
	Paging
}

type flagsOut struct {
	Body struct {
		Kinds []flagKind `json:"kinds" nullable:"false" doc:"找什么、为什么 · what is looked for, and why"`
		Items []redFlag  `json:"items" nullable:"false"`
		Total int        `json:"total" example:"4"`
		Next  string     `json:"next,omitempty" example:"eyJjIjo0Miwi"`
		AsOf  asOf       `json:"as_of"`
	}
}

// listFlags is the red flags in what the caller may see. Whose telephone or legal representative it tells is recorded.
func (s *server) listFlags(ctx context.Context, c *caller, in *flagsIn) (*flagsOut, error) {
	at, err := in.open(c, c.listName("list_flags", in.FlagQuery))
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, at.pick(Knowledge{}))
	if err != nil {
		return nil, err
	}
	list, err := s.Flags.Find(ctx, m.View, in.Kind)
	if err != nil {
		return nil, err
	}
	out := &flagsOut{}
	b := &out.Body
	b.Kinds, b.Items = []flagKind{}, []redFlag{}
	b.Total, b.AsOf, b.Next = list.Total(), m.asOf(), at.next(m, at.From+in.Limit, list.Total())
	for _, k := range s.Flags.Set.Kinds() {
		if in.Kind == "" || in.Kind == k.Kind {
			b.Kinds = append(b.Kinds, flagKind{k.Kind, k.Name, k.Finds, k.Why, k.Source, k.Cite, k.Confidence})
		}
	}
	for _, f := range list.Page(at.From, at.From+in.Limit) {
		b.Items = append(b.Items, redFlagOf(m, f))
	}
	return out, nil
}

func redFlagOf(m moment, f flag.Flag) redFlag {
	out := redFlag{Kind: f.Kind, What: both(f.Msg()), Rows: []flagRow{}}
	if f.Mark.Amount != 0 {
		out.Mark, out.Sum = &flagMark{f.Mark.Amount.String(), f.Mark.Policy, f.Mark.Cite, f.Mark.Fact}, f.Sum.String()
	}
	for _, r := range f.Rows {
		row := flagRow{Enterprise: r.Firm, Case: r.Case, Subject: r.Subject, About: r.Name, Year: r.Year}
		if e, ok := m.Enterprise(r.Firm); ok {
			row.Name = e.Name
		}
		if r.Amount != 0 {
			row.Amount = r.Amount.String()
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

func (s *server) registerFlags() {
	may := access.Need{Action: access.ReadLog, Area: true}
	handle(s, operation{id: "list_flags", tag: "log", method: http.MethodGet, path: "/flags", need: may}, s.listFlags)
}
