package paper

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	_ "image/png" // what Picture takes, beside JPEG

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// measure reads a picture's kind ("jpeg" or "png") and size from its header, and refuses what is neither or too large:
// nothing is unpacked before.
func (p Picture) measure() (string, image.Config, error) {
	if len(p.Data) > MaxPictureBytes {
		return "", image.Config{}, errs.Invalid(i18n.M("paper.picture_bytes", len(p.Data)>>20, MaxPictureBytes>>20))
	}
	size, kind, err := image.DecodeConfig(bytes.NewReader(p.Data))
	if err != nil || kind != "jpeg" && kind != "png" || size.Width < 1 || size.Height < 1 {
		return "", image.Config{}, errs.Invalid(i18n.M("paper.picture_kind"))
	}
	if int64(size.Width)*int64(size.Height) > MaxPixels {
		return "", image.Config{}, errs.Invalid(i18n.M("paper.picture_pixels", size.Width, size.Height, MaxPixels/1_000_000))
	}
	return kind, size, nil
}

// frame is how large the picture is drawn within width and height, in the unit of both; an inch is inch of them.
func (p Picture) frame(size image.Config, width, height, inch int) (w, h int) {
	w = min(size.Width*inch/96, width)
	if p.Width > 0 {
		w = width * p.Width / 100
	}
	h = w * size.Height / size.Width
	if h > height {
		w, h = max(w*height/h, 1), height
	}
	return max(w, 1), max(h, 1)
}

// alt is what is read aloud in place of the picture.
func (p Picture) alt() string {
	if p.Alt != "" {
		return oneLine(p.Alt)
	}
	return oneLine(p.Caption)
}

// opened is a picture that was read whole: upright, and without what a camera tells of place, time and person.
type opened struct {
	kind string // jpeg or png
	size image.Config
	data []byte
	img  image.Image
}

// open reads the whole picture, so that none with a broken end is printed.
func (p Picture) open() (*opened, error) {
	kind, size, err := p.measure()
	if err != nil {
		return nil, err
	}
	img, _, err := image.Decode(bytes.NewReader(p.Data))
	if err != nil {
		return nil, errs.Invalid(i18n.M("paper.picture_kind"))
	}
	o := &opened{kind: kind, size: size, img: img}
	if kind == "png" {
		o.data = withoutChunks(p.Data)
		return o, nil
	}
	data, turn := withoutSegments(p.Data)
	o.data = data
	if turn > 1 {
		o.img = turned(img, turn)
		var b bytes.Buffer
		if err := jpeg.Encode(&b, o.img, &jpeg.Options{Quality: 92}); err != nil {
			return nil, fmt.Errorf("turn picture: %w", err)
		}
		o.data = b.Bytes()
		o.size.Width, o.size.Height, o.size.ColorModel = o.img.Bounds().Dx(), o.img.Bounds().Dy(), color.YCbCrModel
	}
	return o, nil
}

// withoutSegments is a JPEG without Exif, XMP, IPTC and comments, and the way up that its Exif told (1 to 8; 1 as it is).
// What does not read as segments stays as it is: it was decoded before.
func withoutSegments(data []byte) ([]byte, int) {
	out, turn := []byte{0xFF, 0xD8}, 1
	for at := 2; ; {
		if at+4 > len(data) || data[at] != 0xFF {
			return append(out, data[at:]...), turn
		}
		marker, size := data[at+1], int(binary.BigEndian.Uint16(data[at+2:]))
		if marker == 0xFF { // filling
			at++
			continue
		}
		if marker == 0xDA || size < 2 || at+2+size > len(data) {
			return append(out, data[at:]...), turn
		}
		segment := data[at : at+2+size]
		at += 2 + size
		switch marker {
		case 0xE1:
			if tiff, ok := bytes.CutPrefix(segment[4:], []byte("Exif\x00\x00")); ok {
				turn = wayUp(tiff)
			}
		case 0xED, 0xFE:
		default:
			out = append(out, segment...)
		}
	}
}

// wayUp is the entry Orientation (0x0112) of Exif; 1 when there is none.
func wayUp(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int(order.Uint32(tiff[4:]))
	if at < 8 || at+2 > len(tiff) {
		return 1
	}
	for i := range int(order.Uint16(tiff[at:])) {
		entry := at + 2 + 12*i
		if entry+12 > len(tiff) {
			return 1
		}
		if order.Uint16(tiff[entry:]) == 0x0112 {
			if turn := int(order.Uint16(tiff[entry+8:])); turn >= 1 && turn <= 8 {
				return turn
			}
		}
	}
	return 1
}

