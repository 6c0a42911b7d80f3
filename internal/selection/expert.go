package selection

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Expert is somebody of the pool.
type Expert struct {
	ID      int64
	Label   string   // what the expert is called here
	Account int64    // that scores
	Party   int64    // the enterprise that the expert works for, 0 for none that is known
	Belongs []string // to what the expert belongs, by name: employer, institute, societies
	Area    string   // whose pool it is
	County  string   // where the expert works, "" for none of the region
	Joined  int64
	Left    int64 // 0 while in the pool
	WhyLeft string
}

func (e Expert) key() string { return strconv.FormatInt(e.ID, 10) }

// judge is the expert as the draw sees one.
func (e Expert) judge() Judge {
	j := Judge{Key: e.key(), Party: e.Party, County: e.County}
	for _, b := range e.Belongs {
		j.Belongs = append(j.Belongs, party.FoldName(b))
	}
	return j
}

const (
	expertColumns   = `id, label, account, party, belongs, area, county, joined, left_at, why_left`
	allExperts      = `SELECT ` + expertColumns + ` FROM selection_expert ORDER BY id`
	insertExpert    = `INSERT INTO selection_expert (` + expertColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '')`
	expertLeaves    = `UPDATE selection_expert SET left_at = $1, why_left = $2 WHERE id = $3 AND left_at = 0`
	allInterests    = `SELECT expert_id, party FROM selection_interest ORDER BY expert_id, party`
	hasInterest     = `SELECT COUNT(*) FROM selection_interest WHERE expert_id = $1 AND party = $2`
	insertInterest  = `INSERT INTO selection_interest (expert_id, party, at, reason) VALUES ($1, $2, $3, $4)`
	maxLabel        = 100 // characters
	maxBelongs      = 20
	maxReason       = 2_000 // characters
	poolLock        = "selection experts"
	shortestReasons = 2 // characters
)

func experts(ctx context.Context, q store.Querier) ([]Expert, error) {
	return store.List(ctx, q, func(r *store.Rows) (e Expert, err error) {
		var belongs string
		if err := r.Scan(&e.ID, &e.Label, &e.Account, &e.Party, &belongs, &e.Area, &e.County, &e.Joined, &e.Left, &e.WhyLeft); err != nil {
			return e, err
		}
		return e, fromJSON(belongs, &e.Belongs)
	}, allExperts)
}

// managesPool is who keeps the pool of an area: the office in charge.
func managesPool(scope access.Scope, area string) error {
	if !scope.Sees(access.HandleCase, area, 0) {
		return &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("errs.forbidden")}
	}
	return nil
}

// Joinable is the accounts that may be taken into a pool that the scope keeps: those in use that have the role of an expert there
// and are in none of the pool as it is seen.
func (s *Store) Joinable(scope access.Scope, accounts []access.Account, pool []Expert) []access.Account {
	judges := func(g access.Grant) bool {
		return g.Role == access.Expert && (g.Until == 0 || g.Until > s.Clock.Millis()) && scope.Sees(access.HandleCase, g.Area, 0)
	}
	var all []access.Account
	for _, a := range accounts {
		taken := slices.ContainsFunc(pool, func(e Expert) bool { return e.Account == a.ID && e.Left == 0 })
		if !taken && a.DisabledAt == 0 && slices.ContainsFunc(a.Grants, judges) {
			all = append(all, a)
		}
	}
	return all
}

// AddExpert takes somebody into the pool of an area. An account is in a pool once.
func (s *Store) AddExpert(ctx context.Context, scope access.Scope, e Expert) (Expert, error) {
	if err := managesPool(scope, e.Area); err != nil {
		return Expert{}, err
	}
	e.Label = strings.TrimSpace(e.Label)
	if e.Label == "" || utf8.RuneCountInString(e.Label) > maxLabel || len(e.Belongs) > maxBelongs || e.Account == 0 ||
		slices.ContainsFunc(e.Belongs, func(b string) bool { return utf8.RuneCountInString(b) > maxLabel }) {
		return Expert{}, errs.Invalid(i18n.M("selection.bad_expert", maxLabel, maxBelongs))
	}
	if e.County != "" {
		e.County = s.Library.Areas().County(e.County)
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, poolLock); err != nil {
			return err
		}
		all, err := experts(ctx, tx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(o Expert) bool { return o.Account == e.Account && o.Left == 0 }) {
			return errs.Conflict(i18n.M("selection.expert_twice"))
		}
		if e.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		e.Joined = s.Clock.Millis()
		_, err = tx.Exec(ctx, insertExpert, e.ID, e.Label, e.Account, e.Party, asJSON(e.Belongs), e.Area, e.County, e.Joined)
		return err
	})
	if err != nil {
		return Expert{}, fmt.Errorf("add expert: %w", err)
	}
	return e, nil
}

// Experts is the pool, those who left too, as far as the scope keeps it or audits it; an expert sees the own entry.
func (s *Store) Experts(ctx context.Context, scope access.Scope) ([]Expert, error) {
	all, err := experts(ctx, s.DB.Read())
	return slices.DeleteFunc(all, func(e Expert) bool {
		return !scope.Sees(access.ReadCase, e.Area, 0) && (e.Account == 0 || e.Account != scope.Account())
	}), err
}

// me is the expert of the pool that the scope's account is; NotFound for others.
func me(ctx context.Context, q store.Querier, scope access.Scope) (Expert, error) {
	all, err := experts(ctx, q)
	if err != nil {
		return Expert{}, err
	}
	i := slices.IndexFunc(all, func(e Expert) bool { return e.Left == 0 && e.Account == scope.Account() })
	if i < 0 || !scope.SeesObject(access.ScoreCase, access.Object{Accounts: []int64{all[i].Account}}) {
		return Expert{}, errs.NotFound("expert", scope.Account())
	}
	return all[i], nil
}

// interests is what was declared, by enterprise. A merged enterprise counts as the one that it stands for.
func (s *Store) interests(ctx context.Context, q store.Querier) (map[int64][]string, error) {
	view, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	out := map[int64][]string{}
	_, err = store.List(ctx, q, func(r *store.Rows) (struct{}, error) {
		var expert, firm int64
		err := r.Scan(&expert, &firm)
		firm = view.Registry().Canonical(firm)
		out[firm] = append(out[firm], strconv.FormatInt(expert, 10))
		return struct{}{}, err
	}, allInterests)
	return out, err
}

// Declare keeps that the expert of the scope has an interest in an enterprise: from now on the expert judges nothing of
// it, and what was given already does not count. It cannot be taken back.
func (s *Store) Declare(ctx context.Context, scope access.Scope, enterprise int64, reason string) error {
	return s.declare(ctx, scope, reason, func(context.Context, *store.Tx, Expert) (int64, error) { return enterprise, nil })
}

// Recuse is Declare for the nomination that the expert knows by a number.
func (s *Store) Recuse(ctx context.Context, scope access.Scope, roundID int64, number int, reason string) error {
	return s.declare(ctx, scope, reason, func(ctx context.Context, tx *store.Tx, e Expert) (int64, error) {
		n, err := seated(ctx, tx, e, roundID, number)
		return n.Party, err
	})
}

func (s *Store) declare(ctx context.Context, scope access.Scope, reason string, about func(context.Context, *store.Tx, Expert) (int64, error)) error {
	if reason = strings.TrimSpace(reason); reason == "" || utf8.RuneCountInString(reason) > maxReason {
		return errs.Invalid(i18n.M("selection.need_reason"))
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		e, err := me(ctx, tx, scope)
		if err != nil {
			return err
		}
		firm, err := about(ctx, tx, e)
		if err != nil {
			return err
		}
		if err := tx.Lock(ctx, poolLock); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(ctx, hasInterest, e.ID, firm).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			if _, err := tx.Exec(ctx, insertInterest, e.ID, firm, s.Clock.Millis(), reason); err != nil {
				return err
			}
		}
		return s.reseat(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("declare an interest: %w", err)
	}
	return nil
}
