package api

import (
	"context"
	"math/big"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
)

// MonthlyGrowth is growth of the same enterprises.
type MonthlyGrowth struct {
	Growth string `json:"growth,omitempty" example:"1/5" doc:"可比增速，占一的份额；没有则算不出 · as a part of one; none where nobody can say"`
	Now    string `json:"now,omitempty" example:"12000000" doc:"可比企业本期数 · what the same enterprises stated"`
	Before string `json:"before,omitempty" example:"10000000" doc:"可比企业上年同期数 · and a year before"`
	Pairs  int    `json:"pairs" example:"1" doc:"可比的户数，累计为户次 · how many are compared; of the year to date, how many of their months"`
}

func monthlyGrowth(x *indicator.Indicator, p monitor.Pair) MonthlyGrowth {
	return MonthlyGrowth{partOfOne(p.Growth()), exactFigure(x, p.Now.Value), exactFigure(x, p.Then.Value), p.Now.Counted}
}

// MonthlyPart is a part in a month and in the year so far.
type MonthlyPart struct {
	TableHead
	Month    FigureValue   `json:"month" doc:"当月；没有人报则无数 · none where nobody has reported"`
	Before   FigureValue   `json:"month_before" doc:"上年同月 · the same month a year before"`
	Growth   MonthlyGrowth `json:"growth" doc:"当月可比增速：只比两年都报了该月的企业 · of those that stated the month in both years"`
	ToDate   FigureValue   `json:"to_date" doc:"本年累计 · the year to date"`
	ToBefore FigureValue   `json:"to_date_before"`
	GrowthTo MonthlyGrowth `json:"growth_to_date"`
}

func monthlyPart(x *indicator.Indicator, o monitor.Operations) MonthlyPart {
	return MonthlyPart{
		TableHead{o.Code, o.Name}, figureValue(x, o.Month), figureValue(x, o.Before), monthlyGrowth(x, o.Alike), figureValue(x, o.ToDate), figureValue(x, o.ToBefore), monthlyGrowth(x, o.AlikeToDate),
	}
}

// MonthlyPoint is a month of a trend.
type MonthlyPoint struct {
	Period string        `json:"period" example:"2024-09"`
	Value  FigureValue   `json:"value"`
	Before FigureValue   `json:"year_before"`
	Growth MonthlyGrowth `json:"growth"`
}

type monthlyOperationsOut struct {
	Body struct {
		Indicator string         `json:"indicator" example:"monthly_output"`
		Area      string         `json:"area" example:"320900"`
		Period    string         `json:"period" example:"2024-09"`
		AsOf      asOf           `json:"as_of"`
		Total     MonthlyPart    `json:"total" doc:"全部；month.counted 为已报、month.within 为应报 · the whole: month.counted of month.within have reported"`
		Items     []MonthlyPart  `json:"items" nullable:"false" doc:"按维度的各部分 · by the parts of the dimension"`
		Trend     []MonthlyPoint `json:"trend" nullable:"false" doc:"早的在前 · the earliest first"`
	}
}

// monthlyAsked is a query of a month; of a longer period, the last month of it that somebody stated.
func (s *server) monthlyAsked(ctx context.Context, c *caller, m moment, code string, in FigureQuery) (monitor.Query, error) {
	q, err := s.figureAsked(ctx, c, m, code, in)
	if err != nil {
		return q, err
	}
	q.Period, err = s.Monitor.MonthOf(ctx, m.View, q)
	return q, err
}

// getMonthlyOperations is a month of what enterprises state month by month, beside the year before, by parts and over the last months.
func (s *server) getMonthlyOperations(ctx context.Context, c *caller, in *struct {
	IndicatorIn
	FigureQuery
	Knowledge
	By     string `query:"by" maxLength:"64" example:"area" doc:"area、county、trade 或企业的数据项；没有则不分 · or a fact of enterprises; none for no parts"`
	Months int    `query:"months" minimum:"0" maximum:"60" example:"13" doc:"走势多少个月 · how many months of trend"`
},
) (*monthlyOperationsOut, error) {
	m, err := s.at(ctx, c, in.Knowledge)
	if err != nil {
		return nil, err
	}
	q, err := s.monthlyAsked(ctx, c, m, in.Indicator, in.FigureQuery)
	if err != nil {
		return nil, err
	}
	by, ok := s.Monitor.ParseDimension(in.By)
	if !ok {
		return nil, invalid(c.t, "by", in.By, i18n.M("monitor.no_dimension", in.By))
	}
	x := q.Indicator
	whole, err := s.Monitor.Operations(ctx, m.View, q, monitor.Dimension{})
	if err != nil {
		return nil, err
	}
	out := &monthlyOperationsOut{}
	b := &out.Body
	b.Indicator, b.Area, b.Period, b.AsOf, b.Total, b.Items, b.Trend = x.Code, q.Area, q.Period.String(), m.asOf(), monthlyPart(x, whole[0]), []MonthlyPart{}, []MonthlyPoint{}
	if by.By != "" {
		parts, err := s.Monitor.Operations(ctx, m.View, q, by)
		if err != nil {
			return nil, err
		}
		for _, o := range parts {
			b.Items = append(b.Items, monthlyPart(x, o))
		}
	}
	trend, err := s.Monitor.Trend(ctx, m.View, q, in.Months)
	if err != nil {
		return nil, err
	}
	for _, p := range trend {
		b.Trend = append(b.Trend, MonthlyPoint{p.Month.String(), figureValue(x, p.Value), figureValue(x, p.Before), monthlyGrowth(x, p.Alike)})
	}
	return out, nil
}

