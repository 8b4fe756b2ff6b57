package charmtest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// canaryHunt searches for texts, also when they are encoded.
type canaryHunt struct {
	canaries []string
	found    []error
}

// forms are the encodings of a canary that a search must find.
func forms(canary string) []string {
	return []string{
		canary,
		url.QueryEscape(canary),
		strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(canary)), "="),
	}
}

func (h *canaryHunt) search(where string, texts ...string) {
	for i, canary := range h.canaries {
		for _, form := range forms(canary) {
			for _, text := range texts {
				if canary != "" && strings.Contains(text, form) {
					h.found = append(h.found, fmt.Errorf("canary %d is in the %s", i, where))
					return
				}
			}
		}
	}
}

func (h *canaryHunt) searchMap(where string, m map[string]string) {
	for key, value := range m {
		h.search(where, key, value)
	}
}

// searchDir searches the files below a directory.
func (h *canaryHunt) searchDir(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path) //nolint:gosec // a directory of the test
		if err != nil {
			return err
		}
		for i, canary := range h.canaries {
			if canary != "" && bytes.Contains(data, []byte(canary)) {
				h.found = append(h.found, fmt.Errorf("canary %d is in file %q", i, path))
			}
		}
		return nil
	})
}
