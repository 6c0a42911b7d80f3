// Package fonts holds the typefaces of other projects that documents are printed with, each with its licence. README.md
// names versions and origins.
package fonts

import "embed"

// FS holds noto-sans-sc/: Regular.ttf.zst and Bold.ttf.zst, TrueType packed with Zstandard.
//
//go:embed noto-sans-sc
var FS embed.FS
