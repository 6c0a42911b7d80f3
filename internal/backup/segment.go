package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/yanzhen/yanzhen/internal/store"
)

// A journal is a directory of segments, files numbered from 1 without gaps. A segment is a header and records. Each record
// ends with the SHA-256 of the digest before it and its own bytes; the header holds the last digest of the segment before,
// and its own is where its records begin from. So no segment and no record can be changed, left out or put elsewhere unseen,
// unless it is the end that is missing.
//
// Numbers are little-endian. A record is a byte that says what it is, its moment in milliseconds, a head, the CRC-32 of all
// that (so that one that was being written when the machine stopped is told from one that is damaged), and a body:
//
//	'C'  a commit: number of pages, size of the database afterwards in pages, position in SQLite's log; each page with
//	     its number before it
//	'F'  a file that was brought in: length of its path, size, SHA-256; its path
//
// A segment that is written to no more is packed: the same bytes, as one frame of Zstandard, in a file of the same name and
// packedSuffix. What its digests say is of the bytes before that.
const (
	segmentMagic  = "yzjrnl1\n"
	segmentSuffix = ".journal"
	packedSuffix  = ".zst"
	packedWindow  = 8 << 20 // bytes that a reader of a packed one keeps in memory, at most
	chainMax      = 40      // bytes of a name
	pathMax       = 300
	pageMax       = 64 << 10

	recordCommit = 'C'
	recordFile   = 'F'
)

// segmentHeader is what a segment says of itself.
type segmentHeader struct {
	Magic  [len(segmentMagic)]byte
	Chain  [chainMax]byte
	Number uint32
	Page   uint32 // size of one
	At     int64  // of the last record before it
	Begin  store.Position
	Before [sha256.Size]byte
}

// commitHeader is what stands before the pages of a commit.
type commitHeader struct {
	Pages, Size uint32
	End         store.Position
}

// fileHeader is what stands before the path of a file.
type fileHeader struct {
	Path   uint16
	Size   int64
	SHA256 [sha256.Size]byte
}

// tail is where a journal ends.
type tail struct {
	Chain   string
	Segment int
	Page    int
	Begin   int64 // when the segment was begun
	At      int64
	End     store.Position
	Digest  [sha256.Size]byte
	Bytes   int64 // of the segment that are whole
	Records int   // in the segment
}

func segmentPath(dir, chain string, n int) string {
	return filepath.Join(dir, chain, fmt.Sprintf("%08d%s", n, segmentSuffix))
}

// segmentsOf are the numbers of the segments of a chain, in order.
func segmentsOf(dir, chain string) ([]int, error) {
	held, err := os.ReadDir(filepath.Join(dir, chain))
	if err != nil {
		return nil, err
	}
	var all []int
	for _, e := range held {
		if name, ok := strings.CutSuffix(strings.TrimSuffix(e.Name(), packedSuffix), segmentSuffix); ok {
			if n, err := strconv.Atoi(name); err == nil {
				all = append(all, n)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil // one that is just being packed is there twice
}

// openSegment opens a segment, packed or not. While one is being packed, at least one of the two is there at any moment.
func openSegment(path string) (r io.ReadCloser, packed bool, err error) {
	f, err := os.Open(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, false, err
	}
	r, err = openPacked(path + packedSuffix)
	return r, true, err
}

func openPacked(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	in, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(packedWindow))
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return unpacking{in, f}, nil
}

// unpacking reads a packed segment.
type unpacking struct {
	*zstd.Decoder
	f *os.File
}

func (u unpacking) Close() error {
	u.Decoder.Close()
	return u.f.Close()
}

// packSegment packs a segment that is written to no more. What was packed is read back before the other is taken away.
func packSegment(ctx context.Context, path string) error {
	packed := path + packedSuffix
	temp := packed + partial
	want, err := deflate(ctx, path, temp)
	if err != nil {
		return errors.Join(err, removeIfThere(temp))
	}
	if err := os.Rename(temp, packed); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return err
	}
	got, err := inflated(packed)
	if err == nil && got != want {
		err = fmt.Errorf("%s: %w when it was packed", path, errDamaged)
	}
	if err != nil {
		return errors.Join(err, os.Remove(packed))
	}
	return os.Remove(path)
}

// deflate writes a file anew, packed, and gives the digest of what it holds.
func deflate(ctx context.Context, path, to string) (sum [sha256.Size]byte, err error) {
	src, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer src.Close() //nolint:errcheck // was only read
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	out, err := zstd.NewWriter(dst, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(packedWindow))
	if err != nil {
		return sum, err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, h), whileAsked{ctx, src})
	h.Sum(sum[:0])
	return sum, errors.Join(err, out.Close(), dst.Sync())
}

