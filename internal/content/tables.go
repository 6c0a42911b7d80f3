package content

import (
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Table is one that can be filled into somebody else's workbook.
type Table struct {
	Code    string
	Name    i18n.Text
	Subject string // kind of subject that its rows are; "" where they are none
	Columns []TableColumn
}

// TableColumn is a column of a Table: how headers and placeholders name it, and what its values are.
type TableColumn struct {
	Term          // its role is that of the vocabulary, the code of a definition, or "log.when"
	Type   Type   // Text for what identifies a firm or a row
	Unit   string // of a number whose header and title name none; "" for no unit
	Period period.Kind
	Owner  bool // a figure of the enterprise that the row's subject belongs to
	Mixed  bool // each row has a unit of its own
}

// Column is the place of a column by its role; -1 for none.
func (t *Table) Column(role string) int {
	return slices.IndexFunc(t.Columns, func(c TableColumn) bool { return c.Role == role })
}

// tableFile is tables.yaml.
type tableFile struct {
	Tables []struct {
		Code    string       `yaml:"code"`
		Name    i18n.Text    `yaml:"name"`
		Subject string       `yaml:"subject,omitempty"`
		Columns []columnItem `yaml:"columns,omitempty"`
	} `yaml:"tables"`
}

// columnItem is a column of the vocabulary, by its role, or one of the table's own.
type columnItem struct {
	Role  string    `yaml:"role,omitempty"`
	Code  string    `yaml:"code,omitempty"`
	Name  i18n.Text `yaml:"name,omitempty"`
	Words []string  `yaml:"words,omitempty"`
	Type  string    `yaml:"type,omitempty"`
	Unit  string    `yaml:"unit,omitempty"`
	Mixed bool      `yaml:"mixed,omitempty"`
}

// readTables reads the tables; the vocabulary and the definitions have been read before.
func (l *loader) readTables() {
	var f tableFile
	doc, ok := l.decode("tables.yaml", &f)
	if !ok {
		return
	}
	for i, item := range f.Tables {
		at := func(keys ...any) []any { return append([]any{"tables", i}, keys...) }
		t := Table{Code: item.Code, Name: item.Name, Subject: item.Subject}
		if !isCode(t.Code) {
			l.report(doc, i18n.M("content.bad_code", t.Code), at("code")...)
		}
		if _, twice := l.lib.Table(t.Code); twice {
			l.report(doc, i18n.M("content.code_twice", t.Code), at("code")...)
		}
		l.bilingual(doc, t.Name, at("name")...)
		said := map[string]string{}
		if t.Subject != "" {
			l.word(doc, t.Subject, "enterprise, project, loan, lease, honour, area", at("subject")...)
			t.Columns = l.lib.subjectColumns(t.Subject)
			for _, c := range t.Columns {
				if !c.Owner { // which stands behind what the row itself says in the same words
					c.says(said)
				}
			}
		}
		for j, x := range item.Columns {
			c, ok := l.tableColumn(doc, t.Code, x, at("columns", j))
			if !ok {
				continue
			}
			if word, other := c.says(said); other != "" {
				l.report(doc, i18n.M("content.word_twice", word, other), at("columns", j)...)
			}
			t.Columns = append(t.Columns, c)
		}
		l.lib.tables = append(l.lib.tables, t)
	}
}

func (l *loader) tableColumn(doc *Document, table string, x columnItem, at []any) (TableColumn, bool) {
	before := len(l.problems)
	if x.Role != "" {
		if i := slices.IndexFunc(l.lib.vocabulary, func(t Term) bool { return t.Role == x.Role && t.Place == Header }); i >= 0 {
			return TableColumn{Term: l.lib.vocabulary[i], Type: Text}, true
		}
		l.report(doc, i18n.M("content.no_fact", x.Role), append(at, "role")...)
		return TableColumn{}, false
	}
	if !isCode(x.Code) {
		l.report(doc, i18n.M("content.bad_code", x.Code), at...)
	}
	l.bilingual(doc, x.Name, at...)
	l.word(doc, x.Type, "money, int, decimal, rate, bool, date, text", at...)
	words := append([]string{x.Name.ZH, x.Name.EN}, x.Words...)
	c := TableColumn{
		Term: Term{Role: table + "." + x.Code, Place: Header, Name: x.Name, Words: words}, Type: Type(x.Type), Unit: x.Unit, Mixed: x.Mixed,
	}
	l.unit(doc, FactDef{Type: c.Type, Unit: c.Unit}, func(keys ...any) []any { return append(slices.Clone(at), keys...) })
	return c, len(l.problems) == before
}

// says adds the words of a column to those that others have said, and names the first that another has.
func (c TableColumn) says(said map[string]string) (word, other string) {
	for _, w := range c.Words {
		key := Fold(w)
		if by, taken := said[key]; taken && by != c.Role && other == "" {
			word, other = w, by
		}
		said[key] = c.Role
	}
	return word, other
}

// subjectColumns is what a row says that is about a subject of a kind: who it belongs to, its own figures, and those of
// its enterprise.
func (l *Library) subjectColumns(kind string) []TableColumn {
	var roles, own, owner []TableColumn
	for _, term := range l.vocabulary {
		def, isFact := l.FactDef(term.Role)
		c := TableColumn{Term: term, Type: Text}
		switch {
		case term.Place != Header:
		case !isFact:
			if kind != Area || term.Role == "party.area" || strings.HasPrefix(term.Role, "row.") {
				roles = append(roles, c)
			}
		default:
			c.Type, c.Unit, c.Period, c.Owner = def.Type, def.Unit, def.Period, def.Subject != kind
			switch {
			case !c.Owner:
				own = append(own, c)
			case def.Subject == Enterprise && kind != Area:
				owner = append(owner, c)
			}
		}
	}
	return slices.Concat(roles, own, owner)
}

// Tables is the tables that can be filled into a workbook. The slice must not be changed.
func (l *Library) Tables() []Table { return l.tables }

// Table is the table with a code.
func (l *Library) Table(code string) (Table, bool) {
	i := slices.IndexFunc(l.tables, func(t Table) bool { return t.Code == code })
	if i < 0 {
		return Table{}, false
	}
	return l.tables[i], true
}
