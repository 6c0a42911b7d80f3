package content_test

import (
	"testing"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

func TestShippedContent(t *testing.T) {
	for _, p := range content.Check(contentdata.FS) {
		t.Error(p.In(i18n.ZH))
	}
}
