package policy

import "sync"

// scope is what claims may share: their enterprise, their project or, without one, their subject, or their subject.
type scope int8

const (
	perEnterprise scope = iota
	perProject
	perUnit
	inProject // a project; what has none shares nothing
	scopes
)

// ceilingScope is that of a ceiling.
func ceilingScope(word string) scope {
	switch word {
	case "unit":
		return perUnit
	case "project":
		return perProject
	}
	return perEnterprise
}

// groupScope is that of a group.
func groupScope(word string) scope {
	if word == "project" {
		return inProject
	}
	return perEnterprise
}

// pools is what the rows of a table share, numbered from one enterprise to the next over all tables of a crowd.
type pools struct {
	of   []int32 // of rows; -1 of one that shares nothing
	at   int     // number of the table
	with uint64  // tables that have a row in one of them, a bit each; its own where two of its rows share one
}

// mostApart is how many tables are told apart: a bit for each.
const mostApart = 64

// apart says that no two claims of some parts share a pool.
func apart(all []*lot, s scope) bool {
	var seen uint64
	for _, p := range all {
		of := &p.table.pools[s]
		own := uint64(1) << of.at // none beyond mostApart
		if own == 0 || seen&own != 0 || (seen|own)&of.with != 0 {
			return false
		}
		seen |= own
	}
	return true
}

// numbering is the pools of a scope.
type numbering struct {
	once  sync.Once
	first []int32 // of each enterprise, and one more
}

// number numbers the pools of a scope, once for a crowd.
func (c *Crowd) number(s scope) {
	c.pools[s].once.Do(func() {
		n := numberer{crowd: c, scope: s, at: make([]int, len(c.tables)), seen: make([][]pooled, len(kinds))}
		n.number()
	})
}

// numberer goes over the rows of all tables, enterprise by enterprise.
type numberer struct {
	crowd *Crowd
	scope scope
	at    []int      // the next row of each table
	seen  [][]pooled // by kind and number of a subject
	next  int32
}

// pooled is a subject of an enterprise that has a number, and the tables that have it.
type pooled struct {
	firm, number int32
	tables       uint64
}

func (n *numberer) number() {
	c := n.crowd
	all := make([]pools, len(c.tables))
	for i := range c.tables {
		all[i] = pools{of: make([]int32, len(c.tables[i].rows)), at: i}
	}
	first := make([]int32, len(c.roots)+1)
	if n.scope == inProject {
		for _, r := range c.rivals {
			r.pools = make([]int32, len(r.given))
		}
	}
	for i := range c.roots {
		first[i] = n.next
		for k := range c.tables {
			t, at := &c.tables[k], n.at[k]
			for ; at < len(t.firms) && int(t.firms[at]) == i; at++ {
				key := n.key(&t.who[at])
				if key < 0 {
					all[k].of[at] = -1
					continue
				}
				p := n.pool(int32(i), key, true)
				all[k].of[at] = p.number
				all[k].with |= p.tables
				p.tables |= 1 << k
			}
			n.at[k] = at
		}
		if n.scope == inProject {
			n.rivals(i)
		}
	}
	first[len(c.roots)] = n.next
	if n.scope == inProject {
		for _, r := range c.rivals {
			r.numbered = int(n.next)
		}
	}
	for i := range all[:min(len(all), mostApart)] {
		for k := range i {
			all[k].with |= all[i].with >> k & 1 << i
		}
	}
	for i := range c.tables {
		c.tables[i].pools[n.scope] = all[i]
	}
	c.pools[n.scope].first = first
}

// key is the number of the subject that tells the pool of a row from others of its enterprise; below zero of none.
func (n *numberer) key(w *who) int32 {
	switch {
	case n.scope == perEnterprise:
		return 0
	case n.scope == inProject || n.scope == perProject && w.project >= 0:
		return w.project
	}
	return w.unit
}

// pool is that of a subject, which has a number from now on; nil where it has none and is to have none.
func (n *numberer) pool(firm, key int32, make bool) *pooled {
	of, at := &n.seen[key>>24], int(key&(1<<24-1))
	for make && at >= len(*of) {
		*of = append(*of, pooled{firm: -1})
	}
	switch {
	case at < len(*of) && (*of)[at].firm == firm:
	case !make:
		return nil
	default:
		(*of)[at] = pooled{firm: firm, number: n.next}
		n.next++
	}
	return &(*of)[at]
}

// rivals notes on what pools awards of other documents to an enterprise stand.
func (n *numberer) rivals(firm int) {
	for _, r := range n.crowd.rivals {
		from, to := r.between(firm, firm+1)
		for at := from; at < to; at++ {
			if r.pools[at] = -1; r.given[at].project >= 0 {
				if p := n.pool(int32(firm), int32(r.given[at].project), false); p != nil {
					r.pools[at] = p.number
				}
			}
		}
	}
}
