package intake

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Receipt is what became of one file that was sent.
type Receipt struct {
	Name  string // of the file; of one in an archive "archive.zip/folder/file.xlsx"
	Batch Batch
	Err   error // why it was refused (Invalid); nil when it was taken
}

// ReceiveAll is Receive for a file that may be an archive (.zip) of files, as a city gets them from its counties. Each file
// in it becomes a batch of its own, called by its path, which may say what area it is of (see SheetPlan.Area). One that is
// refused does not keep the others out. An error is what kept the upload as a whole from being taken; the receipts beside
// it stand.
func (s *Service) ReceiveAll(ctx context.Context, scope access.Scope, u Upload) ([]Receipt, error) {
	if err := s.checkUpload(scope, &u); err != nil {
		return nil, err
	}
	sha, size, err := s.keep(ctx, u.Body, u)
	if err != nil {
		return nil, fmt.Errorf("receive %q: %w", u.Name, err)
	}
	files, isArchive, err := s.openArchive(sha, u.Name)
	if err == nil && !isArchive {
		b, err := s.receive(ctx, scope, u, sha, size)
		return receipts(nil, u.Name, b, err)
	}
	var all []Receipt
	if err == nil {
		all, err = s.receiveFiles(ctx, scope, u, files)
		err = errors.Join(err, files.Close())
	}
	return all, errors.Join(err, s.forget(context.WithoutCancel(ctx), sha)) // its files are kept, each by itself
}

// receipts adds what became of a file. That it is refused is no error of the upload.
func receipts(all []Receipt, name string, b Batch, err error) ([]Receipt, error) {
	if err != nil && errs.KindOf(err) != errs.KindInvalid {
		return all, err
	}
	return append(all, Receipt{Name: name, Batch: b, Err: err}), nil
}

func (s *Service) openArchive(sha, name string) (*sheet.Archive, bool, error) {
	f, err := s.deps.Blobs.Get(sha)
	if err != nil {
		return nil, false, fmt.Errorf("open archive %q: %w", name, err)
	}
	defer f.Close()
	return sheet.OpenArchive(f.Name(), name, s.deps.Limits)
}

func (s *Service) receiveFiles(ctx context.Context, scope access.Scope, u Upload, files *sheet.Archive) ([]Receipt, error) {
	var all []Receipt
	for _, f := range files.Files {
		if err := ctx.Err(); err != nil {
			return all, err
		}
		one := u
		one.Name = packedFileName(u.Name, f.Name)
		b, err := s.receivePacked(ctx, scope, one, files, f)
		if all, err = receipts(all, one.Name, b, err); err != nil {
			return all, err
		}
	}
	return all, nil
}

func (s *Service) receivePacked(ctx context.Context, scope access.Scope, u Upload, files *sheet.Archive, f sheet.PackedFile) (Batch, error) {
	body, err := files.Open(f)
	if err != nil {
		return Batch{}, err
	}
	sha, size, err := s.keep(ctx, body, u)
	if err = errors.Join(err, body.Close()); err != nil {
		return Batch{}, fmt.Errorf("receive %q: %w", u.Name, err)
	}
	return s.receive(ctx, scope, u, sha, size)
}

// packedFileName is what a file of an archive is called: the end of its path where all of it is too long.
func packedFileName(archive, name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, archive+"/"+name)
	if len(name) <= maxField {
		return name
	}
	return "…" + strings.ToValidUTF8(name[len(name)-maxField+len("…"):], "")
}
