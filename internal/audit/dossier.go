package audit

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Names in a dossier.
const (
	CheckpointFile = "checkpoint.txt"
	ProofsFile     = "proofs.jsonl" // a Proof a line, in the order of the log
	GuideFile      = "README.txt"
	FilesDir       = "files"       // by SHA-256
	DefinitionsDir = "definitions" // by SHA-256
	PackagesDir    = "packages"    // by SHA-256
)

// maxProof is how long a line of the proofs may be, in bytes.
const maxProof = 64 << 20

// Entry is a file of a dossier. It is opened more than once.
type Entry struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// Text is an entry with these bytes.
func Text(name string, text []byte) Entry {
	return Entry{name, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }}
}

// Held is bytes that a thing names by their SHA-256 and that a dossier holds with it, in a directory.
type Held struct{ Dir, Hash string }

// Hold finds what a thing names, of whose canonical form it gets the parts.
type Hold func(parts map[string]json.RawMessage) []Held

// Column finds hashes in a column of a part.
func Column(part, column, dir string) Hold {
	return func(parts map[string]json.RawMessage) (all []Held) {
		var rows []map[string]any
		if json.Unmarshal(parts[part], &rows) != nil {
			return nil
		}
		for _, row := range rows {
			if hash, ok := row[column].(string); ok {
				all = append(all, Held{dir, hash})
			}
		}
		return all
	}
}

// guide is what a reader finds first. It is part of what is verified.
const guide = `卷宗 · Dossier of a case

checkpoint.txt  日志的签名检查点 the signed head of the audit log
proofs.jsonl    每行一项：内容、盐值、在日志中的位置和证明路径
                one thing a line: what was logged, its salt, its place in the log and the path that proves it
files/          案卷文件，文件名是其 SHA-256 files of the case, named by their SHA-256
definitions/    办理所依的流程、表单和评分模型 the workflows, forms and rubrics that it ran under
packages/       测算所依的政策包 the policy packages that it was decided by

核验（不需要平台和数据库）：yanzhen audit verify 卷宗 --key 公钥
To verify, without the platform and its database: yanzhen audit verify DOSSIER --key PUBLIC-KEY

公钥须另行取得，不取自卷宗。The public key comes from elsewhere, never from the dossier.
证明的是：这些内容记入日志后没有被改动、删除或补插。不证明：当时写入的内容属实。
Shown is that nothing of this was changed, removed or put in after it was logged; not that what was written was true.
`

