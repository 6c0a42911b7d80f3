package packed

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var numbers = rapid.OneOf(
	rapid.SampledFrom([]int64{0, 1, -1, 255, 256, 65535, 65536, math.MaxUint32, math.MaxInt64, math.MinInt64}),
	rapid.Int64(), rapid.Int64Range(-100, 100), rapid.Int64Range(1e9, 1e9+70000),
)

// TestIntsGiveBackWhatWasPacked, in no more bytes than the widest distance needs, in memory and through a body.
func TestIntsGiveBackWhatWasPacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(numbers, 1, 50).Draw(t, "values")
		p := Pack(want)
		var o Out
		o.Text("before")
		o.Ints(p)
		o.Bool(true)
		in := Read(o.Bytes())
		if got := in.Text(); got != "before" {
			t.Fatalf("text %q", got)
		}
		read := in.Ints(len(want))
		if !in.Bool() || in.Err() != nil {
			t.Fatalf("after the numbers: %v", in.Err())
		}
		for _, p := range []Ints{p, read} {
			got := make([]int64, len(want))
			Unpack(&p, got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("(-want +got)\n%s", diff)
			}
			lo, hi := want[0], want[0]
			for i, v := range want {
				if p.At(i) != v {
					t.Fatalf("at %d: %d, want %d", i, p.At(i), v)
				}
				lo, hi = min(lo, v), max(hi, v)
			}
			if !p.Within(len(want), lo, hi) || lo > math.MinInt64 && p.Within(len(want), math.MinInt64, lo-1) {
				t.Fatalf("%v are not within %d to %d", want, lo, hi)
			}
			if span := uint64(hi) - uint64(lo); p.width > 1 && span < 1<<(4*p.width) {
				t.Fatalf("a span of %d takes %d bytes", span, p.width)
			}
		}
	})
}

func TestWidths(t *testing.T) {
	for _, tc := range []struct {
		values []int64
		want   uint8
	}{
		{[]int64{7, 7, 7}, 0},
		{[]int64{1000, 1255}, 1},
		{[]int64{1000, 1256}, 2},
		{[]int64{-1, 65535}, 4},
		{[]int64{0, math.MaxUint32 + 1}, 8},
		{[]int64{math.MinInt64, math.MaxInt64}, 8},
	} {
		if got := Pack(tc.values).width; got != tc.want {
			t.Errorf("%d take %d bytes each, want %d", tc.values, got, tc.want)
		}
	}
}

var kind = Kind{Magic: "testfile", Version: 3}

func example(t testing.TB) []byte {
	var file bytes.Buffer
	err := Write(&file, kind, func(w *Writer) error {
		if err := w.Section("one ", []byte("first body")); err != nil {
			return err
		}
		return w.Section("two ", nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestFile(t *testing.T) {
	got, err := Parse(example(t), kind)
	if err != nil {
		t.Fatal(err)
	}
	want := []Section{{Tag: "one ", Body: []byte("first body")}, {Tag: "two ", Body: []byte{}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := Parse(example(t), Kind{Magic: "testfile", Version: 2}); !errors.Is(err, ErrVersion) {
		t.Errorf("another version: %v", err)
	}
	if _, err := Parse(example(t), Kind{Magic: "otherone", Version: 3}); !errors.Is(err, ErrForeign) {
		t.Errorf("another kind: %v", err)
	}
}

// TestEveryDamageIsSeen cuts a file off at every byte, adds one, and turns every bit of it over.
func TestEveryDamageIsSeen(t *testing.T) {
	whole := example(t)
	for n := range whole {
		if _, err := Parse(whole[:n], kind); err == nil {
			t.Errorf("cut off after %d bytes: no fault", n)
		}
		for bit := range 8 {
			bad := bytes.Clone(whole)
			bad[n] ^= 1 << bit
			if _, err := Parse(bad, kind); err == nil {
				t.Errorf("bit %d of byte %d turned over: no fault", bit, n)
			}
		}
	}
	if _, err := Parse(append(bytes.Clone(whole), 0), kind); err == nil {
		t.Error("a byte more: no fault")
	}
}

// TestSectionsLost: whole sections are a file only all together.
func TestSectionsLost(t *testing.T) {
	whole := example(t)
	second := kindSize + headSize + len("first body")
	without := append(bytes.Clone(whole[:kindSize]), whole[second:]...)
	if _, err := Parse(without, kind); !errors.Is(err, ErrDamaged) {
		t.Errorf("a section is lost: %v", err)
	}
}

// FuzzIn reads whatever there is in any order: never a panic, never more than there was.
func FuzzIn(f *testing.F) {
	var o Out
	o.Uint(3)
	o.Text("abc")
	o.Ints(Pack([]int64{1, 2, 300}))
	f.Add(o.Bytes(), []byte{0, 4, 5, 1, 2, 3})
	f.Fuzz(func(t *testing.T, body, order []byte) {
		in := Read(body)
		held := 0
		for _, what := range order {
			switch what % 8 {
			case 0:
				in.Uint()
			case 1:
				in.Int()
			case 2:
				in.Bool()
			case 3:
				if n := in.Count(); n > len(body) {
					t.Fatalf("%d parts in %d bytes", n, len(body))
				}
			case 4:
				held += len(in.Text())
			case 5:
				n := int(what) * 8
				p := in.Ints(n)
				if n > 0 {
					p.At(n - 1)
				}
				held += len(p.data)
			case 7:
				held += len(in.Word())
			case 6:
				if i := in.Index(5); i > 4 {
					t.Fatalf("place %d of 5", i)
				}
			}
		}
		if held > len(body) {
			t.Fatalf("%d bytes out of %d", held, len(body))
		}
	})
}
