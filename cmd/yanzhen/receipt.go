package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	versions "github.com/yanzhen/yanzhen/internal/policy/version"
)

// verifyReceipt decides again what a receipt decided, without a database, and says that it is equal or what differs. The
// package is looked for in the places that are named, archives or directories, and among those that ship.
func (c *console) verifyReceipt(name, over string, places []string) error {
	lib, err := loadLibrary(over)
	if err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return errs.Invalid(i18n.M("cmd.no_such_file", name))
	}
	defer f.Close()
	r, err := versions.ReadReceipt(f)
	if err != nil {
		return err
	}
	p, err := packageWith(r.Policy.Package, places)
	if err != nil {
		return err
	}
	differ, err := r.Verify(lib, p)
	if err != nil {
		return err
	}
	if len(differ) == 0 {
		fmt.Fprintln(c.out, c.t.S("cmd.receipt_equal", r.Policy.Number, r.AsOf.String(), r.Sum))
		return nil
	}
	return c.tellDeviations(differ)
}

// verifyRegion decides again all that the receipt of a region decided.
func (c *console) verifyRegion(ctx context.Context, name, over string, places []string) error {
	lib, err := loadLibrary(over)
	if err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return errs.Invalid(i18n.M("cmd.no_such_file", name))
	}
	defer f.Close()
	r, err := versions.VerifyRegion(ctx, lib, f, func(hash string) (versions.Package, error) { return packageWith(hash, places) })
	if err != nil {
		return err
	}
	if len(r.Deviations) > 0 {
		return c.tellDeviations(r.Deviations)
	}
	fmt.Fprintln(c.out, c.t.S("cmd.region_receipt_equal", r.Policy.Number, r.AsOf.String(), r.Sum.Enterprises, r.Sum.Total.String(), r.Sum.Sum))
	return nil
}

func (c *console) tellDeviations(differ []versions.Deviation) error {
	for _, d := range differ {
		fmt.Fprintln(c.out, c.t.S("cmd.receipt_differs", d.Path, d.Was, d.Now))
	}
	return errs.Invalid(i18n.M("cmd.receipt_not_equal", len(differ)))
}

// packageWith finds the package with a hash: in archives and directories, else among those that ship.
func packageWith(hash string, places []string) (versions.Package, error) {
	for _, place := range places {
		all, err := packagesAt(place)
		if err != nil {
			return versions.Package{}, err
		}
		for _, p := range all {
			if p.Hash() == hash {
				return p, nil
			}
		}
	}
	all, err := packagesIn(contentdata.FS)
	if err != nil {
		return versions.Package{}, err
	}
	for _, p := range all {
		if p.Hash() == hash {
			return p, nil
		}
	}
	return versions.Package{}, errs.Invalid(i18n.M("cmd.no_package", hash))
}

func packagesAt(place string) ([]versions.Package, error) {
	info, err := os.Stat(place)
	if err != nil {
		return nil, errs.Invalid(i18n.M("cmd.no_such_file", place))
	}
	if info.IsDir() {
		return packagesIn(os.DirFS(place))
	}
	f, err := os.Open(place)
	if err != nil {
		return nil, errs.Invalid(i18n.M("cmd.no_such_file", place))
	}
	defer f.Close()
	p, err := versions.Read(f)
	return []versions.Package{p}, err
}

// packagesIn is every policy in and below a directory.
func packagesIn(files fs.FS) ([]versions.Package, error) {
	var all []versions.Package
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != versions.PolicyFile {
			return err
		}
		dir, err := fs.Sub(files, path.Dir(name))
		if err != nil {
			return err
		}
		p, err := versions.FromFS(dir)
		all = append(all, p)
		return err
	})
	return all, err
}
