// Package logbook keeps what a program under test logs. Give a [Book] to the handler of a logger.
//
// It imports nothing of this module. A Book is safe for concurrent use.
package logbook

import (
	"bytes"
	"sync"
)

// Book keeps everything that is written to it. The zero value is empty.
type Book struct {
	mu  sync.Mutex
	all bytes.Buffer
}

// Write implements [io.Writer].
func (b *Book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

// String is everything that was written.
func (b *Book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// Tail is the end of what was written, for the message of a test that fails.
func (b *Book) Tail() string {
	all := b.String()
	return all[max(0, len(all)-2000):]
}
