// Package contentdata carries the programme as data: fact definitions, areas, industries, code lists, authorities,
// indicators, targets and policies, with a JSON Schema beside each form. It holds no logic; package content reads it.
package contentdata

import "embed"

// FS is the content that ships with the binary. A deployer's directory may lie over it file by file (content.Overlay).
//
//go:embed *
var FS embed.FS
