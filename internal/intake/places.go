package intake

import (
	"context"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Place is one place of a file where something was found: a cell, a row, a column or a sheet.
type Place struct {
	Severity Severity
	Sheet    string
	Column   string // header; "" for whole rows
	Place    string
	Msg      i18n.Msg
}

// Places is everything that was found in the file of a batch, in the order in which it was, and how many more places
// there are than it can hold. It reads the file again under its plan.
func (s *Service) Places(ctx context.Context, scope access.Scope, id int64) (all []Place, more int, err error) {
	b, err := s.Batch(ctx, scope, id)
	if err != nil {
		return nil, 0, err
	}
	release, err := turn(ctx, s.reading)
	if err != nil {
		return nil, 0, err
	}
	defer release()
	_, err = s.compare(ctx, scope, &b, &job{}, func(x finding) {
		if len(all) == maxListed {
			more++
			return
		}
		p := Place{Severity: x.severity, Sheet: x.sheet.Name, Place: x.place(), Msg: clip(x.msg)}
		if x.column != nil {
			p.Column = x.column.Header
		}
		all = append(all, p)
	})
	return all, more, err
}
