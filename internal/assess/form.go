package assess

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// FormCode is the code of the questionnaire of the model: a form like any other, made of its questions.
func (r *Rubric) FormCode() string {
	return "assess_" + r.Rubric + "_" + strings.ReplaceAll(r.Edition, "-", "_")
}

// Self is who answers a questionnaire: the enterprise itself, or who rates it on the spot.
const (
	Self   = "enterprise"
	OnSite = "institute"
)

// Form is the questionnaire of the model for who speaks in it: a question for each fact that the model reads, filled with what is known
// and written back, in a section for each part. Who rates on the spot confirms, corrects or leaves what is known. What the speaker may not state is shown and not asked.
func (r *Rubric) Form(lib *content.Library, by string) (*form.Form, error) {
	q := &questionnaire{r: r, lib: lib, by: by, asked: map[string]bool{}}
	src, err := q.source()
	if err != nil {
		return nil, err
	}
	f, problems := form.Parse(lib, r.formCode(by)+".yaml", src)
	if len(problems) > 0 {
		return nil, fmt.Errorf("make the questionnaire of %s %s: %w", r.Rubric, r.Edition, problems)
	}
	return f, nil
}

func (r *Rubric) formCode(by string) string {
	if by == Self {
		return r.FormCode()
	}
	return r.FormCode() + "_" + by
}

// Asks is forms with the questionnaires of every model that asks what an enterprise can state, of both speakers.
func (s *Set) Asks(lib *content.Library, forms *form.Set) (*form.Set, error) {
	var out []*form.Form
	for _, r := range s.rubrics {
		if !r.asksFirm() {
			continue
		}
		for _, by := range []string{Self, OnSite} {
			f, err := r.Form(lib, by)
			if err != nil {
				return nil, errs.Invalid(i18n.M("assess.form", r.Rubric, r.Edition, err.Error()))
			}
			out = append(out, f)
		}
	}
	return forms.With(out...)
}

// asksFirm says that the model has a question that an enterprise answers itself, and not so many that no form holds them.
func (r *Rubric) asksFirm() bool {
	facts := r.Facts()
	return len(facts) <= maxAsked && slices.ContainsFunc(facts, func(d content.FactDef) bool { return states(d, Self) })
}

// maxAsked is how many questions a form holds (package form).
const maxAsked = 200

// states says that an authority is one that states a fact.
func states(d content.FactDef, by string) bool {
	return len(d.Authority) == 0 || slices.Contains(d.Authority, by)
}

// The shape of a form, as docs/forms.md says: JSON is YAML.
type (
	formFile struct {
		Form       string        `json:"form"`
		Title      i18n.Text     `json:"title"`
		Lead       *i18n.Text    `json:"lead,omitempty"`
		Subject    string        `json:"subject"`
		By         string        `json:"by,omitempty"`
		Confirm    bool          `json:"confirm,omitempty"`
		Source     string        `json:"source"`
		Cite       string        `json:"cite,omitempty"`
		Confidence string        `json:"confidence"`
		Schema     formSchema    `json:"schema"`
		Sections   []formSection `json:"sections"`
	}
	formSchema struct {
		Type       string                  `json:"type"`
		Properties map[string]formProperty `json:"properties"`
	}
	formProperty struct {
		Type      string      `json:"type"`
		Format    string      `json:"format,omitempty"`
		Unit      string      `json:"unit,omitempty"`
		Minimum   json.Number `json:"minimum,omitempty"`
		Maximum   json.Number `json:"maximum,omitempty"`
		MaxLength int         `json:"maxLength,omitempty"`
	}
	formSection struct {
		ID       string      `json:"id"`
		Title    i18n.Text   `json:"title"`
		Help     *i18n.Text  `json:"help,omitempty"`
		Relevant string      `json:"relevant,omitempty"`
		Fields   []formField `json:"fields"`
	}
	formField struct {
		Name     string        `json:"name"`
		Label    i18n.Text     `json:"label"`
		Help     *i18n.Text    `json:"help,omitempty"`
		Fact     string        `json:"fact"`
		Readonly bool          `json:"readonly,omitempty"`
		Codes    string        `json:"codes,omitempty"`
		Evidence *formEvidence `json:"evidence,omitempty"`
	}
	formEvidence struct {
		About i18n.Text `json:"about"`
		Min   int       `json:"min"`
		Max   int       `json:"max"`
		Types []string  `json:"types"`
		MB    int       `json:"mb"`
	}
)