// monthlyEnterprise is an enterprise in a month.
type monthlyEnterprise struct {
	Enterprise int64  `json:"enterprise" example:"17"`
	Name       string `json:"name" example:"盐城亭湖甲机械有限公司"`
	USCC       string `json:"uscc,omitempty" example:"91320281142225264B"`
	Area       string `json:"area,omitempty" example:"320902"`
	Stand      string `json:"stand" enum:"both,new,due,gone" example:"both" doc:"both 两年都报、new 上年同月无数、due 未报、gone 今年不在规上 · reported both years, no figure a year before, not reported, no longer above scale"`
	Month      string `json:"month,omitempty" example:"12000000" doc:"没有则未报 · none where it was not stated"`
	Before     string `json:"month_before,omitempty" example:"10000000"`
	Growth     string `json:"growth,omitempty" example:"1/5"`
	GrowthTo   string `json:"growth_to_date,omitempty" example:"3/20" doc:"只比两年都报了的月份 · of the months that were stated in both years"`
	Stated     int    `json:"months_stated" example:"9" doc:"本年已报几个月 · how many months of the year so far were stated"`
}

type monthlyEnterprisesOut struct {
	Body struct {
		Items  []monthlyEnterprise `json:"items" nullable:"false"`
		Total  int                 `json:"total" example:"1"`
		Stands map[string]int      `json:"stands" doc:"每种状态有多少 · how many stand in which way"`
		Next   string              `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// listMonthlyEnterprises is the enterprises of a month: those that growth is of, and those that have not reported.
func (s *server) listMonthlyEnterprises(ctx context.Context, c *caller, in *struct {
	IndicatorIn
	FigureQuery
	Knowledge
	Stand string `query:"stand" maxLength:"20" enum:"both,new,due,gone" example:"due"`
	Paging
},
) (*monthlyEnterprisesOut, error) {
	at, err := in.open(c, c.listName("monthly_enterprises", []any{in.IndicatorIn, in.FigureQuery, in.Knowledge, in.Stand}))
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, at.pick(in.Knowledge))
	if err != nil {
		return nil, err
	}
	q, err := s.monthlyAsked(ctx, c, m, in.Indicator, in.FigureQuery)
	if err != nil {
		return nil, err
	}
	all, err := s.Monitor.MonthFirms(ctx, m.View, q, monitor.Stand(in.Stand))
	if err != nil {
		return nil, err
	}
	x := q.Indicator
	out := &monthlyEnterprisesOut{}
	b := &out.Body
	b.Items, b.Total, b.Next, b.Stands = []monthlyEnterprise{}, all.Len(), at.next(m, at.From+in.Limit, all.Len()), map[string]int{}
	for stand, n := range all.Stands {
		b.Stands[string(stand)] = n
	}
	for _, f := range all.Page(at.From, in.Limit) {
		b.Items = append(b.Items, monthlyEnterprise{
			f.ID, f.Name, f.USCC, f.Area, string(f.Stand), exactFigure(x, f.Now), exactFigure(x, f.Then), partOfOne(f.Growth()), partOfOne(f.GrowthToDate()), f.Stated,
		})
	}
	return out, nil
}

// partOfOne is a growth exactly; "" for none.
func partOfOne(g *big.Rat) string {
	if g == nil {
		return ""
	}
	return exactText(g)
}

func (s *server) registerOperations() {
	read := access.Need{Action: access.ReadFact, Area: true}
	const tag, months = "figures", "/indicators/{indicator}/months"
	handle(s, operation{id: "get_monthly_operations", tag: tag, method: http.MethodGet, path: months, need: read}, s.getMonthlyOperations)
	handle(s, operation{id: "list_monthly_enterprises", tag: tag, method: http.MethodGet, path: months + "/enterprises", need: read}, s.listMonthlyEnterprises)
}
