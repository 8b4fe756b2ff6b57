package main_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"testing"
)

// Charmhub takes an icon.svg at the root of the archive: 100 by 100 pixels, a
// drawing on a circle, and nothing that a browser would run or fetch.
func TestArchive_HasAnIconThatCharmhubTakes(t *testing.T) {
	t.Parallel()
	icon := entries(t, pack(t, hostPlatform()))["icon.svg"]
	if icon == nil {
		t.Fatal("the archive has no icon.svg at its root")
	}
	var names []string
	first := map[string]string{}
	for decoder := xml.NewDecoder(bytes.NewReader(read(t, icon))); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("icon.svg: %v", err)
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		names = append(names, element.Name.Local)
		for _, attribute := range element.Attr {
			if len(names) == 1 {
				first[attribute.Name.Local] = attribute.Value
			}
			if attribute.Name.Local == "href" {
				t.Errorf("icon.svg refers to %q", attribute.Value)
			}
		}
	}
	if len(names) == 0 || names[0] != "svg" || first["width"] != "100" || first["height"] != "100" {
		t.Errorf("icon.svg begins with %v %v, want an svg of 100 by 100", names, first)
	}
	for _, name := range []string{"script", "image", "foreignObject"} {
		if slices.Contains(names, name) {
			t.Errorf("icon.svg has an element %q", name)
		}
	}
	if !slices.Contains(names, "circle") {
		t.Error("icon.svg has no circle")
	}
}
