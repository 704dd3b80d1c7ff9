package manifest

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Package is the files of an app that is handed over as one zip file.
type Package []File

// File is one of them.
type File struct {
	Name    string
	Content []byte
}

// packed is the time that every file has in the zip file: the first that the format can say.
var packed = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// WriteZip writes the package as a zip file. The same package is the same bytes, on every machine and with every
// version of Go: the files are in the order of their names, have a fixed time, and are stored as they are.
func (p Package) WriteZip(w io.Writer) error {
	archive := zip.NewWriter(w)
	files := slices.SortedFunc(slices.Values(p), func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	for _, file := range files {
		out, err := archive.CreateHeader(&zip.FileHeader{Name: file.Name, Method: zip.Store, Modified: packed})
		if err != nil {
			return fmt.Errorf("pack %s: %w", file.Name, err)
		}
		if _, err := out.Write(file.Content); err != nil {
			return fmt.Errorf("pack %s: %w", file.Name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	return nil
}

func (p *Package) add(name string, content []byte) {
	*p = append(*p, File{name, content})
}

// addJSON adds a file for people to read too.
func (p *Package) addJSON(name string, v any) error {
	var content bytes.Buffer
	if err := WriteJSON(&content, v); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	p.add(name, content.Bytes())
	return nil
}

// WriteJSON writes a manifest as JSON for people to read.
func WriteJSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}
