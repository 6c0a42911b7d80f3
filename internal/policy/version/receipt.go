package version

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// MaxReceipt is the largest receipt that is read, in bytes.
const MaxReceipt = 16 << 20

// receiptForm is the form of receipts that this program writes and reads.
const receiptForm = 1

// Receipt is a decision with all that it follows from: docs/receipt.md. The same decision has the same bytes on any
// machine, and is taken again from the receipt and the package alone.
type Receipt struct {
	Form     int           `json:"receipt"`
	Engine   string        `json:"engine"` // policy.Engine
	Policy   ReceiptPolicy `json:"policy"`
	AsOf     period.Day    `json:"as_of"`
	Known    int64         `json:"known,omitempty"` // commit that the facts and the policy were known at
	FactsSum string        `json:"facts_sha256"`
	Sum      string        `json:"decision_sha256"`

	// Allotted is what quotas and pools left to the enterprise, which follows from all others and is taken as given.
	Allotted []policy.Allotted `json:"allotted,omitempty"`
	Facts    json.RawMessage   `json:"facts"`    // docs/facts-json.md, only what was read
	Decision json.RawMessage   `json:"decision"` // docs/policy-result.md
}

// Reads is the codes of the definitions whose values stand in the receipt, in the order of the content.
func (r Receipt) Reads(lib *content.Library) []string {
	var all []string
	for _, d := range lib.FactDefs() {
		if bytes.Contains(r.Facts, []byte(strconv.Quote(d.Code))) {
			all = append(all, d.Code)
		}
	}
	return all
}

// ReceiptPolicy is by what was decided.
type ReceiptPolicy struct {
	ID       string            `json:"id"`
	Number   string            `json:"number"`
	Package  string            `json:"package_sha256"` // Package.Hash
	Ends     *period.Day       `json:"ends,omitempty"` // last day that counts, where the policy was ended
	Settings map[string]string `json:"settings"`
	WhatIf   []policy.Patch    `json:"what_if,omitempty"`
}

// Question is what a decision is asked about.
type Question struct {
	Package string       // hash of the package that the plan is of
	Plan    *policy.Plan // of the policy, ended where it was
	Subject rule.Subject
	AsOf    period.Day
	Known   int64

	Allotted []policy.Allotted // by quotas and pools; nil where they do not count
}

// NewReceipt decides and writes down what the decision follows from. The facts are those that deciding read, and the
// decision is the one that follows from them as they are written.
func NewReceipt(lib *content.Library, q Question) (Receipt, error) {
	rec := rule.Record(q.Subject)
	if _, err := q.Plan.Decide(rec.Subject(), q.AsOf, allOf); err != nil {
		return Receipt{}, err
	}
	facts, err := rec.JSON()
	if err != nil {
		return Receipt{}, fmt.Errorf("write the facts of a receipt: %w", err)
	}
	r := Receipt{
		Form: receiptForm, Engine: policy.Engine, AsOf: q.AsOf, Known: q.Known, Allotted: q.Allotted, Facts: facts, FactsSum: sum(facts),
		Policy: policyOf(q.Plan, q.Package),
	}
	if r.Decision, err = r.decide(lib, q.Plan); err != nil {
		return Receipt{}, err
	}
	r.Sum = sum(r.Decision)
	return r, nil
}

// allOf is everything that a decision tells.
var allOf = policy.Options{Trace: true, Advice: true}

// policyOf is a plan as a receipt names it.
func policyOf(plan *policy.Plan, hash string) ReceiptPolicy {
	doc := plan.Policy.File.Document
	return ReceiptPolicy{ID: doc.ID, Number: doc.Number, Package: hash, Ends: plan.Policy.Ends(), Settings: plan.Settings, WhatIf: plan.Patches}
}

// plan is the policy of a package as a receipt says that it was applied.
func (p ReceiptPolicy) plan(lib *content.Library, in Package) (*policy.Plan, error) {
	pol, problems := policy.Compile(lib, PolicyFile, in.Policy)
	if len(problems) > 0 {
		return nil, problems
	}
	if p.Ends != nil {
		pol = pol.Until(*p.Ends)
	}
	return pol.Plan(p.Settings, p.WhatIf...)
}

// decide is the decision over the facts of the receipt, in its canonical form.
func (r Receipt) decide(lib *content.Library, plan *policy.Plan) ([]byte, error) {
	doc, problems := rule.ParseFacts(lib, "facts", r.Facts)
	if len(problems) > 0 {
		return nil, problems
	}
	d, err := settled(plan, doc, r.AsOf, r.Allotted)
	if err != nil {
		return nil, err
	}
	return canonical(d)
}

// settled is the whole decision on an enterprise, with what quotas and pools left to it.
func settled(plan *policy.Plan, firm rule.Subject, asOf period.Day, allotted []policy.Allotted) (*policy.Decision, error) {
	d, err := plan.Decide(firm, asOf, allOf)
	if err != nil {
		return nil, err
	}
	if len(allotted) > 0 {
		d.ApplyOwn(allotted)
	}
	return d, nil
}

