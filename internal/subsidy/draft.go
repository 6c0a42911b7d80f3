package subsidy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// CallProblem is what will not do in a field of a call. Field is a path: area, policy, clauses, title, text, opens, closes, line,
// reserve, quota, materials/2/name (rows from 0), dropped/0/reason.
type CallProblem struct {
	Field string
	Msg   i18n.Msg
}

// CallProblems is everything that will not do in a call; it is Invalid, with the first of them for who shows no list.
type CallProblems []CallProblem

func (ps CallProblems) Error() string {
	all := make([]string, len(ps))
	for i, p := range ps {
		all[i] = p.Field + ": " + p.Msg.String()
	}
	return strings.Join(all, "\n")
}

// Unwrap gives the kind, and a message.
func (ps CallProblems) Unwrap() error { return errs.Invalid(ps[0].Msg) }

// Limits of a call: its title is that of its case, too.
const (
	maxCallTitle = 200
	maxMaterials = 100
	maxField     = 64 // of what a file of a case is filed under
)

// CheckCall looks over a call that is to be drafted, or a draft that is to be written anew, and gives it with its clauses in the
// order of the document and its policy pinned. What will not do is CallProblems, all of them at once.
func (s *Store) CheckCall(ctx context.Context, scope access.Scope, c Call) (Call, error) {
	if _, known := s.Library.Areas().Node(c.Area); known && !scope.Sees(access.HandleCase, c.Area, 0) {
		return c, errs.Forbidden("draft a call of area " + c.Area)
	}
	all, err := s.callProblems(ctx, &c)
	if err != nil {
		return c, err
	}
	if c.Opens <= c.Closes && c.Closes < s.today() {
		all = append(all, CallProblem{"closes", i18n.M("subsidy.call_past", c.Closes.String())})
	}
	if c.Line != 0 {
		err := s.payable(ctx, scope, c.Area, c.Line)
		if msg, told := errs.Message(err); told {
			all = append(all, CallProblem{"line", msg})
		} else if err != nil {
			return c, err
		}
	}
	if len(all) > 0 {
		return c, all
	}
	return c, nil
}

func (s *Store) checkCall(ctx context.Context, c *Call) error {
	all, err := s.callProblems(ctx, c)
	if err != nil || len(all) == 0 {
		return err
	}
	return all
}

// callProblems is what will not do in a call, whoever drafts it.
func (s *Store) callProblems(ctx context.Context, c *Call) (CallProblems, error) {
	var all CallProblems
	add := func(field string, msg i18n.Msg) { all = append(all, CallProblem{field, msg}) }
	long := func(field, name, text string, limit int) {
		if msg, told := errs.Message(limited(name, text, limit)); told {
			add(field, msg)
		}
	}
	if _, ok := s.Library.Areas().Node(c.Area); !ok {
		add("area", i18n.M("subsidy.call_area", c.Area))
	}
	if err := s.checkClauses(ctx, c, add); err != nil {
		return nil, err
	}
	c.Title = strings.TrimSpace(c.Title)
	if c.Title == "" {
		add("title", i18n.M("subsidy.call_title"))
	}
	long("title", "subsidy.field_title", c.Title, maxCallTitle)
	long("text", "subsidy.field_text", c.Text, 20*maxText)
	if c.Closes < c.Opens {
		add("closes", i18n.M("subsidy.call_window", c.Opens.String(), c.Closes.String()))
	}
	if c.Line == 0 {
		add("line", i18n.M("subsidy.call_line"))
	}
	if c.Reserve < 0 {
		add("reserve", i18n.M("subsidy.call_negative"))
	}
	if c.Quota < 0 {
		add("quota", i18n.M("subsidy.call_negative"))
	}
	if len(c.Materials) > maxMaterials {
		add("materials", i18n.M("subsidy.call_materials", len(c.Materials), maxMaterials))
	}
	fields := map[string]bool{}
	for i, m := range c.Materials {
		at := fmt.Sprintf("materials/%d/", i)
		if strings.TrimSpace(m.Name.ZH) == "" {
			add(at+"name", i18n.M("subsidy.material_name"))
		}
		if m.Field == "" || fields[m.Field] {
			add(at+"field", i18n.M("subsidy.material_field", m.Field))
		}
		fields[m.Field] = true
		long(at+"name", "subsidy.field_material", m.Name.ZH, maxName)
		long(at+"name", "subsidy.field_material", m.Name.EN, maxName)
		long(at+"field", "subsidy.field_material", m.Field, maxField)
	}
	for i, d := range c.Dropped {
		at := fmt.Sprintf("dropped/%d/", i)
		if strings.TrimSpace(d.Reason) == "" {
			add(at+"reason", i18n.M("subsidy.material_reason", d.Name))
		}
		if fields[d.Field] {
			add(at+"field", i18n.M("subsidy.material_both", d.Name))
		}
		long(at+"reason", "web.reason", d.Reason, maxText)
	}
	return all, nil
}

// checkClauses pins the policy of a call as it is in force, and puts its clauses in the order of the document.
func (s *Store) checkClauses(ctx context.Context, c *Call, add func(field string, msg i18n.Msg)) error {
	if c.Known == 0 {
		seq, err := s.DB.Seq(ctx)
		if err != nil {
			return err
		}
		c.Known = seq
	}
	in, plan, err := s.policyOf(ctx, c.Policy, c.Known)
	if errs.KindOf(err) == errs.KindNotFound {
		add("policy", i18n.M("subsidy.call_policy", c.Policy))
		return nil
	}
	if err != nil {
		return err
	}
	var clauses []string
	for _, x := range plan.Clauses() {
		if slices.Contains(c.Clauses, x.ID) {
			clauses = append(clauses, x.ID)
		}
	}
	for _, id := range c.Clauses {
		if !slices.Contains(clauses, id) {
			add("clauses", i18n.M("subsidy.call_no_clause", id, in.Policy.File.Document.Number))
		}
	}
	if len(c.Clauses) == 0 {
		add("clauses", i18n.M("subsidy.call_clauses"))
	}
	c.Clauses = clauses
	return nil
}

