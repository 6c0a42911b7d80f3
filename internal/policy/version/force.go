package version

import (
	"context"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// history is every version that was ever in force, as known at a commit.
type history struct {
	seq      int64
	versions []Version
}

// made is a compiled version, or why it is none.
type made struct {
	policy   *policy.Policy
	problems content.Problems
}

// InForce is a policy as it was in force. Policy ends where the version was ended.
type InForce struct {
	Version
	Policy *policy.Policy
}

// newest is the version of a document that was in force as known at a commit: the one put there last. ok is false when
// there was none. Of versions that ship, put there at commit 0, the later row is the later one.
func newest(versions []Version, seq int64) (v Version, ok bool) {
	since := int64(-1)
	for _, w := range versions {
		w = w.known(seq)
		if e, was := w.Since(); was && w.State == Live && e.Seq >= since {
			v, ok, since = w, true, e.Seq
		}
	}
	return v, ok
}

// At is the policies in force as known at a commit, in the order in which their documents came.
func (s *Store) At(ctx context.Context, seq int64) ([]InForce, error) {
	h, err := s.history(ctx, seq)
	if err != nil {
		return nil, err
	}
	var order []string
	byDocument := map[string][]Version{}
	for _, v := range h.versions {
		if len(byDocument[v.Document]) == 0 {
			order = append(order, v.Document)
		}
		byDocument[v.Document] = append(byDocument[v.Document], v)
	}
	var all []InForce
	for _, document := range order {
		v, ok := newest(byDocument[document], seq)
		if !ok {
			continue
		}
		p, err := s.compiled(ctx, v.Hash)
		if err != nil {
			return nil, err
		}
		if p == nil {
			continue
		}
		if e, ended := v.End(); ended {
			p = p.Until(e.Day - 1)
		}
		all = append(all, InForce{Version: v, Policy: p})
	}
	return all, nil
}

// InForce is the version of a document that was in force as known at a commit; NotFound when there was none.
func (s *Store) InForce(ctx context.Context, document string, seq int64) (InForce, error) {
	all, err := s.At(ctx, seq)
	if err != nil {
		return InForce{}, err
	}
	i := slices.IndexFunc(all, func(f InForce) bool { return f.Version.Document == document })
	if i < 0 {
		return InForce{}, errs.NotFound("policy", document)
	}
	return all[i], nil
}

// Of is the versions of a document that were ever in force, as known at a commit, newest first.
func (s *Store) Of(ctx context.Context, document string, seq int64) ([]Version, error) {
	h, err := s.history(ctx, seq)
	if err != nil {
		return nil, err
	}
	var all []Version
	for _, v := range h.versions {
		v = v.known(seq)
		if _, was := v.Since(); was && v.Document == document {
			all = append(all, v)
		}
	}
	slices.SortStableFunc(all, func(a, b Version) int {
		x, _ := a.Since()
		y, _ := b.Since()
		return int(min(max(y.Seq-x.Seq, -1), 1))
	})
	return all, nil
}

// Before is the version that another is compared with, as known at a commit: the one in force, and for one that was in
// force the one before it. ok is false for the first of its document.
func (s *Store) Before(ctx context.Context, v Version, seq int64) (before Version, ok bool, err error) {
	if e, was := v.Since(); was {
		seq = e.Seq - 1
	}
	all, err := s.Of(ctx, v.Document, seq)
	if err != nil || len(all) == 0 {
		return Version{}, false, err
	}
	return all[0], true, nil
}

// ByCommit is the version that a commit put in force or ended; ok is false when it did neither.
func (s *Store) ByCommit(ctx context.Context, seq int64) (v Version, ok bool, err error) {
	h, err := s.history(ctx, seq)
	if err != nil {
		return Version{}, false, err
	}
	i := slices.IndexFunc(h.versions, func(v Version) bool {
		return slices.ContainsFunc(v.Events, func(e Event) bool { return e.Seq == seq && seq != 0 })
	})
	if i < 0 {
		return Version{}, false, nil
	}
	return h.versions[i], true, nil
}

// history is what was in force up to a commit at least. It is read again only for a commit that it does not know yet.
func (s *Store) history(ctx context.Context, seq int64) (*history, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known != nil && s.known.seq >= seq {
		return s.known, nil
	}
	now, err := s.DB.Seq(ctx) // before the rows: those that come in between are read again
	if err != nil {
		return nil, err
	}
	all, err := readVersions(ctx, s.DB.Read(), allVersions, allEvents)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(v Version) bool { return v.State != Live })
	s.known = &history{seq: now, versions: all}
	return s.known, nil
}

// compiled is the policy of a package, nil where this program cannot read it, which is reported once.
func (s *Store) compiled(ctx context.Context, hash string) (*policy.Policy, error) {
	s.mu.Lock()
	m, ok := s.made[hash]
	s.mu.Unlock()
	if ok {
		return m.policy, nil
	}
	p, err := s.packageOf(ctx, hash)
	if err != nil {
		return nil, err
	}
	m.policy, m.problems = policy.Compile(s.Library, PolicyFile, p.Policy)
	if len(m.problems) > 0 {
		s.Report(fmt.Errorf("the policy package %s is in force and cannot be read: %w", hash, m.problems))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made[hash] = m
	return m.policy, nil
}
