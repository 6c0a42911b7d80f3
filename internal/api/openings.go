package api

import (
	"cmp"
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// Opening balances: what earlier years and other offices have paid, so that nobody is paid for it again.

// openingImport is a sheet of earlier payouts that was entered.
type openingImport struct {
	Source  int64  `json:"source" example:"9" doc:"来源编号；各笔见 list_claims 的 source · its source; its claims are in list_claims by source"`
	Name    string `json:"name" example:"2023年已付.xlsx"`
	Area    *Node  `json:"area,omitempty"`
	By      string `json:"by,omitempty" example:"王科长"`
	At      string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Claims  int    `json:"claims" example:"3"`
	Lifted  int    `json:"lifted" example:"0" doc:"撤销后不再有效的 · that stand no more, since it was taken back"`
	Amount  string `json:"amount" example:"1200000.00"`
	MayUndo bool   `json:"may_undo" example:"true"`
}

type openingsOut struct {
	Body struct {
		Items []openingImport `json:"items" nullable:"false" doc:"新的在前 · the newest first"`
	}
}

func (s *server) listOpenings(ctx context.Context, c *caller, _ *struct{}) (*openingsOut, error) {
	list, err := s.Subsidy.OpeningImports(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	out, names := &openingsOut{}, people{}
	out.Body.Items = []openingImport{}
	for _, x := range list {
		by, err := s.nameOf(ctx, names, x.Source.Actor)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, openingImport{
			x.Source.ID, x.Source.Name, nodeOf(s.Library.Areas(), x.Source.Area), by, instant(x.Source.ReceivedAt), x.Claims, x.Lifted, x.Amount.String(), x.MayUndo(c.scope),
		})
	}
	return out, nil
}

func (s *server) openingTemplate(_ context.Context, c *caller, _ *struct{}) (*stream, error) {
	out := subsidy.OpeningTemplate(c.t)
	return s.sheets(c, out.Title, "xlsx", *out), nil
}

// earlierPayout is what a row of a sheet states.
type earlierPayout struct {
	Enterprise *Firm  `json:"enterprise,omitempty"`
	Project    string `json:"project" example:"project:21" doc:"占用什么，见 list_claims · what it claims, as in list_claims"`
	Item       string `json:"item,omitempty" example:"2023"`
	Family     string `json:"family" example:"investment"`
	Amount     string `json:"amount" example:"300000.00"`
	Year       int    `json:"year" example:"2022"`
	Bureau     string `json:"bureau" example:"市发展改革委"`
	Document   string `json:"document" example:"盐发改发〔2022〕9号"`
	Place      string `json:"place" example:"paid.csv#A2"`
}

type openingReadOut struct {
	Body struct {
		Sheet    string          `json:"sheet" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"所述内容的 SHA-256，给 enter_openings · SHA-256 of what it states, for enter_openings"`
		Rows     int             `json:"rows" example:"1"`
		Amount   string          `json:"amount" example:"300000.00"`
		Items    []earlierPayout `json:"items" nullable:"false" doc:"至多前 1000 笔 · the first 1000 at most"`
		Beside   []claimRow      `json:"beside" nullable:"false" doc:"这些项目已有的支付：可能已重复享受，请核实 · what is granted for the same things already: it may have been paid twice"`
		Problems []place         `json:"problems" nullable:"false" doc:"有一处不对，就不能登记 · with one of them nothing can be entered"`
	}
}

// readOpenings reads a sheet and enters nothing. One without problems is kept for the caller until enter_openings.
func (s *server) readOpenings(ctx context.Context, c *caller, in *SheetIn) (*openingReadOut, error) {
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	out := &openingReadOut{}
	b := &out.Body
	b.Items, b.Beside = []earlierPayout{}, []claimRow{}
	return out, in.keep(func(path string) error {
		p, err := s.Subsidy.PreviewOpenings(ctx, m.View, path, in.Name)
		if err != nil {
			return err
		}
		b.Sheet, b.Rows, b.Amount, b.Problems = p.SHA256, p.Rows, p.Total.String(), placesOf(p.Problems)
		for _, o := range p.Openings[:min(len(p.Openings), 1000)] {
			b.Items = append(b.Items, earlierPayout{s.firmOfCase(m, o.Party), o.Project, o.Item, o.Family, o.Amount.String(), o.Year, o.Bureau, o.Doc, o.Place})
		}
		for _, x := range p.Beside {
			b.Beside = append(b.Beside, s.claimRow(m, x))
		}
		if len(p.Problems) > 0 {
			return nil
		}
		return s.Subsidy.KeepOpenings(ctx, c.scope, p)
	})
}

type enteredOut struct {
	Body struct {
		Source int64 `json:"source" example:"9"`
	}
}

// enterOpenings enters the sheet that the caller has read last: that one and no other.
func (s *server) enterOpenings(ctx context.Context, c *caller, in *struct {
	Body struct {
		Sheet     string `json:"sheet" pattern:"^[0-9a-f]{64}$" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"read_openings 的 sheet · sheet of read_openings"`
		Area      string `json:"area" minLength:"1" maxLength:"64" example:"320900" doc:"登记单位负责的地区 · the area that the office answers for"`
		Authority string `json:"authority,omitempty" maxLength:"64" example:"bureau" doc:"以谁的名义，见 list_authorities；默认 bureau · in whose name, see list_authorities; by default bureau"`
	}
},
) (*enteredOut, error) {
	b := in.Body
	if !c.scope.Sees(access.Import, b.Area, 0) {
		return nil, errs.Forbidden(string(access.Import))
	}
	p, err := s.Subsidy.KeptOpenings(ctx, c.scope)
	switch {
	case err != nil:
		return nil, err
	case p == nil || p.SHA256 != b.Sheet:
		return nil, errs.Conflict(i18n.M("openingpage.other"))
	}
	out := &enteredOut{}
	out.Body.Source, err = s.Subsidy.ImportOpenings(ctx, c.scope, b.Area, cmp.Or(b.Authority, subsidy.OpeningAuthority), p)
	return out, err
}

// undoOpenings takes a sheet back, whole.
func (s *server) undoOpenings(ctx context.Context, c *caller, in *struct {
	ID   int64 `path:"id" minimum:"1" example:"9"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"4000" example:"名单有误"`
	}
},
) (*nothing, error) {
	return &nothing{}, s.Subsidy.UndoOpenings(ctx, c.scope, in.ID, in.Body.Reason)
}

func (s *server) registerOpenings() {
	read, enter := access.Need{Action: access.ReadFund, Area: true}, access.Need{Action: access.Import, Area: true}
	const list = "/openings"
	handle(s, operation{id: "list_openings", tag: "fund", method: http.MethodGet, path: list, need: read}, s.listOpenings)
	handle(s, operation{id: "get_opening_template", tag: "fund", method: http.MethodGet, path: list + "/template", need: read, streams: []string{sheet.XLSXType}}, s.openingTemplate)
	handle(s, operation{id: "read_openings", tag: "fund", method: http.MethodPost, path: list + "/read", need: enter, upload: octets}, s.readOpenings)
	handle(s, operation{id: "enter_openings", tag: "fund", method: http.MethodPost, path: list, need: enter, status: http.StatusCreated, once: true}, s.enterOpenings)
	handle(s, operation{id: "undo_openings", tag: "fund", method: http.MethodPost, path: list + "/{id}/undo", need: access.Need{Action: access.UndoImport, Area: true}, status: http.StatusNoContent}, s.undoOpenings)
}
