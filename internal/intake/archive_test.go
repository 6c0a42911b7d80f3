package intake_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// archiveOf packs files, with their names in GBK as Windows does.
func archiveOf(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(files); i += 2 {
		name, err := simplifiedchinese.GBK.NewEncoder().String(files[i])
		must(t, err)
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, NonUTF8: true, Method: zip.Deflate})
		must(t, err)
		_, err = w.Write([]byte(files[i+1]))
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

func (o *office) sendArchive(body []byte, area string) []intake.Receipt {
	o.Helper()
	all, err := o.intake.ReceiveAll(context.Background(), o.scope, intake.Upload{
		Name: `C:\报送\一季度.zip`, Sender: "市工信局", Authority: "statistics", Area: area, Period: period.OfYear(2023), Body: bytes.NewReader(body),
	})
	must(o.TB, err)
	return all
}

// An archive of counties: each file a batch of its own, of the county that its path or its title names unless its rows name
// one. What is no spreadsheet is refused by itself.
func TestArchiveOfCounties(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		o := open(t, db)
		const head = "企业名称,营业收入（万元）\n"
		old, err := os.ReadFile("../sheet/testdata/old/county.xls")
		must(t, err)
		gb, err := simplifiedchinese.GB18030.NewEncoder().String(head + "建湖甲公司,3\n")
		must(t, err)
		all := o.sendArchive(archiveOf(
			t,
			"2023/大丰区报表.csv", head+"大丰甲公司,1\n",
			"东台市/情况表.xls", string(old),
			"建湖.txt", strings.ReplaceAll(gb, ",", "\t"),
			"甲.csv", "射阳县2023年规上工业企业情况表,\n"+head+"射阳甲公司,4\n",
			"全市.csv", head+"某公司,5\n",
			"大丰区和东台市.csv", head+"两地公司,6\n",
			"响水县.csv", "企业名称,县（市、区）,营业收入（万元）\n丁公司,滨海县,7\n",
			"盐都区.csv", "企业名称,县（市、区）,营业收入（万元）\n戊公司,盐都,8\n",
			"说明.docx", zipped(t, "[Content_Types].xml", `<Types><Override PartName="/x" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`),
			"里面.zip", string(archiveOf(t, "a.csv", head)),
			".DS_Store", "x",
		), "320900")
		got := map[string]string{}
		for _, r := range all {
			name := strings.TrimPrefix(r.Name, "一季度.zip/")
			if r.Err != nil {
				msg, _ := errs.Message(r.Err)
				got[name] = msg.String()[strings.Index(msg.String(), ": ")+2:][:20]
				continue
			}
			b := o.wait(r.Batch.ID)
			if b.Name != r.Name || b.State != intake.Ready || b.Preview.Stops() {
				t.Errorf("%s: %s, %s\n%s", r.Name, b.State, b.Failure, says(b))
			}
			got[name] = b.Plan.Sheets[0].Area
			o.commit(b.ID)
		}
		want := map[string]string{
			"2023/大丰区报表.csv": "320904", "东台市/情况表.xls": "", "建湖.txt": "320925", "甲.csv": "320924", "全市.csv": "",
			"大丰区和东台市.csv": "", "响水县.csv": "", "盐都区.csv": "",
			"说明.docx": "This is a Word docum", "里面.zip": "This is an archive o",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		areas := map[string]string{}
		for e := range o.view().Enterprises() {
			areas[e.Name] = e.Area
		}
		if areas["大丰甲公司"] != "320904" || areas["东台甲机械（演示）有限公司"] != "320981" || areas["丁公司"] != "320922" || areas["某公司"] != "320900" || areas["东台乙纺织（演示）有限公司"] != "" {
			t.Errorf("areas of the firms: %v", areas)
		}
		// The archive itself is not kept, nor what was refused.
		dirs, err := os.ReadDir(o.blobs)
		must(t, err)
		kept := 0
		for _, d := range dirs {
			files, err := os.ReadDir(o.blobs + "/" + d.Name())
			must(t, err)
			kept += len(files)
		}
		if kept != 8 {
			t.Errorf("%d files are kept, want 8", kept)
		}
	})
}

func zipped(t *testing.T, name, content string) string { return string(archiveOf(t, name, content)) }

// One file by itself is taken or refused as such; who may not import for the area gets nothing.
func TestReceiveAllOfOne(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	all := o.sendArchive([]byte("企业名称,营业收入（万元）\n甲公司,1\n"), "320904")
	if len(all) != 1 || all[0].Err != nil || all[0].Name != "一季度.zip" || o.wait(all[0].Batch.ID).State != intake.Ready {
		t.Errorf("got %+v", all)
	}
	all = o.sendArchive([]byte("%PDF-1.7"), "320904")
	if len(all) != 1 || errs.KindOf(all[0].Err) != errs.KindInvalid {
		t.Errorf("got %+v", all)
	}
	_, err := o.intake.ReceiveAll(context.Background(), access.Scope{}, intake.Upload{Name: "a.zip", Sender: "x", Authority: "statistics", Area: "320900", Body: strings.NewReader("x")})
	if errs.KindOf(err) != errs.KindForbidden {
		t.Errorf("without a scope: %v", err)
	}
	_, err = o.intake.ReceiveAll(context.Background(), o.scope, intake.Upload{
		Name: "a.zip", Sender: "x", Authority: "statistics", Area: "320900", Body: strings.NewReader("PK\x03\x04 and then nothing"),
	})
	if errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("a damaged archive: %v", err)
	}
}

