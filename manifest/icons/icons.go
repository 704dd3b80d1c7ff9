// Package icons holds the bot's mark: a camera in a speech bubble, in the colours of the README's card. The files are
// drawn by this package's test, which `make golden` lets write them anew.
package icons

import _ "embed"

// Accent is the colour behind the mark, as HTML writes it.
const Accent = "#4A5BD4"

// Color is the mark in white on the accent colour: a PNG of 192 by 192 pixels. Microsoft Teams cuts its corners round.
//
//go:embed color.png
var Color []byte

// Outline is the mark in white lines on a transparent ground: a PNG of 32 by 32 pixels.
//
//go:embed outline.png
var Outline []byte