// turned is img the right way up, by the orientation of Exif.
func turned(img image.Image, turn int) image.Image {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if turn >= 5 {
		w, h = h, w
	}
	flat := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(flat, flat.Bounds(), img, b.Min, draw.Src)
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range b.Dy() {
		for x := range b.Dx() {
			var to image.Point
			right, low := b.Dx()-1-x, b.Dy()-1-y
			switch turn {
			case 2:
				to = image.Pt(right, y)
			case 3:
				to = image.Pt(right, low)
			case 4:
				to = image.Pt(x, low)
			case 5:
				to = image.Pt(y, x)
			case 6:
				to = image.Pt(low, x)
			case 7:
				to = image.Pt(low, right)
			default:
				to = image.Pt(y, right)
			}
			copy(out.Pix[out.PixOffset(to.X, to.Y):], flat.Pix[flat.PixOffset(x, y):][:4])
		}
	}
	return out
}

// withoutChunks is a PNG without texts, times and Exif.
func withoutChunks(data []byte) []byte {
	out := bytes.Clone(data[:8])
	for at := 8; at+12 <= len(data); {
		size := int(binary.BigEndian.Uint32(data[at:]))
		if size > len(data)-at-12 {
			return append(out, data[at:]...)
		}
		switch string(data[at+4 : at+8]) {
		case "tEXt", "zTXt", "iTXt", "eXIf", "tIME":
		default:
			out = append(out, data[at:at+12+size]...)
		}
		at += 12 + size
	}
	return out
}

// picture is one as a PDF holds it.
type picture struct {
	width, height int
	grey          bool
	jpeg          []byte // as it came; or
	pixels, alpha []byte // 8 bits a channel, row by row; alpha nil where all is opaque
}

func (o *opened) forPDF() *picture {
	model := o.size.ColorModel
	out := &picture{width: o.size.Width, height: o.size.Height, grey: model == color.GrayModel || model == color.Gray16Model}
	if o.kind == "jpeg" && model != color.CMYKModel { // inks are turned into light below: readers disagree about them
		out.jpeg = o.data
		return out
	}
	flat := image.NewNRGBA(image.Rect(0, 0, out.width, out.height))
	draw.Draw(flat, flat.Bounds(), o.img, o.img.Bounds().Min, draw.Src)
	clear := false
	for i := 0; i < len(flat.Pix); i += 4 {
		if flat.Pix[i+3] != 0xFF {
			clear = true
		}
		if out.grey {
			out.pixels = append(out.pixels, flat.Pix[i])
			continue
		}
		out.pixels = append(out.pixels, flat.Pix[i:i+3]...)
	}
	if clear {
		for i := 3; i < len(flat.Pix); i += 4 {
			out.alpha = append(out.alpha, flat.Pix[i])
		}
	}
	return out
}

// picture sets a picture with its caption, both on one page.
func (s *setter) picture(p Picture) error {
	pic, err := p.open()
	if err != nil {
		return err
	}
	var caption []line
	if p.Caption != "" {
		caption = s.lines(clean(p.Caption), noteStyle, 0, textWidth)
	}
	below := min(len(caption), 10)*noteStyle.leading + 4*pt
	w, h := p.frame(pic.size, textWidth, bottom-top-below, 72*pt)
	s.gap(4 * pt)
	s.room(h + below)
	s.pictures = append(s.pictures, pic.forPDF())
	s.within("Figure", " /Alt "+text(property(p.alt())), func() {
		s.mark(func(out *bytes.Buffer) {
			out.WriteString("q\n")
			put(out, "cm", w, 0, 0, h, left+(textWidth-w)/2, pageHeight-s.y-h)
			out.WriteString("/P" + itoa(len(s.pictures)) + " Do Q\n")
		})
		s.y += h + 4*pt
		s.fresh = false
		if caption != nil {
			s.within("Caption", "", func() { s.flow(caption, noteStyle, centred, left, 0, textWidth, 0) })
		}
	})
	s.y += 6 * pt
	return nil
}
