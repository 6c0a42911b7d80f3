package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// ReleaseHead is something that was published (公示), as lists show it.
type ReleaseHead struct {
	ID        int64  `json:"id" example:"420"`
	Number    string `json:"number" example:"2024-0003" doc:"公布编号 · its number"`
	Kind      string `json:"kind" example:"subsidy_batch" doc:"种类，见 list_release_kinds · its kind: list_release_kinds"`
	Title     string `json:"title" example:"2024年度第一批"`
	Area      *Node  `json:"area,omitempty"`
	Act       string `json:"act" enum:"publish,correct,withdraw" example:"correct" doc:"公布、更正或撤回 · published, corrected, or withdrawn"`
	About     int64  `json:"about" example:"330" doc:"公布的是哪件事：同一件事的各次公布相同 · what it is about: the same in all releases of one thing"`
	Published string `json:"published" format:"date" example:"2024-11-12"`
	Until     string `json:"objections_until,omitempty" format:"date" example:"2024-11-19" doc:"可以提出异议的最后一天 · the last day on which objections are taken"`
	Replaces  int64  `json:"replaces,omitempty" example:"410" doc:"替换的是哪一次公布 · the release that it replaces"`
	Reason    string `json:"reason,omitempty" example:"第二项异议成立，撤下" doc:"更正或撤回的理由 · why it was corrected or withdrawn"`
	Lines     int    `json:"lines" example:"1" doc:"共几行 · how many rows it has"`
	SHA256    string `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"页面上 JSON 文件的 SHA-256，已写入存证 · of its JSON file on the page; it stands in the audit log"`
}

// dayOrBlank is a day, "" for none.
func dayOrBlank(d period.Day) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func (s *server) releaseHead(r release.Release) ReleaseHead {
	return ReleaseHead{
		r.ID, r.Number, r.Kind, r.Title, nodeOf(s.Library.Areas(), r.Area), string(r.Act), r.Ref, r.Published.String(), dayOrBlank(r.Until), r.Replaces, r.Reason, r.Lines, r.Hash,
	}
}

