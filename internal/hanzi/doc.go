// Package hanzi knows of Chinese characters what a search must: the simplified form of a traditional one, and the pinyin
// that stands in brackets behind the characters that it spells.
//
// It promises that no text is changed by it for good: Simplified is for keys by which words are found and compared, and
// Unannotated says whether it took anything out, so that the reader can be told. It leaves to others what is a name, a
// word or a place.
package hanzi
