package icons_test

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"strconv"
	"testing"

	"golang.org/x/image/vector"

	"meetbot/manifest/icons"
)

// pen adds shapes to a rasterizer. A shape that runs the other way round (inverse) is cut out of the one it lies in.
type pen struct {
	*vector.Rasterizer
	scale float32 // pixels for each unit
}

func newPen(pixels int, units float32) pen {
	return pen{vector.NewRasterizer(pixels, pixels), float32(pixels) / units}
}

// point is in units, from the top left corner.
type point struct{ x, y float32 }

// polygon draws a closed shape whose corners are rounded, each with its own radius.
func (p pen) polygon(inverse bool, corners []point, radii []float32) {
	n := len(corners)
	at := func(i int) (point, float32) { i = ((i % n) + n) % n; return corners[i], radii[i] }
	step, first := 1, 0
	if inverse {
		step, first = -1, n-1
	}
	for k := range n {
		i := first + k*step
		corner, radius := at(i)
		before, _ := at(i - step)
		after, _ := at(i + step)
		from, to := towards(corner, before, radius), towards(corner, after, radius)
		if k == 0 {
			p.MoveTo(from.x*p.scale, from.y*p.scale)
		} else {
			p.LineTo(from.x*p.scale, from.y*p.scale)
		}
		// A cubic whose handles reach this far is a quarter of a circle, to a thousandth of its radius.
		const handle = 0.5523
		a, b := mix(from, corner, handle), mix(to, corner, handle)
		p.CubeTo(a.x*p.scale, a.y*p.scale, b.x*p.scale, b.y*p.scale, to.x*p.scale, to.y*p.scale)
	}
	p.ClosePath()
}

// towards is the point at a distance from a on the way to b.
func towards(a, b point, distance float32) point {
	length := float32(math.Hypot(float64(b.x-a.x), float64(b.y-a.y)))
	if length == 0 {
		return a
	}
	return mix(a, b, distance/length)
}

func mix(a, b point, t float32) point {
	return point{a.x + (b.x-a.x)*t, a.y + (b.y-a.y)*t}
}

// box is a rectangle with round corners.
func (p pen) box(inverse bool, left, top, right, bottom, radius float32) {
	p.polygon(inverse, []point{{left, top}, {right, top}, {right, bottom}, {left, bottom}}, []float32{radius, radius, radius, radius})
}

// fill lays the shapes on the picture in one colour.
func (p pen) fill(on draw.Image, c color.Color) {
	p.Draw(on, on.Bounds(), image.NewUniform(c), image.Point{})
}

// drawColor draws the mark in a square of 96 units, so that it stays within the middle 60 which no client cuts away.
func drawColor(t *testing.T) *image.NRGBA {
	const pixels, units = 192, 96
	picture := image.NewNRGBA(image.Rect(0, 0, pixels, pixels))
	draw.Draw(picture, picture.Bounds(), image.NewUniform(accent(t)), image.Point{}, draw.Src)
	p := newPen(pixels, units)
	p.polygon(false,
		[]point{{18, 22}, {78, 22}, {78, 66}, {46, 66}, {32, 79}, {32, 66}, {18, 66}},
		[]float32{11, 11, 11, 1, 2.5, 1, 11})
	p.box(true, 30, 33, 54, 55, 5)
	p.polygon(true, []point{{57, 41}, {67, 34.5}, {67, 53.5}, {57, 47}}, []float32{1.5, 2.5, 2.5, 1.5})
	p.fill(picture, color.White)
	return picture
}

// drawOutline draws the same mark in lines of two pixels in a square of 32.
func drawOutline() *image.NRGBA {
	const pixels, units = 32, 32
	picture := image.NewNRGBA(image.Rect(0, 0, pixels, pixels))
	p := newPen(pixels, units)
	p.polygon(false,
		[]point{{3, 4}, {29, 4}, {29, 24}, {15.5, 24}, {9, 30}, {9, 24}, {3, 24}},
		[]float32{5, 5, 5, 0.5, 1.2, 0.5, 5})
	p.box(true, 5, 6, 27, 22, 3.2)
	p.box(false, 9, 10, 18, 18, 1.8)
	p.polygon(false, []point{{19.2, 13}, {23, 10.6}, {23, 17.4}, {19.2, 15}}, []float32{0.4, 0.8, 0.8, 0.4})
	p.fill(picture, color.White)
	return picture
}

// accent reads the colour that the manifest names.
func accent(t *testing.T) color.NRGBA {
	t.Helper()
	rgb, err := strconv.ParseUint(icons.Accent[1:], 16, 24)
	if err != nil {
		t.Fatal(err)
	}
	return color.NRGBA{R: uint8(rgb >> 16), G: uint8(rgb >> 8), B: uint8(rgb), A: 0xff}
}
