package party

import (
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/hanzi"
)

// legalForms is the endings that say in which form a firm is set up. Long ones come first.
var legalForms = []string{
	"股份有限责任公司", "股份有限公司", "有限责任公司", "合伙企业有限合伙", "合伙企业普通合伙", "有限合伙", "普通合伙",
	"个人独资企业", "有限公司", "合伙企业", "总公司", "分公司", "公司", "coltd", "companylimited", "ltd", "inc", "corporation", "corp", "llc",
}

// FoldName is the form of a name in which it is searched: content.Fold, so that brackets, spaces, width and case make no
// difference ("（中国）" and "(中国)").
func FoldName(name string) string { return content.Fold(name) }

// NameKey is FoldName in simplified characters and without the legal form: equal keys make two names alike, not the same.
// 分公司 has a code of its own, so the key is for finding candidates that a person confirms. A name that is nothing but a
// form keeps it.
func NameKey(name string) string { return stripForm(simpleName(name)) }

// simpleName is FoldName in simplified characters: for search, and for what is alike.
func simpleName(name string) string { return hanzi.Simplified(FoldName(name)) }

func stripForm(folded string) string {
	for _, form := range legalForms {
		if rest, ok := strings.CutSuffix(folded, form); ok && rest != "" {
			return rest
		}
	}
	return folded
}
