package paper

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg" // what Picture takes
	_ "image/png"

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

// picture is one as a PDF holds it.
type picture struct {
	width, height int
	grey          bool
	jpeg          []byte // as it came; or
	pixels, alpha []byte // 8 bits a channel, row by row; alpha nil where all is opaque
}

// unpack reads the whole picture, so that none with a broken end is printed.
func (p Picture) unpack() (*picture, error) {
	kind, size, err := p.measure()
	if err != nil {
		return nil, err
	}
	img, _, err := image.Decode(bytes.NewReader(p.Data))
	if err != nil {
		return nil, errs.Invalid(i18n.M("paper.picture_kind"))
	}
	out := &picture{width: size.Width, height: size.Height, grey: size.ColorModel == color.GrayModel || size.ColorModel == color.Gray16Model}
	if kind == "jpeg" && size.ColorModel != color.CMYKModel { // inks are turned into light below: readers disagree about them
		out.jpeg = p.Data
		return out, nil
	}
	flat := image.NewNRGBA(image.Rect(0, 0, size.Width, size.Height))
	draw.Draw(flat, flat.Bounds(), img, img.Bounds().Min, draw.Src)
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
	return out, nil
}

// picture sets a picture with its caption, both on one page.
func (s *setter) picture(p Picture) error {
	pic, err := p.unpack()
	if err != nil {
		return err
	}
	var caption []line
	if p.Caption != "" {
		caption = s.lines(clean(p.Caption), noteStyle, 0, textWidth)
	}
	below := min(len(caption), 10)*noteStyle.leading + 4*pt
	w, h := p.frame(image.Config{Width: pic.width, Height: pic.height}, textWidth, bottom-top-below, 72*pt)
	s.gap(4 * pt)
	s.room(h + below)
	out := &s.sheet().body
	out.WriteString("q\n")
	put(out, "cm", w, 0, 0, h, left+(textWidth-w)/2, pageHeight-s.y-h)
	s.pictures = append(s.pictures, pic)
	out.WriteString("/P" + itoa(len(s.pictures)) + " Do Q\n")
	s.y += h + 4*pt
	s.fresh = false
	s.flow(caption, noteStyle, centred, left, 0, textWidth, 0)
	s.y += 6 * pt
	return nil
}
