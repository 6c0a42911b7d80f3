package demo

import (
	"context"
	"errors"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// The sheets of this file say once more what others have said before: each comes from the office whose word on it counts most,
// and reaches as far as that office has looked. What they agree on may be paid without an application; the rest waits for
// somebody to verify it.

// taxChecked says that the tax bureau has held a project's input against its invoices.
func (c city) taxChecked(f firm, k int) bool {
	return newStream(c.Seed^0x7a8, uint64(f.number*4+k)).chance(700)
}

// taxedInput is what the tax bureau finds in the invoices of transformation projects, in yuan and fen.
func (c city) taxedInput() []sheet {
	file := File{Authority: "tax", Sender: "国家税务总局盐城市税务局（演示）", Title: "智改数转项目有效投入进项发票核验表（演示数据）"}
	return c.volumes("有效投入发票核验表", file, func(ctx context.Context, file File, first, last int) (int, error) {
		cols := []column{
			{"", "纳税人名称", 38, plain},
			{"", "纳税人识别号", 22, plain},
			{"", "项目代码", 26, plain},
			{"", "项目名称", 30, plain},
		}
		for y := firstYear; y <= lastYear; y++ {
			group := fmt.Sprintf("%d年（元）", y)
			cols = append(cols, column{group, "有效投入", 17, amount}, column{group, "设备投入", 17, amount}, column{group, "软件投入", 17, amount})
		}
		b, rows := newBook(), 0
		b.sheet("发票核验", cols, 1)
		b.line(heading, file.Title)
		b.header()
		for f := range c.firms(ctx, first, last) {
			for k, p := range f.projects {
				if !p.digital || !c.taxChecked(f, k) {
					continue
				}
				rows++
				row := []any{f.name, f.code, p.code, p.name}
				for _, y := range p.years {
					if y.unknown || y.blank && y.investment == 0 {
						row = append(row, nil, nil, nil) // no invoice was handed in
						continue
					}
					row = append(row, in(y.effective, money.Yuan), in(y.equipment, money.Yuan), in(y.software, money.Yuan))
				}
				b.record(row...)
			}
		}
		b.line(small, "注：按进项发票汇总，未提供发票的年度留空。演示数据，企业和金额均为虚构。")
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	})
}

// surveyed is from where on the statistics bureau follows a project.
const surveyed = 500 * money.Wan

// surveyedInvestment is the statistics bureau's survey of renovation projects, year by year.
func (c city) surveyedInvestment() []sheet {
	file := File{Authority: "statistics", Sender: "盐城市统计局", Title: "500万元及以上工业技改项目投资完成情况（演示数据）"}
	return c.volumes("工业技改项目投资统计", file, func(ctx context.Context, file File, first, last int) (int, error) {
		const invested = "项目年度投资额"
		cols := []column{
			{"", "序号", 6, plain},
			{"", "统一社会信用代码", 22, plain},
			{"", "单位详细名称", 38, plain},
			{"", "项目代码", 26, plain},
			{"", "项目名称", 30, plain},
		}
		for y := firstYear; y <= lastYear; y++ {
			cols = append(cols, column{invested, fmt.Sprintf("%d年", y), 14, amount})
		}
		b, rows := newBook(), 0
		b.sheet("技改项目", cols, 2)
		b.line(heading, file.Title)
		b.line(small, "单位：万元")
		b.header()
		for f := range c.firms(ctx, first, last) {
			for _, p := range f.projects {
				if p.total < surveyed {
					continue
				}
				rows++
				row := []any{rows, f.code, f.name, p.code, p.name}
				for _, y := range p.years {
					if y.investment == 0 && y.blank {
						row = append(row, nil)
						continue
					}
					row = append(row, in(y.investment, money.Wan))
				}
				b.record(row...)
			}
		}
		b.line(small, "注：演示数据，非统计资料。")
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	})
}

// loanPurposes is for what the bureau has confirmed that loans are.
func (c city) loanPurposes() []sheet {
	file := File{Authority: "bureau", Sender: "盐城市工业和信息化局", Title: "智改数转项目贷款用途确认表（演示数据）"}
	return []sheet{{name: "贷款用途确认表.xlsx", file: file, write: func(ctx context.Context, file File) (int, error) {
		b, rows := newBook(), 0
		b.sheet("用途确认", []column{
			{"", "序号", 6, plain},
			{"", "借款企业", 38, plain},
			{"", "统一社会信用代码", 22, plain},
			{"", "借款合同号", 22, plain},
			{"", "对应项目代码", 26, plain},
			{"", "是否用于智改数转", 12, plain},
		}, 1)
		b.line(heading, file.Title)
		b.header()
		for f := range c.firms(ctx, 0, c.Size) {
			for k, l := range f.loans {
				if newStream(c.Seed^0x10a, uint64(f.number*4+k)).chance(200) {
					continue
				}
				rows++
				b.record(rows, f.name, f.code, l.contract, l.project, yesNo(l.digital))
			}
		}
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	}}}
}

// announced is until when the province has made titles public.
var announced = period.Date(2024, 6, 30)

// announcement is the titles of the province and the state that were made public, manufacturers and service bodies alike.
func (c city) announcement() []sheet {
	file := File{Authority: "public", Sender: "江苏省工业和信息化厅（演示）", Title: "省级以上智能制造和数字化称号公布名单汇编（演示数据）"}
	return []sheet{{name: "省级以上称号公布名单.xlsx", file: file, write: func(ctx context.Context, file File) (int, error) {
		b, rows := newBook(), 0
		b.sheet("公布名单", []column{
			{"", "序号", 6, plain},
			{"", "单位名称", 38, plain},
			{"", "统一社会信用代码", 22, plain},
			{"", "荣誉称号", 36, plain},
			{"", "级别", 9, plain},
			{"", "公布日期", 12, date},
			{"", "公布文件", 20, plain},
			{"", "获评项目名称", 24, plain},
			{"", "是否首次获评", 10, plain},
		}, 1)
		b.line(heading, file.Title)
		b.header()
		list := func(name, code string, honours []honour) {
			for _, h := range honours {
				if h.level == "市级" || h.on > announced {
					continue
				}
				rows++
				b.record(rows, name, code, h.title, h.level, serial(h.on), h.document, orDash(h.item, ""), yesNo(h.first))
			}
		}
		for f := range c.firms(ctx, 0, c.Size) {
			list(f.name, f.code, f.honours)
		}
		for n := range c.bodies() {
			s := serviceBody(c.Seed, n)
			list(s.name, s.code, s.honours)
		}
		return rows, errors.Join(ctx.Err(), b.save(file.Path))
	}}}
}
