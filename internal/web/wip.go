package web

import "github.com/yanzhen/yanzhen/internal/fact"

func (s *server) decisions(v *visit, view fact.View, firm int64) ([]decisionView, error) { return nil, nil }
