package demo

import (
	"embed"
	"io/fs"
)

//go:embed content
var invented embed.FS

// Content is what lies over the content of a demonstration: a plan that no real document gives.
func Content() fs.FS {
	sub, err := fs.Sub(invented, "content")
	if err != nil {
		panic(err) // of a directory that is embedded
	}
	return sub
}
