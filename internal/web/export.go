package web

import (
	"cmp"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/yanzhen/yanzhen/internal/sheet"
)

// export answers with the table in the form that the address asks for: .xlsx unless format=csv. What a demonstration
// exports says so in the name of its file and in the file.
func (s *server) export(w http.ResponseWriter, r *http.Request, v *visit, name string, out sheet.Export) error {
	x := s.exported(r, v, name, out)
	attach(w, x.name, x.kind)
	if err := x.write(w); err != nil {
		w.Header().Del("Content-Disposition")
		return fmt.Errorf("export %s: %w", name, err)
	}
	return nil
}

// exported is a table as a file: what it is called, its media type, and what writes it.
type exported struct {
	name, kind string
	write      func(io.Writer) error
}

func (s *server) exported(r *http.Request, v *visit, name string, out sheet.Export) exported {
	return s.exportedAs(v, name, out, r.FormValue("format") == "csv")
}

// exportedAs is a table as a .csv, or else as a workbook.
func (s *server) exportedAs(v *visit, name string, out sheet.Export, csv bool) exported {
	if s.Demo != nil {
		name += "-" + v.t.S("web.demo")
		out.Mark = v.t.S("web.demo") + v.t.S("web.colon") + v.t.S("web.demo_note", s.Clock.Today().String())
	}
	out.Name, out.NotesName = cmp.Or(out.Name, v.t.S("web.sheet_data")), cmp.Or(out.NotesName, v.t.S("web.sheet_notes"))
	if csv {
		return exported{name + ".csv", sheet.CSVType, out.CSV}
	}
	return exported{name + ".xlsx", sheet.XLSXType, out.Workbook}
}

// csvOf is the address of an export as .csv.
func csvOf(href string) string {
	if strings.Contains(href, "?") {
		return href + "&format=csv"
	}
	return href + "?format=csv"
}

func attach(w http.ResponseWriter, name, kind string) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
}
