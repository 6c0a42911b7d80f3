package form

import (
	"errors"
	"regexp"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// file is a definition as it is written.
type file struct {
	Form       string        `yaml:"form"`
	Title      i18n.Text     `yaml:"title"`
	Lead       i18n.Text     `yaml:"lead,omitempty"`
	Subject    string        `yaml:"subject"`
	By         string        `yaml:"by,omitempty"`
	Source     string        `yaml:"source"`
	Cite       string        `yaml:"cite,omitempty"`
	YearOf     string        `yaml:"year_of,omitempty"`
	Confirm    bool          `yaml:"confirm,omitempty"`
	Confidence string        `yaml:"confidence"`
	Schema     objectItem    `yaml:"schema"`
	Sections   []sectionItem `yaml:"sections"`
	Checks     []checkItem   `yaml:"checks,omitempty"`
}

// objectItem is an object of the schema: the answers as a whole, or one row of a list.
type objectItem struct {
	Type       string                  `yaml:"type"`
	Required   []string                `yaml:"required,omitempty"`
	Properties map[string]propertyItem `yaml:"properties,omitempty"`
}

// propertyItem is what one answer may be.
type propertyItem struct {
	Type      string      `yaml:"type"`
	Format    string      `yaml:"format,omitempty"`
	Unit      string      `yaml:"unit,omitempty"`
	Enum      []string    `yaml:"enum,omitempty"`
	Minimum   *number     `yaml:"minimum,omitempty"`
	Maximum   *number     `yaml:"maximum,omitempty"`
	MinLength *int        `yaml:"minLength,omitempty"`
	MaxLength *int        `yaml:"maxLength,omitempty"`
	Pattern   string      `yaml:"pattern,omitempty"`
	MinItems  *int        `yaml:"minItems,omitempty"`
	MaxItems  *int        `yaml:"maxItems,omitempty"`
	Items     *objectItem `yaml:"items,omitempty"`
}

// sectionItem is a part of the page.
type sectionItem struct {
	ID       string      `yaml:"id"`
	Title    i18n.Text   `yaml:"title"`
	Help     i18n.Text   `yaml:"help,omitempty"`
	Relevant string      `yaml:"relevant,omitempty"`
	Fields   []fieldItem `yaml:"fields"`
}

// fieldItem is what the page says of a property, or of files that are asked for by themselves.
type fieldItem struct {
	Name        string               `yaml:"name"`
	Label       i18n.Text            `yaml:"label"`
	Help        i18n.Text            `yaml:"help,omitempty"`
	Fact        string               `yaml:"fact,omitempty"`
	YearsBack   int                  `yaml:"years_back,omitempty"`
	Readonly    bool                 `yaml:"readonly,omitempty"`
	Relevant    string               `yaml:"relevant,omitempty"`
	Codes       string               `yaml:"codes,omitempty"`
	Options     map[string]i18n.Text `yaml:"options,omitempty"`
	PatternHelp i18n.Text            `yaml:"pattern_help,omitempty"`
	Long        bool                 `yaml:"long,omitempty"`
	Before      string               `yaml:"before,omitempty"`
	Compared    i18n.Text            `yaml:"compared,omitempty"`
	Columns     []columnItem         `yaml:"columns,omitempty"`
	Evidence    *evidenceItem        `yaml:"evidence,omitempty"`
}

// columnItem is what the page and a sheet say of a property of the rows of a list.
type columnItem struct {
	Name        string               `yaml:"name"`
	Label       i18n.Text            `yaml:"label"`
	Help        i18n.Text            `yaml:"help,omitempty"`
	Aliases     []string             `yaml:"aliases,omitempty"`
	Before      string               `yaml:"before,omitempty"`
	Codes       string               `yaml:"codes,omitempty"`
	Options     map[string]i18n.Text `yaml:"options,omitempty"`
	PatternHelp i18n.Text            `yaml:"pattern_help,omitempty"`
}

// evidenceItem is the files that prove an answer.
type evidenceItem struct {
	About i18n.Text `yaml:"about"`
	Min   int       `yaml:"min,omitempty"`
	Max   int       `yaml:"max,omitempty"`
	Types []string  `yaml:"types"`
	MB    int       `yaml:"mb,omitempty"`
}

// checkItem is a rule across fields.
type checkItem struct {
	That string    `yaml:"that"`
	At   string    `yaml:"at"`
	Say  i18n.Text `yaml:"say"`
}

// number is a plain decimal as it is written, so that it can be taken exactly.
type number string

var plainNumber = regexp.MustCompile(`^-?[0-9]{1,18}(\.[0-9]{1,9})?$`)

// UnmarshalText takes a number without an exponent.
func (n *number) UnmarshalText(b []byte) error {
	if !plainNumber.Match(b) {
		return errors.New("want a plain number such as 12 or 0.5")
	}
	*n = number(b)
	return nil
}

// keywords is what JSON Schema 2020-12 has and the subset leaves out.
var keywords = map[string]bool{
	"$id": true, "$schema": true, "$anchor": true, "$dynamicAnchor": true, "$dynamicRef": true, "$ref": true, "$defs": true,
	"$comment": true, "$vocabulary": true, "additionalProperties": true, "allOf": true, "anyOf": true, "oneOf": true, "not": true,
	"if": true, "then": true, "else": true, "const": true, "contains": true, "minContains": true, "maxContains": true,
	"contentEncoding": true, "contentMediaType": true, "contentSchema": true, "default": true, "dependentRequired": true,
	"dependentSchemas": true, "deprecated": true, "description": true, "examples": true, "exclusiveMaximum": true,
	"exclusiveMinimum": true, "maxProperties": true, "minProperties": true, "multipleOf": true, "patternProperties": true,
	"prefixItems": true, "propertyNames": true, "readOnly": true, "title": true, "unevaluatedItems": true,
	"unevaluatedProperties": true, "uniqueItems": true, "writeOnly": true,
}
