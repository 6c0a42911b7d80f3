package paper

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// claims are the standards that a file says it keeps, by veraPDF's names: "2a ua1".
func claims(r *reading) (string, error) {
	xmp := r.streams[ref(r.objects[1], "Metadata")]
	for d := xml.NewDecoder(strings.NewReader(xmp)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return "", err
		}
	}
	out := "2" + strings.ToLower(between(xmp, "<pdfaid:conformance>", "<"))
	if strings.Contains(xmp, "<pdfuaid:part>1<") {
		out += " ua1"
	}
	return out, nil
}

func TestClaims(t *testing.T) {
	picture := drawing(t, image.NewGray(image.Rect(0, 0, 2, 2)))
	for _, c := range []struct {
		name string
		d    Document
		want string
	}{
		{"a report", report(t, 1), "2a ua1"},
		{"no title", Document{Blocks: []Block{Paragraph{Text: "文"}}}, "2a"},
		{"blank title", Document{Title: "\n \u202E"}, "2a"},
		{"headings in order", Document{Title: "题", Blocks: []Block{Heading{1, "一"}, Heading{2, "二"}, Heading{1, "三"}}}, "2a ua1"},
		{"a level left out", Document{Title: "题", Blocks: []Block{Heading{1, "一"}, Heading{3, "二"}}}, "2a"},
		{"a picture without words", Document{Title: "题", Blocks: []Block{Picture{Data: picture}}}, "2a"},
		{"a picture with words", Document{Title: "题", Blocks: []Block{Picture{Data: picture, Alt: "图"}}}, "2a ua1"},
		{"characters of private use", Document{Title: "题", Blocks: []Block{Note("\uE000")}}, "2u ua1"},
	} {
		r, _ := printed(t, c.d)
		if got, err := claims(r); err != nil || got != c.want {
			t.Errorf("%s: claims %q, want %q (%v)", c.name, got, c.want, err)
		}
	}
}

// What files claim holds before veraPDF, the checker that archives use:
//
//	mvn dependency:get -Dartifact=org.verapdf:validation-model:1.26.1
//	YANZHEN_TEST_VERAPDF=$(find ~/.m2 -name '*.jar' | tr '\n' ':') go test ./internal/paper -run TestArchivesAccept
func TestArchivesAccept(t *testing.T) {
	jars := os.Getenv("YANZHEN_TEST_VERAPDF")
	if jars == "" {
		t.Skip("YANZHEN_TEST_VERAPDF names no class path of veraPDF")
	}
	clear := image.NewNRGBA(image.Rect(0, 0, 5, 3))
	clear.SetNRGBA(1, 1, color.NRGBA{10, 20, 30, 128})
	documents := []Document{{}, report(t, 3), {Title: "题", English: true, Blocks: []Block{Picture{Data: drawing(t, clear), Alt: "图"}, Paragraph{Text: "\U0001F600\u1200\u00A0é\uE000"}}}}
	any := rapid.Custom(func(t *rapid.T) Document {
		d, _ := anyDocument(t, 60)
		return d
	})
	for seed := range 60 {
		documents = append(documents, any.Example(seed))
	}
	args := []string{"-cp", jars, filepath.Join("testdata", "Verify.java")}
	dir := t.TempDir()
	for i, d := range documents {
		var b bytes.Buffer
		if _, err := WritePDF(&b, d); err != nil {
			t.Fatal(err)
		}
		r, err := readPDF(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		claimed, err := claims(r)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, fmt.Sprintf("%d.pdf", i))
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		for flavour := range strings.FieldsSeq(claimed) {
			args = append(args, flavour, file)
		}
	}
	if out, err := exec.Command("java", args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