// Dossier makes what proves a case: the things of some kinds that belong to it, each with its proof within a checkpoint, and what
// they name by hash, which find opens. It reads one moment of the database.
func Dossier(ctx context.Context, q store.Querier, kinds []*Kind, id int64, checkpoint []byte, c Checkpoint, find func(Held) (Entry, error)) ([]Entry, error) {
	things, err := OfCase(ctx, q, kinds, id)
	if err != nil {
		return nil, err
	}
	p := NewProver(ctx, q, c)
	var lines bytes.Buffer
	named := map[Held]bool{}
	for _, t := range things {
		if t.n >= c.Size {
			continue // it came after the checkpoint
		}
		proof, err := p.Prove(ctx, t.Kind, t.Ref)
		if err != nil {
			return nil, err
		}
		line, err := proof.Line()
		if err != nil {
			return nil, err
		}
		lines.Write(line)
		for _, h := range t.Kind.held(proof.Thing) {
			named[h] = true
		}
	}
	if lines.Len() == 0 {
		return nil, errs.NotFound("case", id)
	}
	all := []Entry{Text(CheckpointFile, checkpoint), Text(ProofsFile, lines.Bytes()), Text(GuideFile, []byte(guide))}
	for h := range named {
		e, err := find(h)
		if errs.KindOf(err) == errs.KindNotFound {
			continue // who verifies is told that it is missing
		}
		if err != nil {
			return nil, fmt.Errorf("find %s %s: %w", h.Dir, h.Hash, err)
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// held is what a thing names.
func (k *Kind) held(thing json.RawMessage) []Held { return found(k.Holds, thing) }

func found(holds []Hold, thing json.RawMessage) (all []Held) {
	var parts map[string]json.RawMessage
	if json.Unmarshal(thing, &parts) != nil {
		return nil
	}
	for _, hold := range holds {
		for _, h := range hold(parts) {
			if isHash(h.Hash) {
				all = append(all, h)
			}
		}
	}
	return all
}

func isHash(text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && len(b) == sha256.Size && hex.EncodeToString(b) == text
}

// WriteZip writes a dossier as an archive: always the same bytes for the same entries, so that no bit of it can change unseen.
// Nothing in it is compressed, since how that is done changes between versions.
func WriteZip(w io.Writer, entries []Entry) error {
	z := zip.NewWriter(w)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.Name, Method: zip.Store, Flags: 0x800} // names are UTF-8
		sum := crc32.NewIEEE()
		err := e.copy(func() (io.Writer, error) { return sum, nil }, func(n int64) { h.UncompressedSize64 = uint64(n) })
		if err != nil {
			return err
		}
		h.CRC32, h.CompressedSize64 = sum.Sum32(), h.UncompressedSize64
		if err := e.copy(func() (io.Writer, error) { return z.CreateRaw(h) }, func(int64) {}); err != nil {
			return err
		}
	}
	return z.Close()
}

func (e Entry) copy(to func() (io.Writer, error), size func(int64)) (err error) {
	r, err := e.Open()
	if err != nil {
		return fmt.Errorf("open %s: %w", e.Name, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	w, err := to()
	if err != nil {
		return err
	}
	n, err := io.Copy(w, r)
	if err != nil {
		return fmt.Errorf("write %s: %w", e.Name, err)
	}
	size(n)
	return nil
}

// Verified is what a dossier came to.
type Verified struct {
	Checkpoint             Checkpoint
	Things, Files, Decided int
	Gone                   int // files that are named and were deleted by the rules, as a leaf says
	Faults                 []i18n.Msg
}

// Again decides again what a thing decided, by what the dossier has, and says how many decisions that were and what differs.
type Again func(p Proof, dossier fs.FS) (decided int, differs []i18n.Msg, err error)

// Verify holds a dossier against itself and against a public key that comes from elsewhere, without a database: the signature, each
// proof, each file by its hash, and each decision by deciding again. What is not part of it is a fault too.
func Verify(dossier fs.FS, kinds []*Kind, key string, again Again) (*Verified, error) {
	v, named, gone := &Verified{}, map[string]bool{CheckpointFile: true, ProofsFile: true, GuideFile: true}, map[string]bool{}
	msg, err := ReadSome(dossier, CheckpointFile, maxNote)
	if err != nil {
		return nil, errs.Invalid(i18n.M("audit.no_dossier", CheckpointFile))
	}
	if v.Checkpoint, err = OpenCheckpoint(msg, key); err != nil {
		return nil, err
	}
	if text, err := ReadSome(dossier, GuideFile, maxNote); err != nil || string(text) != guide {
		v.Faults = append(v.Faults, i18n.M("audit.file_changed", GuideFile))
	}
	if err := v.proofs(dossier, byName(kinds), named, gone, again); err != nil {
		return nil, err
	}
	return v, v.files(dossier, named, gone)
}

// proofs goes over the proofs, and notes what they name, and what they say was deleted.
func (v *Verified) proofs(dossier fs.FS, kinds map[string]*Kind, named, gone map[string]bool, again Again) (err error) {
	f, err := dossier.Open(ProofsFile)
	if err != nil {
		return errs.Invalid(i18n.M("audit.no_dossier", ProofsFile))
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxProof)
	before, last := int64(-1), map[int64]int64{} // of events, by case
	for n := 1; lines.Scan(); n++ {
		var p Proof
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			v.Faults = append(v.Faults, i18n.M("audit.bad_line", ProofsFile, n))
			continue
		}
		if same, err := p.Line(); err != nil || !bytes.Equal(bytes.TrimSuffix(same, []byte("\n")), lines.Bytes()) || p.N <= before {
			v.Faults = append(v.Faults, i18n.M("audit.bad_line", ProofsFile, n))
			continue
		}
		before = p.N
		v.Things++
		if err := p.Check(v.Checkpoint); err != nil {
			msg, _ := errs.Message(err)
			v.Faults = append(v.Faults, msg)
			continue
		}
		k := kinds[p.Kind]
		if k == nil {
			v.Faults = append(v.Faults, i18n.M("audit.fault_unknown", p.N, p.Kind, p.Ref))
			continue
		}
		v.inOrder(k, p, last)
		for _, h := range k.held(p.Thing) {
			named[path.Join(h.Dir, h.Hash)] = true
		}
		for _, h := range found(k.Gone, p.Thing) {
			gone[path.Join(h.Dir, h.Hash)] = true
		}
		decided, differs, err := again(p, dossier)
		if err != nil {
			return err
		}
		v.Decided, v.Faults = v.Decided+decided, append(v.Faults, differs...)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", ProofsFile, err)
	}
	return nil
}

// EachProof gives the proofs of a dossier as they stand in it: Verify says whether they hold. A line that is none is left out.
func EachProof(dossier fs.FS, do func(p Proof)) (err error) {
	f, err := dossier.Open(ProofsFile)
	if err != nil {
		return errs.Invalid(i18n.M("audit.no_dossier", ProofsFile))
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxProof)
	for lines.Scan() {
		var p Proof
		if json.Unmarshal(lines.Bytes(), &p) == nil {
			do(p)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", ProofsFile, err)
	}
	return nil
}

// inOrder says that a numbered thing follows on the one before it: none of a case was left out in between.
func (v *Verified) inOrder(k *Kind, p Proof, last map[int64]int64) {
	if k.Numbered == "" {
		return
	}
	var thing map[string]json.RawMessage
	var rows []struct {
		N  int64 `json:"n"`
		Of int64 `json:"case_id"`
	}
	if json.Unmarshal(p.Thing, &thing) != nil || json.Unmarshal(thing[k.Numbered], &rows) != nil || len(rows) != 1 {
		return
	}
	if rows[0].N != last[rows[0].Of]+1 {
		v.Faults = append(v.Faults, i18n.M("audit.left_out", p.Kind, last[rows[0].Of]+1, rows[0].N))
	}
	last[rows[0].Of] = rows[0].N
}

// files holds every file against its name, and wants each that is named, but for those that were deleted, and no other.
func (v *Verified) files(dossier fs.FS, named, gone map[string]bool) error {
	seen := map[string]bool{}
	err := fs.WalkDir(dossier, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if seen[name] = true; !named[name] {
			v.Faults = append(v.Faults, i18n.M("audit.file_foreign", name))
			return nil
		}
		if path.Dir(name) == "." {
			return nil
		}
		v.Files++
		sum, err := hashOf(dossier, name)
		if err == nil && sum != path.Base(name) {
			v.Faults = append(v.Faults, i18n.M("audit.file_changed", name))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read the dossier: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		switch {
		case seen[name]:
		case gone[name]:
			v.Gone++
		default:
			v.Faults = append(v.Faults, i18n.M("audit.file_gone", name))
		}
	}
	return nil
}

// ReadSome reads a file of a dossier that is no larger than so many bytes.
func ReadSome(dossier fs.FS, name string, most int64) (text []byte, err error) {
	f, err := dossier.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	text, err = io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s is larger than %d bytes", name, most)
	}
	return text, err
}

func hashOf(dossier fs.FS, name string) (_ string, err error) {
	f, err := dossier.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

// Whole says that an archive is, bit by bit, what WriteZip makes of its files.
func Whole(archive io.ReaderAt, size int64) (*zip.Reader, bool, error) {
	z, err := zip.NewReader(archive, size)
	if err != nil {
		return nil, false, errs.Invalid(i18n.M("audit.bad_archive", err.Error()))
	}
	var entries []Entry
	for _, f := range z.File {
		if f.Method != zip.Store || f.UncompressedSize64 > uint64(size) {
			return nil, false, errs.Invalid(i18n.M("audit.bad_archive", f.Name)) // what is compressed may be of any size
		}
		entries = append(entries, Entry{f.Name, f.Open})
	}
	want, got := sha256.New(), sha256.New()
	if err := WriteZip(want, entries); err != nil {
		return nil, false, errs.Invalid(i18n.M("audit.bad_archive", err.Error()))
	}
	if _, err := io.Copy(got, io.NewSectionReader(archive, 0, size)); err != nil {
		return nil, false, fmt.Errorf("read the archive: %w", err)
	}
	return z, bytes.Equal(want.Sum(nil), got.Sum(nil)), nil
}
