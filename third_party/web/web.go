// Package webassets holds the browser's libraries, fonts and styles of other projects, each with its licence, so that
// a page is complete without a request that leaves the server. README.md names versions and origins.
package webassets

import "embed"

// FS holds htmx/, tabler/, noto-sans-sc/ and echarts/.
//
//go:embed htmx tabler noto-sans-sc echarts
var FS embed.FS