// Evidence of a question: how many files, of which types, how large.
const (
	evidenceFiles = 10
	evidenceMB    = 20
)

var evidenceTypes = []string{"pdf", "image", "word", "sheet"}

// questionnaire makes the form of a model.
type questionnaire struct {
	r     *Rubric
	lib   *content.Library
	by    string
	asked map[string]bool // facts
	file  formFile
}

// source is the form as a file.
func (q *questionnaire) source() ([]byte, error) {
	r := q.r
	q.file = formFile{
		Form: r.formCode(q.by), Title: r.Title, Subject: content.Enterprise, Source: r.Source, Cite: r.Cite, Confidence: r.Confidence,
		Schema: formSchema{Type: "object", Properties: map[string]formProperty{}},
	}
	if q.by != Self {
		q.file.By, q.file.Confirm = q.by, true
		q.file.Title = i18n.Text{ZH: r.Title.ZH + "（现场评定）", EN: r.Title.EN + " (rated on site)"}
	}
	if r.Note.ZH != "" {
		q.file.Lead = &r.Note
	}
	tree := map[string]bool{}
	for _, l := range r.leaves {
		for _, x := range l.exprs() {
			for _, d := range x.Facts() {
				tree[d.Code] = true
			}
		}
	}
	for _, k := range r.counts {
		for _, x := range k.of {
			for _, d := range x.Facts() {
				tree[d.Code] = true
			}
		}
	}
	head := formSection{ID: "about", Title: i18n.Text{ZH: "基本情况", EN: "About the firm"}}
	for _, d := range r.Facts() {
		if !tree[d.Code] {
			q.ask(&head, d, i18n.Text{}, nil)
		}
	}
	q.add(head)
	for n := range r.nodes {
		if r.nodes[n].parent < 0 || r.nodes[n].IsQuestion() {
			continue
		}
		q.part(n)
	}
	q.single(0)
	for k := range r.counts {
		q.count(&r.counts[k])
	}
	q.onPaths()
	return json.MarshalIndent(q.file, "", " ")
}

// add takes a section in that asks something.
func (q *questionnaire) add(s formSection) {
	if len(s.Fields) > 0 {
		q.file.Sections = append(q.file.Sections, s)
	}
}

// part asks the questions right below a part: those with several answers in a section of their own.
func (q *questionnaire) part(n int) {
	q.single(n)
	for _, p := range q.r.nodes[n].parts {
		if node := q.r.nodes[p]; node.IsQuestion() && len(node.leaves) > 1 {
			s := q.section(node)
			q.question(&s, node)
			q.add(s)
		}
	}
}

// single asks the questions right below a part that have one answer.
func (q *questionnaire) single(n int) {
	s := q.section(q.r.nodes[n])
	for _, p := range q.r.nodes[n].parts {
		node := q.r.nodes[p]
		switch {
		case !node.IsQuestion():
		case len(node.leaves) == 1:
			q.question(&s, node)
		case n == 0:
			own := q.section(node)
			q.question(&own, node)
			q.add(own)
		}
	}
	q.add(s)
}

func (q *questionnaire) section(n *Node) formSection {
	s := formSection{ID: n.ID, Title: n.Name, Relevant: q.relevant(n)}
	if n.Help.ZH != "" && n.Help.EN != "" {
		s.Help = &n.Help
	}
	return s
}

// relevant is on which paths a part is asked; an enterprise on none of them is asked nothing of it.
func (q *questionnaire) relevant(n *Node) string {
	var when []string
	for i, w := range n.weight {
		if w != nil && len(q.r.Paths) > 0 {
			when = append(when, "("+q.r.Paths[i].When+")")
		}
	}
	return strings.Join(when, " || ")
}

// question asks the facts of a node.
func (q *questionnaire) question(s *formSection, n *Node) {
	evidence := n.Evidence
	for _, l := range n.leaves {
		for _, x := range q.r.leaves[l].exprs() {
			for _, d := range x.Facts() {
				if q.ask(s, d, i18n.Text{}, evidence) {
					evidence = nil
				}
			}
		}
	}
}

