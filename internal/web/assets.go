package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"

	webassets "github.com/yanzhen/yanzhen/third_party/web"
)

//go:embed static
var static embed.FS

// assets serves the files of two trees, ours and other projects', below addresses that carry a hash of the tree: a
// browser may keep them for ever, and a new version is a new address.
type assets struct {
	app, vendor string // the first bytes of each tree's hash
	files       map[string]assetFile
}

type assetFile struct {
	kind    string
	body    []byte
	gzipped []byte // nil where compressing does not help
}

// loadAssets reads what the program carries, which is the same for every server: once.
var loadAssets = sync.OnceValues(func() (*assets, error) {
	a := &assets{files: map[string]assetFile{}}
	app, err := fs.Sub(static, "static")
	if err != nil {
		return nil, err
	}
	if a.app, err = a.load("a", app); err != nil {
		return nil, err
	}
	a.vendor, err = a.load("v", webassets.FS)
	return a, err
})

// load reads a tree and returns its address prefix.
func (a *assets) load(letter string, tree fs.FS) (string, error) {
	sum := sha256.New()
	found := map[string]assetFile{}
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(body))
		sum.Write(body)
		f := assetFile{kind: contentType(name), body: body}
		if strings.HasPrefix(f.kind, "text/") {
			if f.gzipped, err = compress(body); err != nil {
				return fmt.Errorf("compress %s: %w", name, err)
			}
		}
		found[name] = f
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("load assets: %w", err)
	}
	prefix := letter + hex.EncodeToString(sum.Sum(nil)[:6])
	for name, f := range found {
		a.files[prefix+"/"+name] = f
	}
	return prefix, nil
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	case "":
		return "text/plain; charset=utf-8" // licences
	}
	return mime.TypeByExtension(path.Ext(name))
}

func compress(body []byte) ([]byte, error) {
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// App is the address of one of our own files.
func (a *assets) App(name string) string { return "/static/" + a.app + "/" + name }

// Vendor is the address of another project's file.
func (a *assets) Vendor(name string) string { return "/static/" + a.vendor + "/" + name }

func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[strings.TrimPrefix(r.URL.Path, "/static/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	body := f.body
	if f.gzipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = f.gzipped
		}
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}
