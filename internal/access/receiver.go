package access

import (
	"context"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/store"
)

// Reach is whom a message may reach, as grants name them: accounts, those who have one of the roles for one of the areas,
// and those who act for one of the parties. An object lies in an area and below others, and an enterprise is also those
// that were merged into it: the caller names them all.
type Reach struct {
	Accounts []int64
	Roles    []Role
	Areas    []string // "" for roles that have none
	Parties  []int64
}

const reached = `SELECT DISTINCT a.id, a.login, a.name, a.password, a.epoch, a.created_at, a.disabled_at, a.password_at, ` + factorAt + `
FROM account a JOIN grant_ g ON g.account_id = a.id
WHERE a.disabled_at = 0 AND g.ended_at = 0 AND (g.until_at = 0 OR g.until_at > $1) AND (`

// Receivers are the accounts in use that a reach names, without their grants, by id. They are those whose scope may do
// ReadNotice to the object: what comes by mail comes to who reads it in the product.
func (s *Store) Receivers(ctx context.Context, q store.Querier, r Reach) ([]Account, error) {
	args := []any{s.now.Millis()}
	var terms, roles, areas []string
	terms, args = in(terms, "a.id", r.Accounts, args)
	terms, args = in(terms, "g.party_id", r.Parties, args)
	if len(r.Roles) > 0 && len(r.Areas) > 0 {
		roles, args = in(roles, "g.role", r.Roles, args)
		areas, args = in(areas, "g.area", r.Areas, args)
		terms = append(terms, roles[0]+" AND "+areas[0])
	}
	if len(terms) == 0 {
		return nil, nil
	}
	query := reached + terms[0]
	for _, t := range terms[1:] {
		query += " OR " + t
	}
	list, err := readAccounts(ctx, q, query+") ORDER BY a.id", args...)
	if err != nil {
		return nil, fmt.Errorf("read receivers: %w", err)
	}
	return list, nil
}
