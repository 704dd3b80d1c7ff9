package icons_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"testing"

	"meetbot/internal/golden"
	"meetbot/manifest/icons"
)

// The files are what is drawn here. Machines round the last bit of a shade differently, hence the tolerance.
func TestIconsGolden(t *testing.T) {
	const tolerance = 2 // of 255
	for name, drawn := range map[string]*image.NRGBA{"color.png": drawColor(t), "outline.png": drawOutline()} {
		if os.Getenv(golden.Update) != "" {
			var file bytes.Buffer
			if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&file, drawn); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, file.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		kept := decode(t, file)
		if kept.Bounds() != drawn.Bounds() {
			t.Fatalf("%s is %v, drawn %v", name, kept.Bounds(), drawn.Bounds())
		}
		each(kept, func(x, y int, got color.NRGBA) {
			want := drawn.NRGBAAt(x, y)
			for _, d := range []int{int(got.R) - int(want.R), int(got.G) - int(want.G), int(got.B) - int(want.B), int(got.A) - int(want.A)} {
				if d > tolerance || d < -tolerance {
					t.Fatalf("%s at %d,%d is %v, drawn %v", name, x, y, got, want)
				}
			}
		})
	}
}

// Source for the sizes and colours: Microsoft, "App manifest schema", icons.
func TestColorIcon(t *testing.T) {
	picture := decode(t, icons.Color)
	if size := picture.Bounds().Size(); size != image.Pt(192, 192) {
		t.Errorf("size %v", size)
	}
	white := 0
	each(picture, func(x, y int, c color.NRGBA) {
		if c.A != 0xff {
			t.Fatalf("transparent at %d,%d", x, y)
		}
		if c == (color.NRGBA{0xff, 0xff, 0xff, 0xff}) {
			white++
			if x < 36 || x >= 156 || y < 36 || y >= 160 {
				t.Fatalf("the mark reaches %d,%d, where a client may cut", x, y)
			}
		}
	})
	if white == 0 {
		t.Error("there is no mark")
	}
	if corner := color.NRGBAModel.Convert(picture.At(0, 0)); corner != accent(t) {
		t.Errorf("the ground is %v, the manifest says %s", corner, icons.Accent)
	}
}

func TestOutlineIcon(t *testing.T) {
	picture := decode(t, icons.Outline)
	if size := picture.Bounds().Size(); size != image.Pt(32, 32) {
		t.Errorf("size %v", size)
	}
	clear, solid := 0, 0
	each(picture, func(x, y int, c color.NRGBA) {
		switch {
		case c.A == 0:
			clear++
		case c.R != 0xff || c.G != 0xff || c.B != 0xff:
			t.Fatalf("%v at %d,%d is not white", c, x, y)
		case c.A == 0xff:
			solid++
		}
	})
	if clear < 32*32/2 || solid < 32*32/10 {
		t.Errorf("%d transparent pixels and %d white ones: that is no outline", clear, solid)
	}
}

func decode(t *testing.T, file []byte) image.Image {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// each calls f for every pixel, its colour not multiplied by its transparency.
func each(picture image.Image, f func(x, y int, c color.NRGBA)) {
	b := picture.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			f(x, y, color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA))
		}
	}
}
