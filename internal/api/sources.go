package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/source"
)

// traced is a source with what makes it up.
type traced struct {
	Source
	Kind       string      `json:"kind" example:"import"`
	Area       *Node       `json:"area,omitempty"`
	SHA256     string      `json:"sha256,omitempty" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	Rows       int64       `json:"rows" example:"21" doc:"陈述的条数 · how many statements"`
	Degraded   bool        `json:"degraded,omitempty" example:"false" doc:"文字像是识别或转换来的 · its text was recognised or converted"`
	Retraction *retraction `json:"retraction,omitempty"`
}

// retraction is how a source was taken back.
type retraction struct {
	At     string `json:"at" format:"date-time" example:"2024-11-01T09:00:00+08:00"`
	By     string `json:"by,omitempty" example:"王敏"`
	Reason string `json:"reason" example:"报错了年度"`
	Commit int64  `json:"commit" example:"43"`
}

func (s *server) traced(ctx context.Context, src source.Source, names people) (traced, error) {
	by, err := s.nameOf(ctx, names, src.Actor)
	if err != nil {
		return traced{}, err
	}
	out := traced{
		Source: sourceOf(src, by), Kind: string(src.Kind), Area: nodeOf(s.Library.Areas(), src.Area), SHA256: src.SHA256, Rows: src.Rows, Degraded: src.Degraded,
	}
	if r := src.Retraction; r != nil {
		who, err := s.nameOf(ctx, names, r.Actor)
		if err != nil {
			return traced{}, err
		}
		out.Retraction = &retraction{At: instant(r.At), By: who, Reason: r.Reason, Commit: r.Seq}
	}
	return out, nil
}

type sourcesOut struct {
	Body struct {
		Items []traced `json:"items" nullable:"false"`
		Next  string   `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// sources are those that were ever published, the newest first.
func (s *server) sources(ctx context.Context, c *caller, in *struct{ Paging }) (*sourcesOut, error) {
	at, err := in.open(c, c.listName("sources", nil))
	if err != nil {
		return nil, err
	}
	list, err := s.Sources.List(ctx, c.scope, source.Page{Before: at.Before, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out, names := &sourcesOut{}, people{}
	out.Body.Items = []traced{}
	for _, src := range list {
		x, err := s.traced(ctx, src, names)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, x)
	}
	if len(list) == in.Limit {
		out.Body.Next = cursor{List: at.List, Before: list[in.Limit-1].ID}.String()
	}
	return out, nil
}

type sourceOut struct{ Body traced }

func (s *server) getSource(ctx context.Context, c *caller, in *idIn) (*sourceOut, error) {
	src, err := s.Sources.Get(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	x, err := s.traced(ctx, src, people{})
	return &sourceOut{x}, err
}

type statedByIn struct {
	ID int64 `path:"id" minimum:"1" example:"40"`
	Paging
}

// statedBy is the enterprises of whom a source states something, by name.
func (s *server) statedBy(ctx context.Context, c *caller, in *statedByIn) (*firmsOut, error) {
	at, err := in.open(c, c.listName("stated", in.ID))
	if err != nil {
		return nil, err
	}
	if _, err := s.Sources.Get(ctx, c.scope, in.ID); err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, at.pick(Knowledge{}))
	if err != nil {
		return nil, err
	}
	all, err := m.StatedBy(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &firmsOut{}
	b := &out.Body
	b.Items, b.Total, b.Next, b.AsOf = []Firm{}, len(all), at.next(m, at.From+in.Limit, len(all)), m.asOf()
	first := min(at.From, len(all))
	for _, e := range all[first:min(first+in.Limit, len(all))] {
		b.Items = append(b.Items, s.firm(e))
	}
	return out, nil
}

func (s *server) registerSources() {
	may := access.Need{Action: access.ReadFact, Area: true}
	handle(s, operation{id: "list_sources", tag: "log", method: http.MethodGet, path: "/sources", need: may}, s.sources)
	handle(s, operation{id: "get_source", tag: "log", method: http.MethodGet, path: "/sources/{id}", need: may}, s.getSource)
	handle(s, operation{id: "list_stated", tag: "log", method: http.MethodGet, path: "/sources/{id}/enterprises", need: may}, s.statedBy)
}