// count asks the level of each thing.
func (q *questionnaire) count(k *count) {
	s := formSection{ID: k.ID, Title: k.Name}
	if k.Help.ZH != "" && k.Help.EN != "" {
		s.Help = &k.Help
	}
	for i, x := range k.of {
		it := &k.Items[i]
		var help i18n.Text
		for level, step := range it.Steps {
			help.ZH += fmt.Sprintf("%d 级：%s；", level+1, step.ZH)
			help.EN += fmt.Sprintf("%d: %s; ", level+1, step.EN)
		}
		help.ZH, help.EN = strings.TrimSuffix(help.ZH, "；"), strings.TrimSuffix(help.EN, "; ")
		for _, d := range x.Facts() {
			q.ask(&s, d, help, it.Evidence)
		}
	}
	q.add(s)
}

// ask asks a fact, once, and says whether the evidence stands beside it.
func (q *questionnaire) ask(s *formSection, d content.FactDef, help i18n.Text, evidence []i18n.Text) bool {
	if _, ok := q.lib.FactDef(d.Code); !ok || q.asked[d.Code] || len(q.asked) >= maxAsked {
		return false
	}
	q.asked[d.Code] = true
	_, name, _ := strings.Cut(d.Code, ".")
	f := formField{Name: name, Label: d.Name, Fact: d.Code, Readonly: !states(d, q.by)}
	if help.ZH == "" {
		help = d.Help
	}
	if help.ZH != "" && help.EN != "" {
		f.Help = &help
	}
	p := formProperty{Type: "string"}
	switch d.Type {
	case content.Bool:
		p.Type = "boolean"
	case content.Int:
		p.Type, p.Unit = "integer", d.Unit
	case content.Decimal:
		p.Type, p.Unit = "number", d.Unit
	case content.Money:
		p.Type, p.Format, p.Unit = "number", "money", d.Unit
	case content.Rate:
		p.Type, p.Format = "number", "percent"
	case content.Date:
		p.Format = "date"
	case content.Code:
		f.Codes = d.Codes
	}
	p.Minimum, p.Maximum = bound(d, d.Min), bound(d, d.Max)
	if len(evidence) > 0 && !f.Readonly {
		f.Evidence = &formEvidence{About: joined(evidence), Max: evidenceFiles, Types: evidenceTypes, MB: evidenceMB}
	}
	q.file.Schema.Properties[name] = p
	s.Fields = append(s.Fields, f)
	return f.Evidence != nil
}

// maxBound is the largest bound that a form takes; what is above it bounds nothing.
const maxBound = 1_000_000_000

// bound is an end of a definition's range in the unit in which its question is answered.
func bound(d content.FactDef, n *int64) json.Number {
	if n == nil {
		return ""
	}
	scale := int64(1)
	switch d.Type {
	case content.Int:
	case content.Rate:
		scale = 10_000
	case content.Decimal:
		scale = whole
	case content.Money:
		u, _ := sheet.UnitNamed(d.Unit)
		scale = u.Factor
	default:
		return ""
	}
	x := big.NewRat(*n, scale)
	if x.Cmp(big.NewRat(maxBound, 1)) > 0 {
		return ""
	}
	text := x.FloatString(6)
	return json.Number(strings.TrimSuffix(strings.TrimRight(text, "0"), "."))
}

func joined(list []i18n.Text) i18n.Text {
	var zh, en []string
	for _, t := range list {
		zh, en = append(zh, t.ZH), append(en, t.EN)
	}
	return i18n.Text{ZH: strings.Join(zh, "、"), EN: strings.Join(en, ", ")}
}

// onPaths makes the conditions of paths read what is answered, where the form asks it.
func (q *questionnaire) onPaths() {
	stated := map[string]bool{}
	for _, s := range q.file.Sections {
		for _, f := range s.Fields {
			stated[f.Fact] = !f.Readonly
		}
	}
	for _, code := range slices.Sorted(maps.Keys(stated)) {
		if !stated[code] {
			continue
		}
		_, name, _ := strings.Cut(code, ".")
		word := regexp.MustCompile(`\b` + regexp.QuoteMeta(code) + `\b`)
		for i := range q.file.Sections {
			s := &q.file.Sections[i]
			s.Relevant = word.ReplaceAllString(s.Relevant, "answer."+name)
		}
	}
}