type releasesOut struct {
	Body struct {
		Items []ReleaseHead `json:"items" nullable:"false" doc:"新的在前 · the newest first"`
		Next  string        `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// listReleases is what was published, for anybody.
func (s *server) listReleases(ctx context.Context, c *caller, in *struct {
	Kind   string `query:"kind" maxLength:"64" example:"subsidy_batch" doc:"只要这一种 · of this kind alone"`
	Area   string `query:"area" maxLength:"64" example:"320900" doc:"只要这个地区和它下面的 · of this area and those below"`
	Year   int    `query:"year" minimum:"1900" maximum:"9999" example:"2024" doc:"只要这一年公布的 · published in this year"`
	Newest bool   `query:"newest" example:"true" doc:"同一件事只要最新一次 · of each thing the newest one alone"`
	Paging
},
) (*releasesOut, error) {
	at, err := in.open(c, c.listName("releases", []any{in.Kind, in.Area, in.Year, in.Newest}))
	if err != nil {
		return nil, err
	}
	list, err := s.Releases.List(ctx, release.Filter{Kind: in.Kind, Area: in.Area, Year: in.Year, Newest: in.Newest, Before: at.Before, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	out := &releasesOut{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		at.Before = list[in.Limit-1].ID
		out.Body.Next = at.String()
	}
	out.Body.Items = []ReleaseHead{}
	for _, r := range list {
		out.Body.Items = append(out.Body.Items, s.releaseHead(r))
	}
	return out, nil
}

// releaseLine is a row of a release: the fields of its kind and no others.
type releaseLine struct {
	N      int               `json:"n" example:"1"`
	Values map[string]string `json:"values" example:"{\"recipient\":\"盐城亭湖甲机械有限公司\",\"amount\":\"638000.00\"}" doc:"按字段代号，金额为元 · by the ids of fields; amounts in yuan"`
}

type releaseOut struct {
	Body struct {
		ReleaseHead
		Fields []string      `json:"fields" nullable:"false" doc:"字段，依次 · its fields, in order"`
		Items  []releaseLine `json:"items" nullable:"false" doc:"按序号 · by their numbers"`
		Series []ReleaseHead `json:"series" nullable:"false" doc:"同一件事的全部公布，旧的在前 · all releases of the same thing, the oldest first"`
		Next   string        `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// getRelease is one release with a page of its rows.
func (s *server) getRelease(ctx context.Context, c *caller, in *struct {
	ID int64 `path:"id" minimum:"1" example:"420"`
	Paging
},
) (*releaseOut, error) {
	at, err := in.open(c, c.listName("release", []any{in.ID}))
	if err != nil {
		return nil, err
	}
	r, err := s.Releases.Release(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	lines, err := s.Releases.Lines(ctx, r.ID, release.Page{From: at.From, Rows: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	series, err := s.Releases.Series(ctx, r.Kind, r.Ref)
	if err != nil {
		return nil, err
	}
	out := &releaseOut{}
	b := &out.Body
	if len(lines) > in.Limit {
		at.From = lines[in.Limit].N
		lines, b.Next = lines[:in.Limit], at.String()
	}
	b.ReleaseHead, b.Fields, b.Items, b.Series = s.releaseHead(r), r.Fields, []releaseLine{}, []ReleaseHead{}
	for _, l := range lines {
		row := releaseLine{l.N, map[string]string{}}
		for _, id := range r.Fields {
			row.Values[id] = l.Of(r, id)
		}
		b.Items = append(b.Items, row)
	}
	for _, x := range series {
		b.Series = append(b.Series, s.releaseHead(x))
	}
	return out, nil
}

// releaseColumn is a column of open data in the data dictionary.
type releaseColumn struct {
	Name       string    `json:"name" example:"Recipient Org:Name" doc:"文件里的列名，取自 360Giving 或 OCDS · in the file, after 360Giving or OCDS"`
	Field      string    `json:"field,omitempty" example:"recipient" doc:"get_release 里的字段代号；每种公布都有的列没有 · its id in get_release; none of columns that every kind has"`
	Meaning    i18n.Text `json:"meaning"`
	Type       string    `json:"type" enum:"name,text,person,uscc,money,date,area" example:"name"`
	Optional   bool      `json:"optional" example:"false" doc:"可以为空 · it may be empty"`
	Source     string    `json:"source" example:"政府信息公开条例（国务院令第711号）第二十条" doc:"公布依据 · by which rule it is published"`
	Confidence string    `json:"confidence" enum:"verified,secondary,unverified" example:"secondary"`
}

// releaseKind is a kind of release in the data dictionary.
type releaseKind struct {
	Kind    string          `json:"kind" example:"subsidy_batch"`
	Title   i18n.Text       `json:"title"`
	Days    int             `json:"objection_days" example:"5" doc:"异议期至少几个工作日 · working days for which objections are taken at least"`
	Licence i18n.Text       `json:"licence"`
	Columns []releaseColumn `json:"columns" nullable:"false"`
}

type releaseKindsOut struct {
	Body struct {
		Items []releaseKind `json:"items" nullable:"false"`
	}
}

// listReleaseKinds is the data dictionary: what may be published, and nothing else is.
func (s *server) listReleaseKinds(context.Context, *caller, *struct{}) (*releaseKindsOut, error) {
	out := &releaseKindsOut{}
	out.Body.Items = []releaseKind{}
	for _, k := range s.Releases.Set.Kinds() {
		row := releaseKind{Kind: k.Release, Title: k.Title, Days: k.Objection.Days, Licence: k.Licence}
		for _, x := range k.Columns() {
			row.Columns = append(row.Columns, releaseColumn{x.Name, x.Field, x.Label, x.Type, x.Optional, x.Source, x.Confidence})
		}
		out.Body.Items = append(out.Body.Items, row)
	}
	return out, nil
}

// doubtRound says that the notice of a round is wrong.
func (s *server) doubtRound(ctx context.Context, c *caller, in *struct {
	RoundID
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"2000" example:"第二家企业重复"`
	}
},
) (*nothing, error) {
	return &nothing{}, s.Subsidy.DoubtRound(ctx, c.scope, in.ID, in.Body.Reason)
}

// settleRound has another account correct, withdraw or keep it.
func (s *server) settleRound(ctx context.Context, c *caller, in *struct {
	RoundID
	Body struct {
		Outcome string `json:"outcome" enum:"correct,withdraw,keep" example:"correct" doc:"更正、撤回或维持 · correct, withdraw or keep the notice"`
		Reason  string `json:"reason" minLength:"1" maxLength:"2000" example:"第二家重复，撤下" doc:"更正和撤回的理由会公布 · that of a correction or withdrawal is published"`
	}
},
) (*nothing, error) {
	return &nothing{}, s.Subsidy.SettleDoubt(ctx, c.scope, in.ID, subsidy.Outcome(in.Body.Outcome), in.Body.Reason)
}

func (s *server) registerReleases() {
	open, office := access.Need{Public: true}, access.Need{Action: access.HandleCase, Area: true}
	const list = "/releases"
	handle(s, operation{id: "list_releases", tag: "subsidies", method: http.MethodGet, path: list, need: open}, s.listReleases)
	handle(s, operation{id: "list_release_kinds", tag: "subsidies", method: http.MethodGet, path: list + "/kinds", need: open}, s.listReleaseKinds)
	handle(s, operation{id: "get_release", tag: "subsidies", method: http.MethodGet, path: list + "/{id}", need: open}, s.getRelease)
	handle(s, operation{id: "doubt_round", tag: "subsidies", method: http.MethodPost, path: "/rounds/{id}/doubt", need: office, status: http.StatusNoContent}, s.doubtRound)
	handle(s, operation{id: "settle_round", tag: "subsidies", method: http.MethodPost, path: "/rounds/{id}/settle", need: office, status: http.StatusNoContent}, s.settleRound)
}
