package release

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Column is a column of the open data of a kind: what the data dictionary says of it.
type Column struct {
	Name       string // in the file, after 360Giving or OCDS
	Field      string // id of the field, "" of a column that every release has
	Label      i18n.Text
	Type       string
	Optional   bool
	Source     string
	Confidence string
}

// The columns that every release has, before and after its own. Names with a colon are those of the 360Giving Data Standard; the tag is
// OCDS's releaseTag.
const (
	colIdentifier = "Identifier"
	colTitle      = "Title"
	colTag        = "OCDS:releaseTag"
	colCurrency   = "Currency"
	colDate       = "Award Date"
	colOrgID      = "Funding Org:Identifier"
	colOrg        = "Funding Org:Name"
	colProgramme  = "Grant Programme:Title"
	colUntil      = "Objections Until"
	colModified   = "Last Modified"
	colRelease    = "Release"
	colHash       = "Release SHA-256"
)

var (
	headColumns = []string{
		colIdentifier, colTitle, colTag, colCurrency, colDate, colOrgID, colOrg, colProgramme, colUntil, colModified, colRelease, colHash,
	}
	columnsBefore = []string{colIdentifier, colTitle}
	columnsAfter  = []string{colCurrency, colDate, colOrgID, colOrg, colProgramme, colTag, colUntil, colModified, colRelease, colHash}
)

// dictionarySource is where the names of columns come from.
const dictionarySource = "360Giving Data Standard 1.3, OCDS 1.1"

// Columns is the columns of a kind's open data, in order.
func (k *Kind) Columns() []Column {
	var all []Column
	always := func(names []string) {
		for _, name := range names {
			word := strings.ToLower(strings.NewReplacer(":", "_", " ", "_", "-", "").Replace(name))
			all = append(all, Column{
				Name: name, Label: i18n.M("release.col_" + word).Both(), Type: TypeText, Source: dictionarySource, Confidence: content.Secondary,
			})
		}
	}
	always(columnsBefore)
	for _, f := range k.Fields {
		all = append(all, Column{f.Column, f.ID, f.Name, f.Type, f.Optional, f.Source, f.Confidence})
	}
	always(columnsAfter)
	return all
}

// ocdsTags says of an act what OCDS calls it.
var ocdsTags = map[Act]string{Published: "award", Corrected: "awardUpdate", Withdrawn: "awardCancellation"}

// Table is releases of a kind as open data. What goes wrong while rows are read stands in fault afterwards.
func (s *Store) Table(ctx context.Context, k *Kind, list []Release, fault *error) sheet.Table {
	all := k.Columns()
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.Name
	}
	return sheet.Table{Name: k.Title.ZH, Columns: names, Rows: s.cells(ctx, k, all, list, fault)}
}

// errStop ends a walk over rows that nobody reads on.
var errStop = errors.New("nobody reads on")

func (s *Store) cells(ctx context.Context, k *Kind, all []Column, list []Release, fault *error) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for _, r := range list {
			err := EachLine(ctx, s.DB.Read(), r.ID, func(l Line) error {
				cells := make([]any, len(all))
				for i, c := range all {
					if c.Field == "" {
						cells[i] = s.common(k, r, l, c.Name)
						continue
					}
					cell, err := fieldCell(r, l, c)
					if err != nil {
						return err
					}
					cells[i] = cell
				}
				if !yield(cells) {
					return errStop
				}
				return nil
			})
			if errors.Is(err, errStop) {
				return
			}
			if err != nil {
				*fault = err
				return
			}
		}
	}
}

func fieldCell(r Release, l Line, c Column) (any, error) {
	if c.Type == TypeMoney && l.Of(r, c.Field) != "" {
		return l.Money(r, c.Field)
	}
	return l.Of(r, c.Field), nil
}

// common is what stands in a column that every release has.
func (s *Store) common(k *Kind, r Release, l Line, column string) string {
	switch column {
	case colIdentifier:
		return fmt.Sprintf("%s-%d-%d", r.Kind, r.Ref, l.N)
	case colTitle:
		return r.Title
	case colTag:
		return ocdsTags[r.Act]
	case colCurrency:
		return currency
	case colDate, colModified:
		return r.Published.String()
	case colOrgID:
		return "CN-" + r.Area
	case colOrg:
		n, _ := s.Library.Areas().Node(r.Area)
		return n.Name
	case colProgramme:
		return k.Title.ZH
	case colUntil:
		return dayText(r.Until)
	case colRelease:
		return r.Number
	}
	return r.Hash
}

// Standing is the releases of a kind that stand now, the newest first: of each series the last one, without those that were withdrawn.
func (s *Store) Standing(ctx context.Context, kind string) ([]Release, error) {
	var all []Release
	for f := (Filter{Kind: kind, Newest: true, Limit: 1000}); ; {
		some, err := s.List(ctx, f)
		if err != nil || len(some) == 0 {
			return all, err
		}
		for _, r := range some {
			if r.Stands() {
				all = append(all, r)
			}
		}
		f.Before = some[len(some)-1].ID
	}
}