// whileAsked reads until nobody asks any more.
type whileAsked struct {
	ctx context.Context
	r   io.Reader
}

func (w whileAsked) Read(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.r.Read(b)
}

// inflated is the digest of what a packed file holds.
func inflated(packed string) (sum [sha256.Size]byte, err error) {
	r, err := openPacked(packed)
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	h := sha256.New()
	_, err = io.Copy(h, r)
	h.Sum(sum[:0])
	return sum, err
}

// removeSegment takes a segment away, packed or not, and what a packing that was interrupted has left.
func removeSegment(path string) error {
	return errors.Join(removeIfThere(path), removeIfThere(path+packedSuffix), removeIfThere(path+packedSuffix+partial))
}

// recorder writes records to a segment.
type recorder struct {
	tail
	f   *os.File
	w   *bufio.Writer
	sum hash.Hash
	out io.Writer // both
	bad bool      // a record was begun and not ended
}

// beginSegment makes the segment after t, whose own file is not touched.
func beginSegment(dir string, t tail) (*recorder, error) {
	h := segmentHeader{Number: uint32(t.Segment + 1), Page: uint32(t.Page), At: t.At, Begin: t.End, Before: t.Digest}
	copy(h.Magic[:], segmentMagic)
	copy(h.Chain[:], t.Chain)
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, h); err != nil {
		return nil, err
	}
	path := segmentPath(dir, t.Chain, t.Segment+1)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(b.Bytes())
	if err := errors.Join(err, f.Sync(), syncDir(filepath.Dir(path))); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	t.Segment++
	t.Begin, t.Digest, t.Bytes, t.Records = t.At, sha256.Sum256(b.Bytes()), int64(b.Len()), 0
	return newRecorder(f, t), nil
}