// canonical is JSON without blanks, and with every character as itself.
func canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if err := out.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// Bytes is the receipt as a file.
func (r Receipt) Bytes() ([]byte, error) {
	line, err := canonical(r)
	if err != nil {
		return nil, fmt.Errorf("write receipt: %w", err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, line, "", "  "); err != nil {
		return nil, fmt.Errorf("write receipt: %w", err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// ReadReceipt reads what Bytes wrote. What it refuses is an errs.KindInvalid.
func ReadReceipt(from io.Reader) (Receipt, error) {
	src, err := io.ReadAll(io.LimitReader(from, MaxReceipt+1))
	switch {
	case err != nil:
		return Receipt{}, fmt.Errorf("read receipt: %w", err)
	case len(src) > MaxReceipt:
		return Receipt{}, errs.Invalid(i18n.M("version.receipt_too_large", MaxReceipt>>20))
	}
	var r Receipt
	if err := strictly(src, &r); err != nil {
		return Receipt{}, errs.Invalid(i18n.M("version.bad_receipt", err.Error()))
	}
	if r.Form != receiptForm {
		return Receipt{}, errs.Invalid(i18n.M("version.other_form", r.Form, receiptForm))
	}
	for _, raw := range []*json.RawMessage{&r.Facts, &r.Decision} {
		var line bytes.Buffer
		if err := json.Compact(&line, *raw); err != nil {
			return Receipt{}, errs.Invalid(i18n.M("version.bad_receipt", err.Error()))
		}
		*raw = line.Bytes()
	}
	return r, nil
}

// Deviation is where deciding again does not give what a receipt says.
type Deviation struct {
	Path     string // in the decision: lines[0].pays.sure; or the name of a hash, or engine
	Was, Now string
}

// maxDeviations is how many are told.
const maxDeviations = 50

// Verify decides again by the package, which must have the receipt's hash, and lists what differs: nothing when the
// receipt holds.
func (r Receipt) Verify(lib *content.Library, p Package) ([]Deviation, error) {
	var all []Deviation
	differ := func(path, was, now string) {
		if was != now && len(all) < maxDeviations {
			all = append(all, Deviation{path, was, now})
		}
	}
	differ("engine", r.Engine, policy.Engine)
	differ("policy.package_sha256", r.Policy.Package, p.Hash())
	differ("facts_sha256", r.FactsSum, sum(r.Facts))
	differ("decision_sha256", r.Sum, sum(r.Decision))
	plan, err := r.Policy.plan(lib, p)
	if err != nil {
		return nil, err
	}
	differ("policy.id", r.Policy.ID, plan.Policy.File.Document.ID)
	differ("policy.number", r.Policy.Number, plan.Policy.File.Document.Number)
	again, err := r.decide(lib, plan)
	if err != nil {
		return nil, err
	}
	more, err := compared("decision", r.Decision, again)
	for _, d := range more {
		differ(d.Path, d.Was, d.Now)
	}
	return all, err
}

// compared is where two JSON texts differ; the path is that of the whole.
func compared(path string, was, now []byte) (all []Deviation, err error) {
	if bytes.Equal(was, now) {
		return nil, nil
	}
	var a, b any
	if err := errors.Join(decodeExactly(was, &a), decodeExactly(now, &b)); err != nil {
		return nil, errs.Invalid(i18n.M("version.bad_receipt", err.Error()))
	}
	deviate(path, a, b, func(path, was, now string) {
		if was != now && len(all) < maxDeviations {
			all = append(all, Deviation{strings.Trim(path, "."), was, now})
		}
	})
	if len(all) == 0 { // only the order of keys or the writing of a number
		all = []Deviation{{path, sum(was), sum(now)}}
	}
	return all, nil
}

// strictly reads one JSON value with no key that is not known.
func strictly(src []byte, into any) error {
	in := json.NewDecoder(bytes.NewReader(src))
	in.DisallowUnknownFields()
	if err := in.Decode(into); err != nil {
		return err
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

func decodeExactly(src []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	return d.Decode(into)
}

// deviate walks two JSON values side by side.
func deviate(path string, was, now any, differ func(path, was, now string)) {
	if reflect.DeepEqual(was, now) {
		return
	}
	switch a := was.(type) {
	case map[string]any:
		b, ok := now.(map[string]any)
		if !ok {
			break
		}
		keys := map[string]bool{}
		for k := range a {
			keys[k] = true
		}
		for k := range b {
			keys[k] = true
		}
		for _, k := range sortedKeys(keys) {
			deviate(path+"."+k, a[k], b[k], differ)
		}
		return
	case []any:
		b, ok := now.([]any)
		if !ok {
			break
		}
		for i := range max(len(a), len(b)) {
			deviate(fmt.Sprintf("%s[%d]", path, i), nth(a, i), nth(b, i), differ)
		}
		return
	}
	differ(strings.TrimPrefix(path, "decision."), short(was), short(now))
}

func sortedKeys(m map[string]bool) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

func nth(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// short is a JSON value in a line; "" for one that is not there.
func short(v any) string {
	if v == nil {
		return ""
	}
	b, err := canonical(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	const most = 120
	if runes := []rune(string(b)); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(b)
}