// Redraft is a draft of a call, written anew.
type Redraft struct{ Call }

func (Redraft) kind() string { return "call" }

// ReviseCall writes a draft anew: all of it but its area, under which its case lies. Whoever does so may not publish it.
func (s *Store) ReviseCall(ctx context.Context, scope access.Scope, id int64, c Call) (Call, error) {
	before, err := s.Call(ctx, scope, id)
	if err != nil {
		return c, err
	}
	c.Case, c.Known = id, 0
	if c, err = s.CheckCall(ctx, scope, c); err != nil {
		return c, err
	}
	if c.Area != before.Area {
		return c, CallProblems{{"area", i18n.M("subsidy.call_moved_area")}}
	}
	if err := s.Put(ctx, scope, id, Redraft{c}); err != nil {
		return c, err
	}
	if _, err := s.cases.Act(ctx, scope, casework.Act{Case: id, Action: "revise", Key: c.Key}); err != nil {
		return c, err
	}
	return s.Call(ctx, scope, id)
}

// revises writes the draft of a case anew, as the actor has entered it.
func (s *Store) revises(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	in, found, err := entered[Redraft](ctx, tx, at.Case().ID, at.Event().Actor)
	if err != nil {
		return err
	}
	if !found {
		return at.Refuse(i18n.M("subsidy.call_not_entered"))
	}
	c := in.Call
	if err := s.checkCall(ctx, &c); err != nil {
		return err
	}
	args, err := c.columns()
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, redraftCall, args...)
	if err != nil {
		return noted("write call anew", err)
	}
	if n == 0 {
		now, err := callOf(ctx, tx, c.Case)
		if err != nil {
			return err
		}
		return errs.Conflict(i18n.M("subsidy.call_moved", now.Title, i18n.M("subsidy.call_"+string(now.State))))
	}
	at.Rename(c.Title)
	return at.Set("closes", rule.Day(c.Closes))
}

// Reach is whom a call would be told to, by what is known today, and what its clauses come to for them.
type Reach struct {
	Firms   int // enterprises of the area
	Sure    int // that get something for sure
	Perhaps int // that may, once more is known
	Most    int // that may be told of one call
	Clauses []region.ClauseSum
	Pays    policy.Interval
	Rest    region.Rest
}

// Told is how many enterprises would be told.
func (r Reach) Told() int { return r.Sure + r.Perhaps }

// Reach is whom a call would be told to were it published today. Its area, policy and clauses count, and its last day; nothing is
// kept.
func (s *Store) Reach(ctx context.Context, scope access.Scope, c Call) (Reach, error) {
	out := Reach{Most: maxTold}
	if !scope.Sees(access.HandleCase, c.Area, 0) {
		return out, errs.Forbidden("draft a call of area " + c.Area)
	}
	r, of, err := s.regionOf(ctx, c)
	if err != nil {
		return out, err
	}
	for f := range r.Firms() {
		out.Firms++
		switch sure, perhaps := gains(r.Pays(f), of); {
		case sure:
			out.Sure++
		case perhaps:
			out.Perhaps++
		}
	}
	sums := r.ByClause()
	for _, i := range of {
		out.Clauses = append(out.Clauses, sums[i])
		out.Pays, out.Rest = out.Pays.Plus(sums[i].Pays), region.Rest{OnTop: out.Rest.OnTop + sums[i].Rest.OnTop, Open: out.Rest.Open + sums[i].Rest.Open}
	}
	return out, nil
}

// regionOf is the enterprises of the area of a call, decided by its policy, and the numbers of its clauses.
func (s *Store) regionOf(ctx context.Context, c Call) (*region.Region, []int, error) {
	view, err := s.system(ctx)
	if err != nil {
		return nil, nil, err
	}
	_, plan, err := s.policyOf(ctx, c.Policy, c.Known)
	if err != nil {
		return nil, nil, err
	}
	r, err := s.Runner.Run(ctx, view, plan, min(s.today(), c.Closes))
	if err != nil {
		return nil, nil, err
	}
	var of []int
	for i, x := range plan.Clauses() {
		if slices.Contains(c.Clauses, x.ID) {
			of = append(of, i)
		}
	}
	return r.Within(c.Area), of, nil
}

// gains says whether some clauses bring something for sure, or may.
func gains(pays []policy.Interval, of []int) (sure, perhaps bool) {
	for _, i := range of {
		sure = sure || pays[i].Sure > 0
		perhaps = perhaps || pays[i].Possible > 0 || pays[i].Unbounded
	}
	return sure, perhaps
}

// Demands is the material that an application by some clauses brings: the files that the forms of their families ask for.
func (c *Costs) Demands(p *policy.Policy, clauses []string) []Material {
	var all []Material
	for _, x := range p.File.Clauses {
		if !slices.Contains(clauses, x.ID) {
			continue
		}
		_, id := c.of(p, x.ID)
		family, _ := c.Family(id)
		for _, m := range c.materials[family.Form] {
			if !slices.Contains(all, m) {
				all = append(all, m)
			}
		}
	}
	return all
}
