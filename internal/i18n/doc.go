// Package i18n holds what people read, in Chinese and English: message keys with arguments, the catalogues that
// turn them into text, and Text, a pair for names that content declares in both languages.
//
// Catalogues are catalogue/<area>.json: {"key": {"zh": "…", "en": "…"}}; arguments are {0}, {1} … in the text.
// A key begins with the package that sends it.
//
// It promises that every key has both languages and that the two use the same arguments, which a test checks, and that a
// message survives being stored as JSON. It leaves to others: which language a reader has chosen, and every format
// beyond the grouping of digits.
package i18n
