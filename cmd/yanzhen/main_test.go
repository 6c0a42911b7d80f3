package main

import (
	"archive/zip"
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"yanzhen": func() { os.Exit(mainCode()) }})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Setup: bringLocked, Cmds: map[string]func(*testscript.TestScript, bool, []string){"pack": pack, "template": makeTemplate, "batch": setBatch, "private": isPrivate}})
}

// bringLocked gives the scripts a workbook with a password: locked.xls.
func bringLocked(env *testscript.Env) error {
	b, err := os.ReadFile("../../internal/sheet/testdata/locked/libreoffice.xls")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(env.WorkDir, "locked.xls"), b, 0o600)
}

// TestRemark writes a name that would end the comment in which it stands.
func TestRemark(t *testing.T) {
	var out strings.Builder
	remark(&out, "a name\rDROP TABLE c9;\r\nand a line\n")
	if want := "-- a name\n-- DROP TABLE c9;\n-- and a line\n"; out.String() != want {
		t.Errorf("%q", out.String())
	}
}

// pack makes a .zip of files: pack all.zip a.csv b.csv.
func pack(ts *testscript.TestScript, _ bool, args []string) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range args[1:] {
		w, err := z.Create(name)
		ts.Check(err)
		_, err = io.WriteString(w, ts.ReadFile(name))
		ts.Check(err)
	}
	ts.Check(z.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600))
}

// setBatch sets $BATCH to the number that a text begins with: batch stdout.
func setBatch(ts *testscript.TestScript, _ bool, args []string) {
	number, _, _ := strings.Cut(ts.ReadFile(args[0]), " ")
	ts.Setenv("BATCH", number)
}

// isPrivate holds that only its owner may read a file.
func isPrivate(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if mode := info.Mode().Perm(); mode != 0o600 {
		ts.Fatalf("%s may be read by others: %v", args[0], mode)
	}
}

// makeTemplate makes an .xlsx of one row: template out.xlsx a,b,c.
func makeTemplate(ts *testscript.TestScript, _ bool, args []string) {
	f := excelize.NewFile()
	defer f.Close()
	row := strings.Split(args[1], ",")
	ts.Check(f.SetSheetRow("Sheet1", "A1", &row))
	ts.Check(f.SaveAs(ts.MkAbs(args[0])))
}

// TestWordsForEverything checks that every command and flag is explained, in both languages.
func TestWordsForEverything(t *testing.T) {
	for _, lang := range []i18n.Lang{i18n.ZH, i18n.EN} {
		words := i18n.T{Lang: lang}
		for _, cmd := range commands() {
			if words.S(cmd.key()) == cmd.key() {
				t.Errorf("command %s is not explained", cmd.name)
			}
			fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
			fs.SetOutput(io.Discard)
			cmd.flags(fs, words)
			fs.VisitAll(func(f *flag.Flag) {
				if f.Usage == "" || strings.HasPrefix(f.Usage, "cmd.") {
					t.Errorf("%s --%s is not explained: %q", cmd.name, f.Name, f.Usage)
				}
			})
		}
	}
}

func TestLanguageOf(t *testing.T) {
	for _, tc := range []struct {
		args string
		env  map[string]string
		want i18n.Lang
	}{
		{"help", nil, i18n.ZH},
		{"help --lang en", nil, i18n.EN},
		{"help -lang=en", nil, i18n.EN},
		{"help --lang", nil, i18n.ZH},
		{"help lang en", nil, i18n.ZH},
		{"help", map[string]string{"LANG": "en_GB.UTF-8"}, i18n.EN},
		{"help", map[string]string{"LC_ALL": "zh_CN.UTF-8", "LANG": "en_GB.UTF-8"}, i18n.ZH},
		{"help --lang zh", map[string]string{"LANG": "en_GB.UTF-8"}, i18n.ZH},
	} {
		got := languageOf(strings.Fields(tc.args), func(name string) string { return tc.env[name] })
		if got != tc.want {
			t.Errorf("%q with %v: %s, want %s", tc.args, tc.env, got, tc.want)
		}
	}
}

// TestAnswersExist checks that the flags which are offered for problems exist.
func TestAnswersExist(t *testing.T) {
	words := i18n.T{Lang: i18n.ZH}
	fs := flag.NewFlagSet("import", flag.ContinueOnError)
	importCommand(fs, words)
	for remedy, flags := range flagOf {
		for _, name := range strings.Split(flags, ", ") {
			if fs.Lookup(strings.TrimPrefix(name, "--")) == nil {
				t.Errorf("%s: import has no flag %s", remedy, name)
			}
		}
	}
}

// TestReadme holds the commands that the READMEs show: each exists with its flags, and those that need no installation
// run as they are written.
func TestReadme(t *testing.T) {
	t.Chdir("../..")
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		shown := regexp.MustCompile(`(?m)^\./yanzhen ([^#\n]*)`).FindAllStringSubmatch(string(text), -1)
		if len(shown) < 5 {
			t.Errorf("%s shows %d commands", name, len(shown))
		}
		for _, m := range shown {
			args := strings.Fields(m[1])
			var out, said bytes.Buffer
			c := &console{in: strings.NewReader(""), out: &out, err: &said, t: i18n.T{Lang: i18n.EN}}
			if (args[0] == "policy" || args[0] == "help") && !slices.Contains(args, "--data") {
				if code := c.run(context.Background(), args); code != exitOK || out.Len() == 0 {
					t.Errorf("%s: %v: exit %d, %s", name, args, code, &said)
				}
				continue
			}
			cmd, rest := match(args)
			if cmd == nil {
				t.Errorf("%s: there is no command %v", name, args)
				continue
			}
			fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
			fs.SetOutput(&said)
			cmd.flags(fs, c.t)
			if _, err := parse(fs, rest); err != nil {
				t.Errorf("%s: %v: %v", name, args, err)
			}
		}
	}
}

var update = flag.Bool("update", false, "write what the commands of docs/laboratory.md say anew")

// TestLaboratoryGuide runs the commands of the guide to the laboratory, in both languages; what it shows of their output
// is what they say.
func TestLaboratoryGuide(t *testing.T) {
	root, err := filepath.Abs("../../docs")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	block := regexp.MustCompile("(?s)```sh\n(.*?)```\n(?:\n```text\n(.*?)```\n)?")
	for _, name := range []string{"laboratory.md", "laboratory.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		told := block.ReplaceAllStringFunc(string(text), func(found string) string {
			m := block.FindStringSubmatch(found)
			var out, said bytes.Buffer
			for line := range strings.Lines(m[1]) {
				args := strings.Fields(strings.TrimPrefix(line, "./yanzhen"))
				c := &console{in: strings.NewReader(""), out: &out, err: &said, t: i18n.T{Lang: languageOf(args, os.Getenv)}}
				if code := c.run(context.Background(), args); code != exitOK {
					t.Errorf("%s: %v: exit %d, %s", name, args, code, &said)
				}
			}
			if !strings.Contains(found, "```text") {
				return found
			}
			return "```sh\n" + m[1] + "```\n\n```text\n" + out.String() + "```\n"
		})
		if *update {
			if err := os.WriteFile(filepath.Join(root, name), []byte(told), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(string(text), told); diff != "" && !*update {
			t.Errorf("%s shows something else than its commands say; run with -update (-shown +said):\n%s", name, diff)
		}
	}
}
