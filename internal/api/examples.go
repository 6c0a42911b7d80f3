package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// exampleJSON is a request and its answer for each operation, as a city of three invented enterprises gave them. A test
// asks again and writes them (-update).
//
//go:embed examples.json
var exampleJSON []byte

// example is how an operation was asked and what it said.
type example struct {
	Path     string          `json:"path"`
	Request  json.RawMessage `json:"request,omitempty"`
	Status   int             `json:"status"`
	Response json.RawMessage `json:"response,omitempty"`
}

// showExamples puts the examples into the description.
func (s *server) showExamples() {
	var all map[string]example
	if err := json.Unmarshal(exampleJSON, &all); err != nil {
		panic(fmt.Sprintf("examples.json: %v", err)) // it is part of the program
	}
	for _, item := range s.api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op == nil {
				continue
			}
			e := all[op.OperationID]
			if op.RequestBody != nil && len(e.Request) > 0 {
				show(op.RequestBody.Content["application/json"], e.Request)
			}
			if r := op.Responses[strconv.Itoa(e.Status)]; r != nil && len(e.Response) > 0 {
				show(r.Content["application/json"], e.Response)
			}
		}
	}
}

func show(m *huma.MediaType, raw json.RawMessage) {
	if m == nil {
		return
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		panic(fmt.Sprintf("examples.json: %v", err)) // it is part of the program
	}
	m.Example = v
}
