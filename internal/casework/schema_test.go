package casework

import (
	"testing"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content/contenttest"
)

func TestSchema(t *testing.T) {
	contenttest.Schema(t, contentdata.FS, "schema/workflow.schema.json", &File{})
}
