package paper

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
)

// exif is a segment of a JPEG that tells the way up and, in a text, the place.
func exif(order binary.AppendByteOrder, head string, turn uint16) []byte {
	tiff := order.AppendUint32(order.AppendUint16([]byte(head), 42), 8)
	tiff = order.AppendUint16(tiff, 2)
	tiff = order.AppendUint32(order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, 0x010F), 2), 4), 0x41424300) // maker
	tiff = order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, 0x0112), 3), 1)
	tiff = append(order.AppendUint16(tiff, turn), 0, 0)
	return append(append([]byte("Exif\x00\x00"), tiff...), "secret 33.34N 120.16E"...)
}

func segment(marker byte, data []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xFF, marker}, uint16(len(data)+2)), data...)
}

// Each way up, as cameras hold them, shows the same corner on the left above; what else the camera tells is gone.
func TestPicturesStandUpright(t *testing.T) {
	// red on the left above, blue on the right above, white below
	corner := func(x, y, w, h int) color.NRGBA {
		switch {
		case y >= h/2:
			return color.NRGBA{255, 255, 255, 255}
		case x < w/2:
			return color.NRGBA{255, 0, 0, 255}
		}
		return color.NRGBA{0, 0, 255, 255}
	}
	for turn := uint16(1); turn <= 8; turn++ {
		// What the camera stores: undo the turn, by asking where each pixel comes to stand.
		w, h := 64, 32
		sw, sh := w, h
		if turn >= 5 {
			sw, sh = h, w
		}
		stored := image.NewNRGBA(image.Rect(0, 0, sw, sh))
		for y := range sh {
			for x := range sw {
				at := map[uint16]image.Point{
					1: {x, y}, 2: {w - 1 - x, y}, 3: {w - 1 - x, h - 1 - y}, 4: {x, h - 1 - y},
					5: {y, x}, 6: {w - 1 - y, x}, 7: {w - 1 - y, h - 1 - x}, 8: {y, h - 1 - x},
				}[turn]
				stored.SetNRGBA(x, y, corner(at.X, at.Y, w, h))
			}
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, stored, nil); err != nil {
			t.Fatal(err)
		}
		for _, e := range [][]byte{exif(binary.LittleEndian, "II", turn), exif(binary.BigEndian, "MM", turn)} {
			file := append(append(append([]byte{0xFF, 0xD8}, segment(0xE1, e)...), segment(0xFE, []byte("secret comment"))...), b.Bytes()[2:]...)
			o, err := Picture{Data: file}.open()
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(o.data, []byte("secret")) || o.size.Width != w || o.size.Height != h {
				t.Errorf("turn %d: %d × %d", turn, o.size.Width, o.size.Height)
			}
			shown, err := jpeg.Decode(bytes.NewReader(o.data))
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []image.Point{{8, 8}, {56, 8}, {8, 24}, {56, 24}} {
				r, g, bl, _ := shown.At(p.X, p.Y).RGBA()
				want := corner(p.X, p.Y, w, h)
				if near := func(got uint32, want uint8) bool { return got>>8 < 40 == (want == 0) }; !near(r, want.R) || !near(g, want.G) || !near(bl, want.B) {
					t.Errorf("turn %d: %v is %d,%d,%d, want %v", turn, p, r>>8, g>>8, bl>>8, want)
				}
			}
		}
	}
}

func TestPNGsTellNothing(t *testing.T) {
	file := drawing(t, shades(8, 8))
	text := append([]byte("tEXt"), "Comment\x00secret"...)
	chunk := binary.BigEndian.AppendUint32(append(binary.BigEndian.AppendUint32(nil, uint32(len(text)-4)), text...), crc32.ChecksumIEEE(text))
	file = append(append(bytes.Clone(file[:33]), chunk...), file[33:]...)
	o, err := Picture{Data: file}.open()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(o.data, []byte("secret")) || !bytes.Contains(file, []byte("secret")) {
		t.Error("the comment stays")
	}
	if _, err := png.Decode(bytes.NewReader(o.data)); err != nil {
		t.Error(err)
	}
}

// Grey stays grey, what is clear stays clear, and palettes become colours.
func TestPicturesOfEachKind(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 5, 3))
	clear := image.NewNRGBA(image.Rect(0, 0, 5, 3))
	clear.SetNRGBA(1, 1, color.NRGBA{10, 20, 30, 128})
	paletted := image.NewPaletted(image.Rect(0, 0, 5, 3), color.Palette{color.White, color.NRGBA{1, 2, 3, 255}})
	d := Document{Blocks: []Block{Picture{Data: drawing(t, grey)}, Picture{Data: drawing(t, clear)}, Picture{Data: drawing(t, paletted)}, Picture{Data: photo(t, 20, 10), Width: 100, Alt: "一张\"照片\""}}}
	r, _ := printed(t, d)
	var images []string
	for n := range r.streams {
		if strings.Contains(r.objects[n], "/Subtype /Image") {
			images = append(images, r.objects[n])
		}
	}
	all := strings.Join(images, "")
	if len(images) != 5 || strings.Count(all, "/DeviceGray") != 2 || strings.Count(all, "/DeviceRGB") != 3 || strings.Count(all, "/SMask") != 1 || strings.Count(all, "/DCTDecode") != 1 {
		t.Errorf("%d images: %q", len(images), images)
	}
	parts := written(t, d)
	if !strings.Contains(parts["word/document.xml"], `descr="一张&#34;照片&#34;"`) || parts["word/media/image3.png"] == "" || parts["word/media/image4.jpeg"] == "" {
		t.Error("pictures of the .docx")
	}
}

func FuzzAnyPicture(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\x08\x00\x00\x00"))
	f.Add([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 1<<12 {
			wayUp(data)
		}
		o, err := Picture{Data: data}.open()
		if err != nil {
			return
		}
		if again, err := (Picture{Data: o.data}).open(); err != nil || again.size.Width != o.size.Width || again.size.Height != o.size.Height {
			t.Fatalf("a picture that was taken is not taken again: %v", err)
		}
	})
}
