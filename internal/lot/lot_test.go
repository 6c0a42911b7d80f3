package lot

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What a draw comes to can be worked out by anybody: printf '%s\n%s\n%s\n%s' 5eed ROLL experts a | sha256sum.
func TestLotsCanBeDrawnAgain(t *testing.T) {
	roll := Roll(Group{"nominations", []string{"2", "1"}}, Group{"experts", []string{"b", "a"}})
	if again := Roll(Group{"nominations", []string{"1", "2"}}, Group{"experts", []string{"a", "b"}}); again != roll {
		t.Errorf("the order of the keys changes the roll: %s, %s", roll, again)
	}
	if other := Roll(Group{"nominations", []string{"1"}}, Group{"experts", []string{"2", "a", "b"}}); other == roll {
		t.Error("another roll has the same digest")
	}
	d := Draw{Seed: "5eed", Roll: roll}
	if got, want := d.Lot("experts", "a"), digest("5eed\n"+roll+"\nexperts\na"); got != want {
		t.Errorf("lot %s, want %s", got, want)
	}
	if got := Commitment("5eed"); got != "253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53" {
		t.Errorf("commitment %s", got)
	}
	if seed, err := NewSeed(strings.NewReader(strings.Repeat("x", 32))); err != nil || seed != strings.Repeat("78", 32) {
		t.Errorf("seed %s, %v", seed, err)
	}
	if _, err := NewSeed(strings.NewReader("short")); err == nil {
		t.Error("a seed of too little randomness")
	}
}

// An order is of the same keys, whatever order they came in, and another purpose orders them otherwise.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.StringMatching("[a-z]{1,6}"), 0, 30, rapid.ID[string]).Draw(t, "keys")
		d := Draw{Seed: rapid.StringMatching("[0-9a-f]{8}").Draw(t, "seed")}
		got := d.Order("experts", keys)
		back := slices.Clone(keys)
		slices.Reverse(back)
		if again := d.Order("experts", back); !slices.Equal(got, again) {
			t.Errorf("%v and %v", got, again)
		}
		if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(keys))) {
			t.Errorf("%v is no order of %v", got, keys)
		}
	})
}
