// Package contenttest keeps JSON Schemas in step with the structs that content files are decoded into.
package contenttest

import (
	"encoding"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/yanzhen/yanzhen/internal/content"
)

// schema is the part of JSON Schema that ours use.
type schema struct {
	Ref        string             `json:"$ref"`
	Type       any                `json:"type"`
	Properties map[string]*schema `json:"properties"`
	Required   []string           `json:"required"`
	Additional any                `json:"additionalProperties"`
	Items      *schema            `json:"items"`
	Defs       map[string]*schema `json:"$defs"`
}

// Schema fails the test where a schema file and the struct that into points at differ in the keys that they know, the
// keys that are required, or the form of a value (list, mapping, text).
func Schema(t *testing.T, fsys fs.FS, file string, into any) {
	t.Helper()
	b, err := fs.ReadFile(fsys, file)
	if err != nil {
		t.Fatal(err)
	}
	var root schema
	if err := json.Unmarshal(b, &root); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	c := checker{root: &root, open: map[reflect.Type]bool{}}
	c.compare(&root, reflect.TypeOf(into).Elem(), "$")
	for _, d := range c.differences {
		t.Errorf("%s: %s", file, d)
	}
}

type checker struct {
	root        *schema
	open        map[reflect.Type]bool // structs being compared: a type may hold itself
	differences []string
}

func (c *checker) differ(path, format string, args ...any) {
	c.differences = append(c.differences, path+": "+fmt.Sprintf(format, args...))
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

func (c *checker) compare(s *schema, t reflect.Type, path string) {
	if name, ok := cutRef(s.Ref); ok {
		def := c.root.Defs[name]
		if def == nil {
			c.differ(path, "%s is not defined", s.Ref)
			return
		}
		s = def
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	want := ""
	switch {
	case reflect.PointerTo(t).Implements(textUnmarshaler):
		return // any scalar
	case t == reflect.TypeFor[content.Later]():
		return // anything
	case t.Kind() == reflect.Struct:
		want = "object"
	case t.Kind() == reflect.Map:
		want = "object"
	case t.Kind() == reflect.Slice:
		want = "array"
	case t.Kind() == reflect.String:
		want = "string"
	case t.Kind() == reflect.Bool:
		want = "boolean"
	default:
		want = "integer"
	}
	if s.Type != want {
		c.differ(path, "the schema says %v, the code reads %s", s.Type, want)
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		c.object(s, t, path)
	case reflect.Slice:
		if s.Items == nil {
			c.differ(path, "items are missing")
			return
		}
		c.compare(s.Items, t.Elem(), path+"[]")
	}
}

func (c *checker) object(s *schema, t reflect.Type, path string) {
	if c.open[t] {
		return
	}
	c.open[t] = true
	defer delete(c.open, t)
	if s.Additional != false {
		c.differ(path, "additionalProperties must be false: the code refuses unknown keys")
	}
	known := map[string]bool{}
	for _, f := range content.Fields(t) {
		known[f.Key] = true
		prop := s.Properties[f.Key]
		if prop == nil {
			c.differ(path, "the code reads %s, the schema does not know it", f.Key)
			continue
		}
		if required := slices.Contains(s.Required, f.Key); required == f.Optional {
			c.differ(path, "%s: required is %v in the schema, %v in the code", f.Key, required, !f.Optional)
		}
		c.compare(prop, f.Type, path+"."+f.Key)
	}
	for _, key := range slices.Sorted(maps.Keys(s.Properties)) {
		if !known[key] {
			c.differ(path, "the schema knows %s, the code does not", key)
		}
	}
}

func cutRef(ref string) (name string, ok bool) {
	const prefix = "#/$defs/"
	if len(ref) > len(prefix) && ref[:len(prefix)] == prefix {
		return ref[len(prefix):], true
	}
	return "", false
}
