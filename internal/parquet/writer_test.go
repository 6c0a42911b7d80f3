package parquet

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

const exampleRows = groupRows + 10

// example is every type with values at the ends of what it holds, nulls among them, in more rows than one group has.
func example(t *testing.T) []byte {
	t.Helper()
	var file bytes.Buffer
	w := NewWriter(&file, []Column{
		{Name: "id", Type: Int},
		{Name: "money", Type: Decimal, Scale: 2},
		{Name: "day", Type: Date},
		{Name: "yes", Type: Bool},
		{Name: "name", Type: Text},
	}, [][2]string{{"made by", "测试"}})
	for i := range int64(exampleRows) {
		cells := []Cell{Number(i), Number(i*100 + 1), Number(19_000 - i), Number(i % 3 % 2), String("雁阵")}
		if i%7 == 0 {
			cells[1], cells[3], cells[4] = Cell{}, Cell{}, Cell{}
		}
		switch i {
		case 1:
			cells[1] = Number(-999_999_999_999_999_999)
		case 2:
			cells[0], cells[4] = Number(1<<63-1), String("")
		}
		if err := w.Row(cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Row(nil); err == nil {
		t.Error("a row without cells is taken")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// check reads the example with pyarrow, which shares nothing with this package, and holds every cell against what was
// written.
const check = `
import sys, datetime, decimal
import pyarrow.parquet as pq
f = pq.ParquetFile(sys.argv[1])
t = f.read()
t.validate(full=True)
assert f.metadata.num_row_groups == 2, f.metadata
assert f.metadata.metadata == {b"made by": "测试".encode()}, f.metadata.metadata
assert [str(x.type) for x in t.schema] == ["int64", "decimal128(18, 2)", "date32[day]", "bool", "string"], t.schema
cols = [t.column(i).to_pylist() for i in range(5)]
assert t.num_rows == int(sys.argv[2])
for i in range(t.num_rows):
    want = [i, decimal.Decimal(i * 100 + 1).scaleb(-2), datetime.date(1970, 1, 1) + datetime.timedelta(19000 - i), i % 3 % 2 == 1, "雁阵"]
    if i % 7 == 0: want[1] = want[3] = want[4] = None
    if i == 1: want[1] = decimal.Decimal("-9999999999999999.99")
    if i == 2: want[0], want[4] = 2**63 - 1, ""
    got = [c[i] for c in cols]
    assert got == want, (i, got, want)
`

// TestPyarrowReadsIt runs where python3 (or the one that YANZHEN_TEST_PYTHON names) has pyarrow.
func TestPyarrowReadsIt(t *testing.T) {
	python := os.Getenv("YANZHEN_TEST_PYTHON")
	if python == "" {
		python = "python3"
	}
	if err := exec.Command(python, "-c", "import pyarrow").Run(); err != nil {
		t.Skip("no pyarrow: ", err)
	}
	path := filepath.Join(t.TempDir(), "example.parquet")
	if err := os.WriteFile(path, example(t), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "-c", check, path, strconv.Itoa(exampleRows)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestReadBack reads the example with the library's own reader: the columns in their order, nulls, and the ends of types.
func TestReadBack(t *testing.T) {
	file := example(t)
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range f.Root().Columns() {
		names = append(names, c.Name())
	}
	if got := strings.Join(names, " "); got != "id money day yes name" {
		t.Errorf("columns are %s", got)
	}
	if f.NumRows() != exampleRows || len(f.RowGroups()) != 2 {
		t.Errorf("%d rows in %d groups", f.NumRows(), len(f.RowGroups()))
	}
	if note, ok := f.Lookup("made by"); !ok || note != "测试" {
		t.Errorf("the note is %q", note)
	}
	rows := make([]parquet.Row, 3)
	r := f.RowGroups()[0].Rows()
	defer func() { _ = r.Close() }()
	if n, err := r.ReadRows(rows); n != len(rows) {
		t.Fatal(n, err)
	}
	if v := rows[0]; !v[1].IsNull() || !v[3].IsNull() || !v[4].IsNull() || v[2].Int32() != 19_000 {
		t.Errorf("the first row is %v", v)
	}
	if v := rows[1]; v[1].Int64() != -999_999_999_999_999_999 || !v[3].Boolean() || v[4].String() != "雁阵" {
		t.Errorf("the second row is %v", v)
	}
	if v := rows[2]; v[0].Int64() != 1<<63-1 || v[4].IsNull() || v[4].String() != "" {
		t.Errorf("the third row is %v", v)
	}
}
