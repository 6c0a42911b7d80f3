package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/yanzhen/yanzhen/internal/errs"
)

// packed is a .zip as a test writes it: name, content, and whether the name is said to be UTF-8.
func packed(t testing.TB, entries ...*zip.FileHeader) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, h := range entries {
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, "/") {
			_, _ = io.WriteString(w, "a,b\n"+h.Comment)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return saveFile(t, "all.zip", b.Bytes())
}

func gbk(s string) string {
	out, err := simplifiedchinese.GBK.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return out
}

// TestArchive lists the files that somebody meant to send, under the names that they had.
func TestArchive(t *testing.T) {
	field := func(code, name string) []byte { // the name in UTF-8 beside one in a code page
		b := binary.LittleEndian.AppendUint16(nil, 0x7075)
		b = binary.LittleEndian.AppendUint16(b, uint16(5+len(name)))
		b = append(b, 1)
		b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(code)))
		return append(b, name...)
	}
	path := packed(
		t,
		&zip.FileHeader{Name: gbk("盐城/大丰区.csv"), NonUTF8: true},
		&zip.FileHeader{Name: gbk("通知.csv"), NonUTF8: true}, // which is valid UTF-8, of other letters
		&zip.FileHeader{Name: "东台市.csv"},
		&zip.FileHeader{Name: "阜宁县.csv", NonUTF8: true}, // as macOS writes it
		&zip.FileHeader{Name: "????.csv", NonUTF8: true, Extra: field("????.csv", "建湖县.csv")},
		&zip.FileHeader{Name: "stale.csv", NonUTF8: true, Extra: field("other.csv", "x.csv")},
		&zip.FileHeader{Name: `win\..\..\射阳县.csv`},
		&zip.FileHeader{Name: "empty/"},
		&zip.FileHeader{Name: "__MACOSX/._东台市.csv"},
		&zip.FileHeader{Name: "a/.DS_Store"},
		&zip.FileHeader{Name: "Thumbs.db"},
		&zip.FileHeader{Name: "~$东台市.xlsx"},
	)
	a, ok, err := OpenArchive(path, "", Limits{})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	defer a.Close()
	var names []string
	for _, f := range a.Files {
		names = append(names, f.Name)
		r, err := a.Open(f)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r); err != nil || !strings.HasPrefix(string(b), "a,b") {
			t.Errorf("%s: %q, %v", f.Name, b, err)
		}
		_ = r.Close()
	}
	if diff := cmp.Diff([]string{"盐城/大丰区.csv", "通知.csv", "东台市.csv", "阜宁县.csv", "建湖县.csv", "stale.csv", "射阳县.csv"}, names); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestNoArchive(t *testing.T) {
	for name, content := range map[string]string{
		"book.xlsx": zipOf(t, "[Content_Types].xml", "<Types/>"), "open.ods": zipOf(t, "mimetype", "x"), "t.csv": "a,b\n", "": "",
	} {
		a, ok, err := OpenArchive(saveFile(t, "f", []byte(content)), name, Limits{})
		if a != nil || ok || err != nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
}

func TestHostileArchives(t *testing.T) {
	many := func(n int) []*zip.FileHeader {
		var all []*zip.FileHeader
		for i := range n {
			all = append(all, &zip.FileHeader{Name: fmt.Sprintf("%d.csv", i)})
		}
		return all
	}
	tests := []struct {
		name string
		path string
		want string
	}{
		{"more files than a province has counties", packed(t, many(201)...), "sheet.refuse.files"},
		{"more parts than are looked at", packed(t, many(2001)...), "sheet.refuse.parts"},
		{"nothing but leftovers", packed(t, &zip.FileHeader{Name: ".DS_Store"}), "sheet.refuse.empty_zip"},
		{"a bomb", packed(t, &zip.FileHeader{Name: "a.csv", Method: zip.Deflate, Comment: strings.Repeat("1,2\n", 16<<20)}), "sheet.refuse.ratio"},
		{"a password", packed(t, &zip.FileHeader{Name: "a.csv", Flags: 1}), "sheet.refuse.zip_password"},
		{"a file twice", packed(t, &zip.FileHeader{Name: "a.csv"}, &zip.FileHeader{Name: "A.csv"}), "sheet.refuse.twice"},
		{"cut off", saveFile(t, "t.zip", []byte(zipOf(t, "a.csv", "a,b\n"))[:40]), "sheet.refuse.damaged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, _, err := OpenArchive(tt.path, "", Limits{})
			if a != nil || innerKey(err) != tt.want || errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("got %v (%s), want %s", err, innerKey(err), tt.want)
			}
		})
	}
}

// TestPackedFileDamaged tells that a file in an archive is damaged when it is read.
func TestPackedFileDamaged(t *testing.T) {
	raw := []byte(zipOf(t, "a.csv", strings.Repeat("a,b,c,d\n", 100)))
	raw[60] ^= 0xFF
	a, ok, err := OpenArchive(saveFile(t, "t.zip", raw), "全市.zip", Limits{})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	defer a.Close()
	r, err := a.Open(a.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); innerKey(err) != "sheet.refuse.damaged" || !strings.Contains(err.Error(), "全市.zip/a.csv") {
		t.Errorf("got %v", err)
	}
}
