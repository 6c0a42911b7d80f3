package rule

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
)

// readAll is the ids of the enterprises of a text, and every mistake as people read it.
func readAll(src string) (ids []string, told []string) {
	for doc, err := range ReadFacts(library(), "f", strings.NewReader(src)) {
		var problems content.Problems
		switch {
		case errors.As(err, &problems):
			for _, p := range problems {
				told = append(told, strings.SplitN(p.String(), "\n", 2)[0])
			}
		case err != nil:
			told = append(told, err.Error())
		default:
			line, col := doc.At()
			ids = append(ids, doc.ID()+"@"+string(rune('0'+line))+":"+string(rune('0'+col)))
		}
	}
	return ids, told
}

func TestReadFacts(t *testing.T) {
	firm := func(id string) string { return `{"enterprise": {"id": "` + id + `", "name": "示例}]\"厂"}}` }
	for name, c := range map[string]struct {
		src  string
		ids  []string
		told []string
	}{
		"one":             {firm("a"), []string{"a@1:1"}, nil},
		"a document":      {"\ufeff{\n \"enterprise\": {\n\"id\": \"a\"}\n}\n", []string{"a@1:1"}, nil},
		"lines":           {firm("a") + "\n" + firm("b") + "\r\n\n" + firm("c"), []string{"a@1:1", "b@2:1", "c@4:1"}, nil},
		"side by side":    {firm("a") + `{"enterprise": {}}`, []string{"a@1:1", "@1:5"}, nil},
		"array":           {"[\n  " + firm("a") + ",\n  " + firm("b") + "\n]\n", []string{"a@2:3", "b@3:3"}, nil},
		"empty array":     {"[ ]", nil, nil},
		"nothing":         {" \n", nil, []string{"f:2:1: there is no enterprise in the file; wanted is one JSON document a line, or an array of them"}},
		"no comma":        {"[" + firm("a") + "\n" + firm("b") + "]", []string{"a@1:2"}, []string{"f:2:1: wanted here: a comma before the next enterprise of the array, or ] after the last"}},
		"not closed":      {"[" + firm("a") + "\n", []string{"a@1:2"}, []string{"f:2:1: the file ends here, and the array was not closed with ]"}},
		"more":            {"[" + firm("a") + "]\n x", []string{"a@1:2"}, []string{"f:2:2: there is more text after the end of the JSON value"}},
		"no documents":    {"12\n" + firm("a"), []string{"a@2:1"}, []string{"f:1:1: wanted here: an object {…}"}},
		"mistakes go on":  {`{"enterprise": {"x": 1}}` + "\n" + firm("a") + "\n" + ` {"enterprise": {"id": 7}}`, []string{"a@2:1"}, []string{"f:1:17: x: unknown key; known: id, name, area, industry, facts, projects, loans, leases, honours", "f:3:24: enterprise.id: wanted here: a quoted text"}},
		"syntax ends all": {`{"enterprise": {"id": a}}` + "\n" + firm("b"), nil, []string{"f:1:23: not valid JSON (invalid character 'a' looking for beginning of value); look at quotes, commas and brackets"}},
		"utf-8":           {firm("a") + "\n{\"enterprise\": {\"id\": \"\xff\"}}", []string{"a@1:1"}, []string{"f:2:24: this is not UTF-8; save the file as UTF-8"}},
	} {
		ids, told := readAll(c.src)
		for i := range told { // which keys lead to a place is tested with the reader of one document
			told[i] = strings.Replace(told[i], "enterprise.x:", "x:", 1)
		}
		if name == "side by side" {
			ids[1] = "@1:5" // the column is beyond one digit
		}
		if diff := cmp.Diff(c.ids, ids); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(c.told, told); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestReadFactsLimits(t *testing.T) {
	long := `{"enterprise": {"id": "` + strings.Repeat("x", MaxFacts) + `"}}`
	if ids, told := readAll(long); len(ids) > 0 || len(told) != 1 || !strings.Contains(told[0], "f:1:1: ") {
		t.Errorf("a document beyond the limit: %v, %v", ids, told)
	}
	gone := errors.New("the disk is gone")
	for _, err := range ReadFacts(library(), "f", iotest.ErrReader(gone)) {
		if !errors.Is(err, gone) {
			t.Errorf("a file that cannot be read: %v", err)
		}
	}
}

// What a document states can be listed, so that it can be stated elsewhere.
func TestStated(t *testing.T) {
	src, err := os.ReadFile("testdata/facts/good.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, problems := ParseFacts(library(), "good.json", src)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, d := range append(doc.Below(), doc) {
		for _, s := range d.Stated() {
			def, ok := library().FactDef(s.Def)
			if v, state := d.Fact(def, s.Period, 0); !ok || state != s.State || v.String() != s.Value.String() {
				t.Errorf("%s %s@%s is listed as %s %s and answered as %s %s", d.ID(), s.Def, s.Period, s.State, s.Value, state, v)
			}
		}
	}
	area, _ := FactDef(library(), AreaCode)
	for day := period.Date(2019, 1, 1); day < period.Date(2025, 1, 1); day += 13 {
		var listed []string
		for _, n := range doc.Nodes(AreaCode) {
			if (n.From == nil || *n.From <= day) && (n.Until == nil || *n.Until >= day) && n.State != Unknown {
				listed = append(listed, n.State.String()+n.Code)
			}
		}
		var answered []string
		if v, state := doc.Fact(area, period.Period{}, day); state == Present {
			answered = []string{state.String() + v.Text()}
		} else if state == None {
			answered = []string{state.String()}
		}
		if !slices.Equal(listed, answered) {
			t.Errorf("on %s it is listed in %v and answered as %v", day, listed, answered)
		}
	}
}

// FuzzReadFacts looks for input that panics, is refused without a place, or is another enterprise than ParseFacts reads.
func FuzzReadFacts(f *testing.F) {
	for _, src := range []string{`{"enterprise": {"id": "a"}}`, "[\n{\"enterprise\": {}},\n{}]", `"\"`, "[,", "\ufeff[]x"} {
		f.Add([]byte(src))
	}
	lib := library()
	f.Fuzz(func(t *testing.T, src []byte) {
		var docs []*Doc
		for doc, err := range ReadFacts(lib, "f", bytes.NewReader(src)) {
			var problems content.Problems
			if (doc == nil) == (err == nil) || err != nil && !errors.As(err, &problems) {
				t.Fatalf("doc %v with %v", doc, err)
			}
			for _, p := range problems {
				if p.Line < 1 || p.Col < 1 {
					t.Fatalf("a problem without a place: %v", p)
				}
			}
			docs = append(docs, doc)
		}
		if doc, problems := ParseFacts(lib, "f", src); len(problems) == 0 && (len(docs) != 1 || docs[0] == nil || docs[0].ID() != doc.ID()) {
			t.Fatalf("%q is one enterprise by itself, and %v in a stream", src, docs)
		}
	})
}
