package subsidy

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Input is what somebody enters for their next act in a case; the act takes it up, and it may be changed until then.
type Input interface{ kind() string }

// Asked is the cost items of an application.
type Asked struct {
	Items []Item `json:"items"`
}

// Rulings is what is recognised of cost items.
type Rulings struct {
	Rulings []Ruling `json:"rulings"`
	Report  string   `json:"report,omitempty"` // hash of a file of the case
}

// Picked is the accounts that a case is to be assigned to.
type Picked struct {
	Accounts []int64 `json:"accounts"`
}

// Scored is a score sheet.
type Scored struct {
	Sheet  rubric.Sheet `json:"sheet"`
	Remark string       `json:"remark,omitempty"`
}

// Returned is an order to give money back.
type Returned struct{ Return }

func (Asked) kind() string    { return "asked" }
func (Rulings) kind() string  { return "rulings" }
func (Picked) kind() string   { return "picked" }
func (Scored) kind() string   { return "scored" }
func (Returned) kind() string { return "returned" }

// shared says that all who act for the applicant see one input, and not each their own.
func shares(in Input) bool { return in.kind() == "asked" }

// maxInput is how many bytes an input may have.
const maxInput = 256 << 10

const (
	setInput    = `UPDATE subsidy_input SET body = $1, at = $2 WHERE case_id = $3 AND kind = $4 AND account = $5`
	insertInput = `INSERT INTO subsidy_input (body, at, case_id, kind, account) VALUES ($1, $2, $3, $4, $5)`
	findInput   = `SELECT body FROM subsidy_input WHERE case_id = $1 AND kind = $2 AND account = $3`
)

// Put keeps what the scope's account enters for its next act in a case that it sees. It is checked when the act is taken.
func (s *Store) Put(ctx context.Context, scope access.Scope, id int64, in Input) error {
	c, _, err := s.cases.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	account := scope.Account()
	if shares(in) {
		if !scope.Sees(access.FileCase, "", c.Enterprise) {
			return errs.Forbidden("enter cost items for another enterprise")
		}
		account = 0
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error { return s.put(ctx, tx, id, account, in) })
}

func (s *Store) put(ctx context.Context, tx *store.Tx, id, account int64, in Input) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	if len(body) > maxInput {
		return errs.Invalid(i18n.M("subsidy.input_size", maxInput>>10))
	}
	args := []any{string(body), s.Clock.Millis(), id, in.kind(), account}
	n, err := tx.Exec(ctx, setInput, args...)
	if err == nil && n == 0 {
		_, err = tx.Exec(ctx, insertInput, args...)
	}
	return noted("keep what was entered", err)
}

// InputOf is what the scope's account has entered; ok is false where it has entered nothing.
func InputOf[T Input](ctx context.Context, s *Store, scope access.Scope, id int64) (in T, ok bool, err error) {
	if _, _, err := s.cases.Get(ctx, scope, id); err != nil {
		return in, false, err
	}
	return entered[T](ctx, s.DB.Read(), id, scope.Account())
}

func entered[T Input](ctx context.Context, q store.Querier, id, account int64) (in T, ok bool, err error) {
	if shares(in) {
		account = 0
	}
	var body string
	err = q.QueryRow(ctx, findInput, id, in.kind(), account).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return in, false, nil
	}
	if err != nil {
		return in, false, fmt.Errorf("read what was entered: %w", err)
	}
	if err := json.Unmarshal([]byte(body), &in); err != nil {
		return in, false, fmt.Errorf("read what was entered: %w", err)
	}
	return in, true, nil
}

// Asks is the kinds of cost items that a case of an application is asked for, by the policy of its call; none where its
// clause counts on none.
func (s *Store) Asks(ctx context.Context, scope access.Scope, id int64) ([]Kind, error) {
	call, aim, err := s.AimOf(ctx, scope, id)
	if err != nil || aim.Policy == "" {
		return nil, err
	}
	if call != 0 {
		of, err := callOf(ctx, s.DB.Read(), call)
		if err != nil {
			return nil, err
		}
		aim.Known = of.Known
	} else if aim.Known, err = s.DB.Seq(ctx); err != nil {
		return nil, err
	}
	in, err := s.Versions.InForce(ctx, aim.Policy, aim.Known)
	if err != nil {
		return nil, err
	}
	return s.Costs.Asked(in.Policy, aim.Clause), nil
}
