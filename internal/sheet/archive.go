package sheet

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Archive is a .zip of files, as a city gets the sheets of its counties.
type Archive struct {
	Files []PackedFile
	file  *os.File
	name  string
}

// PackedFile is one file of an archive. It is what it is only once it has been opened.
type PackedFile struct {
	Name string // with its folders, slashes between them
	zip  *zip.File
}

// OpenArchive opens a .zip that is not itself a workbook; ok is false for any other file. Names are decoded from GBK
// where the archive does not say that they are UTF-8. What an operating system leaves in archives is left out. One that is
// damaged, has a password or breaks a limit is refused (Invalid).
func OpenArchive(path, name string, lim Limits) (a *Archive, ok bool, err error) {
	if name == "" {
		name = filepath.Base(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer func() {
		if a == nil {
			_ = f.Close()
		}
	}()
	var magic [4]byte
	if _, err := f.ReadAt(magic[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	st, err := f.Stat()
	if err != nil || string(magic[:]) != "PK\x03\x04" {
		return nil, false, err
	}
	lim = lim.orDefault()
	c, err := openContainer(f, name, st.Size(), lim)
	if err != nil || !c.holdsFiles() {
		return nil, false, err
	}
	all := &Archive{file: f, name: name}
	for _, p := range c.order {
		if n := packedName(p); !strings.HasSuffix(n, "/") && !isLeftover(n) {
			all.Files = append(all.Files, PackedFile{Name: n, zip: p})
		}
	}
	switch {
	case len(all.Files) == 0:
		return nil, true, refuseFile(name, "sheet.refuse.empty_zip")
	case len(all.Files) > lim.Files:
		return nil, true, refuseFile(name, "sheet.refuse.files", len(all.Files), lim.Files)
	}
	return all, true, nil
}

// holdsFiles tells an archive of files from a document that is packed the same way.
func (c *container) holdsFiles() bool {
	for _, part := range []string{"[Content_Types].xml", "mimetype", "content.xml", "OFD.xml"} {
		if c.has(part) {
			return false
		}
	}
	return true
}

// Open unpacks a file. Its size was declared within the limits, and no more is unpacked.
func (a *Archive) Open(f PackedFile) (io.ReadCloser, error) {
	r, err := f.zip.Open()
	if err != nil {
		return nil, refuseFile(a.name+"/"+f.Name, "sheet.refuse.damaged")
	}
	return &packedReader{r, a.name + "/" + f.Name}, nil
}

// Close lets go of the archive.
func (a *Archive) Close() error { return a.file.Close() }

// packedReader turns an error of the packing into a message.
type packedReader struct {
	io.ReadCloser
	name string
}

func (r *packedReader) Read(b []byte) (int, error) {
	n, err := r.ReadCloser.Read(b)
	if isPackingError(err) {
		err = refuseFile(r.name, "sheet.refuse.damaged")
	}
	return n, err
}

// packedName is a file's name. Archives made on Windows in China have it in GBK, or twice: a second time in UTF-8 in a
// field of its own.
func packedName(f *zip.File) string {
	name := f.Name
	if unicodeName, ok := unicodePath(f); ok {
		name = unicodeName
	} else if f.NonUTF8 && (!utf8.ValidString(name) || strings.ContainsFunc(name, isTwoBytes)) {
		if decoded, err := simplifiedchinese.GB18030.NewDecoder().String(name); err == nil {
			name = decoded
		}
	}
	name = strings.ToValidUTF8(strings.ReplaceAll(name, `\`, "/"), "\uFFFD")
	dir := strings.HasSuffix(name, "/")
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	if dir {
		name += "/"
	}
	return name
}

// isTwoBytes says that a character takes two bytes of UTF-8, as none of Chinese does: 通知 in GBK happens to be two such.
func isTwoBytes(r rune) bool { return r >= utf8.RuneSelf && r < 0x800 }

// unicodePath is the name in the field that Info-ZIP and its like write beside one in a code page: a version, the
// checksum of the other name, and the name.
func unicodePath(f *zip.File) (string, bool) {
	const field = 0x7075
	for extra := f.Extra; len(extra) >= 4; {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; size > len(extra) {
			break
		}
		if b := extra[:size]; id == field && size > 5 && b[0] == 1 && binary.LittleEndian.Uint32(b[1:]) == crc32.ChecksumIEEE([]byte(f.Name)) && utf8.Valid(b[5:]) {
			return string(b[5:]), true
		}
		extra = extra[size:]
	}
	return "", false
}

// isLeftover knows what macOS, Windows and Office leave beside the files that somebody meant to send.
func isLeftover(name string) bool {
	base := path.Base(name)
	switch strings.ToLower(base) {
	case "thumbs.db", "desktop.ini":
		return true
	}
	return strings.HasPrefix(base, ".") || strings.HasPrefix(base, "~$") || strings.HasPrefix(base, ".~") || strings.HasPrefix(name, "__MACOSX/")
}

// isPackingError says that a part cannot be unpacked as its container says.
func isPackingError(err error) bool {
	return errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrAlgorithm) ||
		errors.Is(err, io.ErrUnexpectedEOF) || err != nil && strings.HasPrefix(err.Error(), "flate:")
}