// A workbook with a password is taken with it; what is kept can be read without. A wrong one keeps nothing.
func TestPassword(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	for _, name := range []string{"msoffcrypto.xlsx", "libreoffice.xls"} {
		locked, err := os.ReadFile("../sheet/testdata/locked/" + name)
		must(t, err)
		send := func(password string) ([]intake.Receipt, error) {
			return o.intake.ReceiveAll(context.Background(), o.scope, intake.Upload{
				Name: name, Sender: "市工信局", Authority: "statistics", Area: "320900", Period: period.OfYear(2023), Password: password, Body: bytes.NewReader(locked),
			})
		}
		for _, wrong := range []string{"", "盐城"} {
			if _, err := send(wrong); errs.KindOf(err) != errs.KindInvalid || !strings.Contains(err.Error(), "assword") {
				t.Errorf("%s with %q: %v", name, wrong, err)
			}
		}
		all, err := send("盐城Pass1")
		must(t, err)
		b := o.wait(all[0].Batch.ID)
		if b.State != intake.Ready || b.Preview.Rows != 1 {
			t.Errorf("%s: %s, %s, %d rows", name, b.State, b.Failure, b.Preview.Rows)
		}
		must(t, func() error { _, err := o.intake.Again(context.Background(), o.scope, b.ID); return err }())
		if b = o.wait(b.ID); b.State != intake.Ready {
			t.Errorf("%s again: %s, %s", name, b.State, b.Failure)
		}
		packed := o.sendArchive(archiveOf(t, "a/"+name, string(locked)), "320900")
		if len(packed) != 1 || errs.KindOf(packed[0].Err) != errs.KindInvalid {
			t.Errorf("in an archive without a password: %+v", packed)
		}
	}
	dirs, err := os.ReadDir(o.blobs)
	must(t, err)
	kept := 0
	for _, d := range dirs {
		files, err := os.ReadDir(o.blobs + "/" + d.Name())
		must(t, err)
		kept += len(files)
	}
	if kept != 2 {
		t.Errorf("%d files are kept, want 2", kept)
	}
}

// Twenty files as unlike as those of county offices, packed on Windows; testdata/counties/make.py makes them. What becomes
// of each stands in the golden file. Those that lack nothing but a year are given it; what is then ready is committed.
func TestTwentyCountyFiles(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	body, err := os.ReadFile("testdata/counties/counties.zip")
	must(t, err)
	all, err := o.intake.ReceiveAll(context.Background(), o.scope, intake.Upload{
		Name: "counties.zip", Sender: "市工信局", Authority: "statistics", Area: "320900", Password: "yandu2023", Body: bytes.NewReader(body),
	})
	must(t, err)
	var got strings.Builder
	committed := 0
	for _, r := range all {
		fmt.Fprintf(&got, "== %s\n", r.Name)
		if r.Err != nil {
			msg, _ := errs.Message(r.Err)
			fmt.Fprintf(&got, "refused: %s\n", (i18n.T{Lang: i18n.ZH}).Msg(msg))
			continue
		}
		_, err := o.intake.Again(context.Background(), o.scope, o.wait(r.Batch.ID).ID) // the files before it are known by now
		must(t, err)
		b := o.wait(r.Batch.ID)
		if b.Preview.Stops() {
			fmt.Fprintf(&got, "asked:\n%s", says(b))
			for i := range b.Plan.Sheets {
				b.Plan.Sheets[i].Period = period.OfYear(2023)
			}
			_, err := o.intake.Replan(context.Background(), o.scope, b.ID, b.Plan)
			must(t, err)
			b = o.wait(b.ID)
		}
		for _, sh := range b.Plan.Sheets {
			fmt.Fprintf(&got, "sheet %q of %q about %q, skipped %t\n", sh.Name, sh.Area, sh.Period, sh.Skip)
		}
		if b.Preview.Twin != "" {
			fmt.Fprintf(&got, "states the same as %s\n", b.Preview.Twin)
		}
		for _, n := range b.Preview.Notes {
			fmt.Fprintln(&got, (i18n.T{Lang: i18n.ZH}).Msg(n))
		}
		fmt.Fprintf(&got, "%s\n%s", strings.Join(o.lines(b), "\n"), says(b))
		if b.State == intake.Ready && !b.Preview.Stops() && b.Preview.Digest != "" && b.Preview.Twin == "" {
			o.commit(b.ID)
			committed++
		}
	}
	fmt.Fprintf(&got, "== %d files, %d committed, %d firms\n", len(all), committed, o.view().Count())
	const golden = "testdata/counties/counties.golden"
	if *update {
		must(t, os.WriteFile(golden, []byte(got.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
