package casework

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

var update = flag.Bool("update", false, "rewrite the drawings in testdata")

// The drawing is well formed, names every state and action in the language asked for, and nothing covers anything.
func TestDrawing(t *testing.T) {
	lib, err := library()
	must(t, err)
	effects := NewRegistry()
	trialEffects(effects)
	d := Deps{Library: lib, Effects: effects, Forms: claimForm{}}
	for _, file := range []string{"apply", "batch", "item"} {
		w := mustParse(t, d, file)
		for _, lang := range []i18n.Lang{i18n.ZH, i18n.EN} {
			svg := w.Drawing(i18n.T{Lang: lang})
			golden := filepath.Join("testdata", "drawing", file+"."+string(lang)+".svg")
			if *update {
				must(t, os.WriteFile(golden, svg, 0o600))
			}
			want, err := os.ReadFile(golden)
			must(t, err)
			if string(want) != string(svg) {
				t.Errorf("%s is drawn in another way than in %s; run with -update and look at it", file, golden)
			}
			words := wordsOf(t, svg)
			for _, s := range w.States {
				if !strings.Contains(words, s.Name.In(lang)) {
					t.Errorf("%s: the state %s is not named", golden, s.ID)
				}
			}
			for _, a := range w.list {
				if a.To != "" && !strings.Contains(words, a.Name.In(lang)) {
					t.Errorf("%s: the action %s is not named", golden, a.ID)
				}
			}
		}
		lines := w.Lines(i18n.T{Lang: i18n.EN})
		ways := 0
		for _, a := range w.list {
			ways += len(a.From)
		}
		for _, s := range w.States {
			if s.Undecided != "" {
				ways++
			}
		}
		if len(lines) != ways {
			t.Errorf("%s: %d lines, want %d", file, len(lines), ways)
		}
	}
}

func wordsOf(t *testing.T, svg []byte) string {
	t.Helper()
	var b strings.Builder
	dec := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		must(t, err)
		if text, ok := tok.(xml.CharData); ok {
			b.WriteString(string(text) + "\n")
		}
	}
}

// On no layer two spots cover each other, and every way leads down unless it is drawn as one that leads back.
func TestLayout(t *testing.T) {
	lib, err := library()
	must(t, err)
	effects := NewRegistry()
	trialEffects(effects)
	w := mustParse(t, Deps{Library: lib, Effects: effects, Forms: claimForm{}}, "apply")
	p := w.layout(func(int) int { return 100 }, func(edge) int { return 80 })
	for _, layer := range p.layers {
		for j := 1; j < len(layer); j++ {
			a, b := p.spots[layer[j-1]], p.spots[layer[j]]
			if b.center-b.width/2-(a.center+a.width/2) < gap-1 {
				t.Errorf("spots on layer %d are %d apart", a.layer, b.center-b.width/2-(a.center+a.width/2))
			}
		}
	}
	back := 0
	for _, e := range p.edges {
		upper, lower := e.ends()
		if p.spots[upper].layer >= p.spots[lower].layer {
			t.Errorf("from %s to %s it does not lead down", w.States[e.from].ID, w.States[e.to].ID)
		}
		if e.back {
			back++
		}
	}
	if back != 2 { // the return and the appeal
		t.Errorf("%d ways lead back, want 2", back)
	}
}
