package app

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
)

// NewLogger returns a logger that writes to w as a valid configuration says. A record is one line, and in no terminal
// more than text: the handlers of package slog leave some characters as they are that turn around what is read, or that
// a terminal obeys.
func NewLogger(c LoggingConfig, w io.Writer) *slog.Logger {
	level, _ := c.level()
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: printable}
	if c.Format == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

// printable spells out the characters of a value that show nothing by themselves. Line breaks and tabs, which both
// formats escape, stay what they are, so that a stack can be read.
func printable(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(spellOut(a.Value.String()))
	case slog.KindAny:
		if err, ok := a.Value.Any().(error); ok {
			a.Value = slog.StringValue(spellOut(err.Error()))
		}
	}
	return a
}

func spellOut(text string) string {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\t' }
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if hidden(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