// goOn opens the segment in which a journal ends to write more, and cuts off what is not whole.
func goOn(dir string, t tail) (*recorder, error) {
	f, err := os.OpenFile(segmentPath(dir, t.Chain, t.Segment), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	r := newRecorder(f, t)
	r.bad = true
	if err := r.mend(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

func newRecorder(f *os.File, t tail) *recorder {
	r := &recorder{tail: t, f: f, w: bufio.NewWriterSize(f, 1<<18), sum: sha256.New()}
	r.out = io.MultiWriter(r.w, r.sum)
	return r
}

// mend takes back a record that was not ended.
func (r *recorder) mend() error {
	if !r.bad {
		return nil
	}
	r.w.Reset(r.f)
	if err := r.f.Truncate(r.Bytes); err != nil {
		return err
	}
	if _, err := r.f.Seek(r.Bytes, io.SeekStart); err != nil {
		return err
	}
	r.bad = false
	return nil
}

// record writes one record, whole or not at all. body gives how many bytes it has written.
func (r *recorder) record(kind byte, at int64, head any, body func(w io.Writer) (int64, error)) error {
	if err := r.mend(); err != nil {
		return err
	}
	at = max(at, r.At)
	b := bytes.NewBuffer(binary.LittleEndian.AppendUint64([]byte{kind}, uint64(at)))
	if err := binary.Write(b, binary.LittleEndian, head); err != nil {
		return err
	}
	b.Write(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(b.Bytes())))
	r.bad = true
	r.sum.Reset()
	r.sum.Write(r.Digest[:])
	if _, err := r.out.Write(b.Bytes()); err != nil {
		return err
	}
	n, err := body(r.out)
	if err != nil {
		return err
	}
	var digest [sha256.Size]byte
	r.sum.Sum(digest[:0])
	if _, err := r.w.Write(digest[:]); err != nil {
		return err
	}
	if err := r.w.Flush(); err != nil {
		return err
	}
	r.bad = false
	r.At, r.Digest = at, digest
	r.Bytes += int64(b.Len()) + n + sha256.Size
	r.Records++
	return nil
}

func (r *recorder) commit(c store.Change) error {
	err := r.record(recordCommit, c.At, commitHeader{Pages: c.Pages, Size: c.Size, End: c.End}, func(w io.Writer) (int64, error) {
		var number [4]byte
		err := c.EachPage(func(page uint32, data []byte) error {
			binary.LittleEndian.PutUint32(number[:], page)
			if _, err := w.Write(number[:]); err != nil {
				return err
			}
			_, err := w.Write(data)
			return err
		})
		return int64(c.Pages) * int64(len(number)+r.Page), err
	})
	if err == nil {
		r.End = c.End
	}
	return err
}

// file tells of a file, at the moment of what was told last: what speaks of it comes after.
func (r *recorder) file(f File) error {
	h := fileHeader{Path: uint16(len(f.Path)), Size: f.Size}
	if n, err := hex.Decode(h.SHA256[:], []byte(f.SHA256)); err != nil || n != len(h.SHA256) || len(f.Path) > pathMax {
		return fmt.Errorf("%s: %s is no digest, or the path is too long", f.Path, f.SHA256)
	}
	return r.record(recordFile, r.At, h, func(w io.Writer) (int64, error) {
		n, err := io.WriteString(w, f.Path)
		return int64(n), err
	})
}

// errDamaged says that a segment is not what was written; errCut that it ends within a record, as one does that was being
// written when the machine stopped; errUnreadable that what is there cannot be read.
var (
	errDamaged    = errors.New("damaged")
	errCut        = errors.New("cut off")
	errUnreadable = errors.New("cannot be read")
)

// visit is what a reader of a segment is given. Pages and files come before it is known that their record is whole: where the
// reading fails, what was made of them is thrown away.
type visit struct {
	page   func(number uint32, data []byte) error
	commit func(at int64, size uint32) error // after its pages
	file   func(at int64, f File) error
	until  int64 // records after this moment are left; 0 for none
	most   int   // records of a segment; 0 for all
	stop   bool  // set where one was left
}

// readSegment reads a segment. before is the end of the one before it, nil where that is not known. It gives the end of what
// is whole, also with errDamaged and errCut.
func readSegment(path string, before *tail, v *visit) (t tail, err error) {
	f, packed, err := openSegment(path)
	if err != nil {
		return t, err
	}
	defer func() {
		var disk *fs.PathError
		if packed && err != nil && !errors.As(err, &disk) && (errors.Is(err, errCut) || errors.Is(err, errUnreadable)) {
			err = fmt.Errorf("%w: %v", errDamaged, err) //nolint:errorlint // nobody was writing it: it is not merely cut off
		}
		err = errors.Join(err, f.Close())
	}()
	in := bufio.NewReaderSize(f, 1<<20)
	var h segmentHeader
	raw := make([]byte, binary.Size(h))
	if _, err := io.ReadFull(in, raw); err != nil {
		return t, fmt.Errorf("%w: no header", short(err))
	}
	if _, err := binary.Decode(raw, binary.LittleEndian, &h); err != nil {
		return t, err
	}
	t = tail{
		Chain: string(bytes.TrimRight(h.Chain[:], "\x00")), Segment: int(h.Number), Page: int(h.Page), Begin: h.At, At: h.At, End: h.Begin,
		Digest: sha256.Sum256(raw), Bytes: int64(len(raw)),
	}
	switch {
	case string(h.Magic[:]) != segmentMagic || h.Page < 512 || h.Page > pageMax:
		return t, fmt.Errorf("%w: no journal", errDamaged)
	case filepath.Base(filepath.Dir(path)) != t.Chain || filepath.Base(path) != filepath.Base(segmentPath("", t.Chain, t.Segment)):
		return t, fmt.Errorf("%w: it belongs elsewhere", errDamaged)
	case before != nil && (before.Digest != h.Before || before.Chain != t.Chain || before.Segment+1 != t.Segment):
		return t, fmt.Errorf("%w: it does not follow the one before", errDamaged)
	}
	for {
		err := readRecord(in, &t, v)
		switch {
		case errors.Is(err, io.EOF), v.stop, v.most > 0 && t.Records == v.most && err == nil:
			return t, nil
		case err != nil:
			return t, err
		}
	}
}

// short says why something was not read whole: it ends there, or it cannot be read.
func short(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errCut
	}
	return fmt.Errorf("%w: %w", errUnreadable, err)
}

// readRecord reads one record; io.EOF where there is none.
func readRecord(in *bufio.Reader, t *tail, v *visit) error {
	head := make([]byte, 1+8, 64)
	switch n, err := io.ReadFull(in, head); {
	case n == 0 && err == io.EOF: //nolint:errorlint // as io.ReadFull gives it; a packed one that is cut off ends otherwise
		return io.EOF
	case err != nil:
		return short(err)
	}
	var (
		commit commitHeader
		file   fileHeader
		into   any
	)
	switch head[0] {
	case recordCommit:
		into = &commit
	case recordFile:
		into = &file
	default:
		return errDamaged
	}
	fixed := len(head)
	head = append(head, make([]byte, binary.Size(into)+4)...)
	if _, err := io.ReadFull(in, head[fixed:]); err != nil {
		return short(err)
	}
	rest := head[:len(head)-4]
	if crc32.ChecksumIEEE(rest) != binary.LittleEndian.Uint32(head[len(rest):]) {
		return errDamaged
	}
	if _, err := binary.Decode(rest[fixed:], binary.LittleEndian, into); err != nil {
		return err
	}
	at := int64(binary.LittleEndian.Uint64(head[1:]))
	if at < t.At {
		return errDamaged
	}
	if v.until > 0 && at > v.until {
		v.stop = true
		return nil
	}
	sum := sha256.New()
	sum.Write(t.Digest[:])
	sum.Write(head)
	r := io.TeeReader(in, sum)
	end, n := t.End, int64(0)
	var err error
	if head[0] == recordCommit {
		end = commit.End
		n, err = readCommit(r, t.Page, at, commit, v)
	} else {
		n, err = readFile(r, at, file, v)
	}
	if err != nil {
		return err
	}
	var digest, want [sha256.Size]byte
	sum.Sum(want[:0])
	if _, err := io.ReadFull(in, digest[:]); err != nil {
		return short(err)
	}
	if digest != want {
		return errDamaged
	}
	t.At, t.End, t.Digest, t.Bytes = at, end, digest, t.Bytes+int64(len(head))+n+sha256.Size
	t.Records++
	return nil
}

// readCommit reads the pages of a commit, and gives them on before their digest is looked at.
func readCommit(r io.Reader, size int, at int64, h commitHeader, v *visit) (n int64, err error) {
	b := make([]byte, 4+size)
	for range h.Pages {
		if _, err := io.ReadFull(r, b); err != nil {
			return 0, short(err)
		}
		if v.page == nil {
			continue
		}
		if err := v.page(binary.LittleEndian.Uint32(b), b[4:]); err != nil {
			return 0, err
		}
	}
	if v.commit != nil {
		err = v.commit(at, h.Size)
	}
	return int64(h.Pages) * int64(len(b)), err
}

func readFile(r io.Reader, at int64, h fileHeader, v *visit) (n int64, err error) {
	if h.Path == 0 || h.Path > pathMax {
		return 0, errDamaged
	}
	path := make([]byte, h.Path)
	if _, err := io.ReadFull(r, path); err != nil {
		return 0, short(err)
	}
	f := File{Path: string(path), Size: h.Size, SHA256: hex.EncodeToString(h.SHA256[:])}
	if !inFiles(f.Path) || f.Size < 0 {
		return 0, errDamaged
	}
	if v.file != nil {
		err = v.file(at, f)
	}
	return int64(len(path)), err
}

// inFiles says that a path is one of the files that were brought in, and leads nowhere else.
func inFiles(path string) bool {
	return strings.HasPrefix(path, files+"/") && filepath.IsLocal(filepath.FromSlash(path)) && filepath.ToSlash(filepath.Clean(filepath.FromSlash(path))) == path
}
