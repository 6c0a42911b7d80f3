package parquet

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const exampleRows = groupRows + 10

// example is every type with values at the ends of what it holds, nulls among them, in more rows than one group has.
func example(t *testing.T) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := NewWriter(&file, []Column{
		{Name: "id", Type: Int},
		{Name: "money", Type: Decimal, Scale: 2},
		{Name: "day", Type: Date},
		{Name: "yes", Type: Bool},
		{Name: "name", Type: Text},
	}, [][2]string{{"made by", "测试"}})
	if err != nil {
		t.Fatal(err)
	}
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

func TestFrameOfTheFile(t *testing.T) {
	file := example(t)
	end := len(file) - 8
	foot := int(binary.LittleEndian.Uint32(file[end:]))
	if string(file[:4]) != magic || string(file[end+4:]) != magic || foot <= 0 || foot > end-4 {
		t.Fatalf("begins %q, ends %q, footer of %d", file[:4], file[end+4:], foot)
	}
	if !bytes.HasPrefix(file[end-foot:], []byte{0x15, 0x02, 0x19, 0x6c}) { // version 1; a list of six structs: the schema
		t.Errorf("footer begins %x", file[end-foot:end-foot+4])
	}
}

func TestRuns(t *testing.T) {
	for _, tc := range []struct{ levels, want []byte }{
		{nil, nil},
		{[]byte{1}, []byte{2, 1}},
		{[]byte{0, 0, 1, 1, 1}, []byte{4, 0, 6, 1}},
		{bytes.Repeat([]byte{1}, 64), []byte{0x80, 1, 1}},
	} {
		if diff := cmp.Diff(tc.want, runs(tc.levels)); diff != "" {
			t.Errorf("%v (-want +got)\n%s", tc.levels, diff)
		}
	}
}
