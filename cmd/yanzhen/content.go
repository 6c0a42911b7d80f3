package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// contentCheckCommand reads the content that ships, or what a deployer laid over it, and tells every mistake.
func contentCheckCommand(*flag.FlagSet, i18n.T) func(context.Context, *console, []string) error {
	return func(_ context.Context, c *console, args []string) error {
		if len(args) > 1 {
			return errUsage
		}
		over := ""
		if len(args) == 1 {
			over = args[0]
		}
		files, err := contentFiles(over)
		if err != nil {
			return err
		}
		if problems := content.Check(files); len(problems) > 0 {
			return content.Problems(problems)
		}
		lib, err := content.Load(files)
		if err != nil {
			return err
		}
		fmt.Fprintln(c.out, c.t.S("cmd.content_good", len(lib.FactDefs())))
		return nil
	}
}

// contentFiles is the content that ships, under the deployer's directory where one is named.
func contentFiles(over string) (fs.FS, error) {
	if over == "" {
		return contentdata.FS, nil
	}
	info, err := os.Stat(over)
	if err != nil || !info.IsDir() {
		return nil, errs.Invalid(i18n.M("cmd.no_such_directory", over))
	}
	return content.Overlay(contentdata.FS, os.DirFS(over)), nil
}
