package party

import (
	"github.com/yanzhen/yanzhen/internal/period"
)

// Subject is anything facts are about: a party, or something that belongs to one.
type Subject struct {
	ID     int64
	Kind   string // content.Enterprise, content.Project …
	Parent int64  // the subject it belongs to, 0 for a party
	Key    string // unique among the same kind below the same parent; see EnterpriseKey
}

// NewSubject names a subject that a source speaks about. With ID it is one that is known already, and only the mention
// is recorded; without, Ensure finds it by kind, parent and key or makes it.
type NewSubject struct {
	ID     int64
	Kind   string
	Parent int64
	Key    string
}

// EnterpriseKey is the key of an enterprise that no register knows yet: its code where it has a usable one, else its
// folded name and area ("name@area").
func EnterpriseKey(code USCC, name, area string) string {
	if code != "" {
		return string(code)
	}
	return FoldName(name) + "@" + area
}

// Name is a statement of what a subject is called.
type Name struct {
	Subject  int64
	Name     string
	Former   bool        // 曾用名: it is not called so any more
	From, To *period.Day // when it was called so, as far as known
	Place    string      // where the source says so: "file#sheet!cell"
}

// Identifier is a statement of a code that a register gave to a subject.
type Identifier struct {
	Subject int64
	Scheme  string // SchemeUSCC, or another register's name
	Value   string // canonical form
	Sound   bool   // the check digits fit
	Place   string
}

// SchemeUSCC marks a 统一社会信用代码.
const SchemeUSCC = "uscc"

// Membership is a statement of where a subject belongs.
type Membership struct {
	Subject  int64
	Tree     string      // TreeArea, TreeIndustry or TreeChain
	Node     string      // code of a node in use
	From, To *period.Day // both inside; nil From is always, nil To is still
	Place    string
}

// The trees that a membership may name.
const (
	TreeArea     = "area"
	TreeIndustry = "industry"
	TreeChain    = "chain"
)

// Enterprise is a firm as it was known: the effective view of its statements.
type Enterprise struct {
	ID          int64
	Key         string
	Name        string
	FormerNames []string // names that were stated before or as former, newest statement first
	USCC        USCC     // "" when none was stated
	USCCSound   bool
	Area        string  // node code where it belongs now, "" when nobody said
	Industry    string  // node code, likewise
	Chain       string  // chain code, likewise
	Merged      []int64 // other subjects that it stands for, ascending
}
