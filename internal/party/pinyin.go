package party

import (
	"strings"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
)

// soundArgs asks for all readings of a character, without tones.
var soundArgs = pinyin.Args{Style: pinyin.Normal, Heteronym: true}

// soundsOf is how a character of a folded name may be typed with Latin letters: each reading of a Chinese character
// (长: chang, zhang; ü both as v and as u), a letter or digit as itself, nothing for any other.
func soundsOf(r rune) []string {
	if r < utf8.RuneSelf {
		return []string{string(r)}
	}
	sounds := pinyin.SinglePinyin(r, soundArgs)
	for _, s := range sounds {
		if strings.ContainsRune(s, 'v') {
			sounds = append(sounds, strings.ReplaceAll(s, "v", "u"))
		}
	}
	return sounds
}

// longestSound is the letters of the longest reading: zhuang, chuang, shuang.
const longestSound = 6

// speller tells how far letters, as people type them, spell the characters of names.
type speller struct {
	sounds map[rune][]string
	begins map[string]bool // every beginning of a reading
}

func newSpeller() speller { return speller{sounds: map[rune][]string{}, begins: map[string]bool{}} }

// learn takes in a character of a name.
func (s speller) learn(r rune) {
	if _, known := s.sounds[r]; known {
		return
	}
	sounds := soundsOf(r)
	s.sounds[r] = sounds
	for _, sound := range sounds {
		for n := 1; n <= len(sound); n++ {
			s.begins[sound[:n]] = true
		}
	}
}

// initials calls yield with the first letters of the readings of a character.
func (s speller) initials(r rune, yield func(letter byte)) {
	for _, sound := range s.sounds[r] {
		yield(sound[0])
	}
}

// spelt is how many bytes of name the letters spell from its beginning on, each character by its whole reading or by any
// beginning of one: "dfjx", "dafengjixie" and "dafengjx" all spell 大丰机械. ok is false when they do not.
func (s speller) spelt(name, letters string) (size int, ok bool) {
	if letters == "" {
		return 0, true
	}
	r, width := utf8.DecodeRuneInString(name)
	if width == 0 {
		return 0, false
	}
	for _, sound := range s.sounds[r] {
		for n := common(sound, letters); n > 0; n-- { // the longest first: "xian" is 先 before 西安
			if rest, ok := s.spelt(name[width:], letters[n:]); ok {
				return width + rest, true
			}
		}
	}
	return 0, false
}

// common is how many letters two words begin with alike.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// isSpelling says that a folded text can be meant as pinyin.
func isSpelling(fold string) bool {
	return len(fold) >= 2 && len(fold) <= maxSpelling && strings.Trim(fold, "abcdefghijklmnopqrstuvwxyz") == ""
}

// maxSpelling is the letters of pinyin that are looked at: no name is longer, and the ways to part them stay few.
const maxSpelling = 48
