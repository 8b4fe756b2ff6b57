package main_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	main "jimm-migrator/tests/cmd/cast"
)

// texts returns the text elements of an SVG, and fails if it is not XML.
func texts(t *testing.T, svg []byte) []string {
	t.Helper()
	var out []string
	inside := false
	for decoder := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch element := token.(type) {
		case xml.StartElement:
			if element.Name.Local == "text" {
				inside, out = true, append(out, "")
			}
		case xml.EndElement:
			inside = inside && element.Name.Local != "text"
		case xml.CharData:
			if inside {
				out[len(out)-1] += string(element)
			}
		}
	}
}

func TestDraw_KeepsEveryLine(t *testing.T) {
	t.Parallel()
	lines := []string{"$ make demo", "  <a> & \"b\"", "", strings.Repeat("x", 230), "10:00:00 SUCCESS: done (1s)"}
	var film []main.Line
	for i, text := range lines {
		film = append(film, main.NewLine(text, time.Duration(i)*time.Second))
	}
	var svg bytes.Buffer
	if err := main.Draw(&svg, film); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lines, texts(t, svg.Bytes())); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if rows := strings.Count(svg.String(), "<tspan "); rows != 7 {
		t.Errorf("the lines have %d rows on a terminal of 100 columns, want 7", rows)
	}
}

// A long line breaks after a word, and the line that reports success keeps its style.
func TestDraw_CanBeRead(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 19) + "boundary and the rest"
	done := `10:00:00 model alice@example.com/prod migrated from "west" to "east"; JIMM records it there`
	var svg bytes.Buffer
	if err := main.Draw(&svg, []main.Line{main.NewLine("$ make demo", 0), main.NewLine(long, 0), main.NewLine(done, 0)}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">" + strings.Repeat("word ", 19) + "</tspan>", ">boundary and the rest</tspan>", `<text class="good"><tspan x="16" y="71">10:00:00 model`} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("the film does not have %s:\n%s", want, svg.String())
		}
	}
}

// Progress and results stay on the screen long enough to be read.
func TestDraw_LeavesTimeToRead(t *testing.T) {
	t.Parallel()
	var film []main.Line
	for _, text := range []string{"$ one", "10:00:00 progress", "", "outcome: migrated", "", "$ two", "end"} {
		film = append(film, main.NewLine(text, 0))
	}
	var svg bytes.Buffer
	if err := main.Draw(&svg, film); err != nil {
		t.Fatal(err)
	}
	// 0.9 s behind each command, 3 s behind the progress and before the second command, 0.045 s
	// for two lines, and 6 s at the end.
	if !strings.Contains(svg.String(), "animation: text 13.89s") {
		t.Errorf("the film does not take 13.89 s:\n%s", svg.String())
	}
}

// The screen scrolls when it is full; without motion it shows the end.
func TestDraw_Scrolls(t *testing.T) {
	t.Parallel()
	var film []main.Line
	for i := range 40 {
		film = append(film, main.NewLine("line", time.Duration(i)*time.Minute))
	}
	var svg bytes.Buffer
	if err := main.Draw(&svg, film); err != nil {
		t.Fatal(err)
	}
	_, steps, _ := strings.Cut(svg.String(), "@keyframes text {")
	steps, _, _ = strings.Cut(steps, "\n}\n")
	var moves []string
	for _, found := range regexp.MustCompile(`translateY\((-?\d+)px\)`).FindAllStringSubmatch(steps, -1) {
		moves = append(moves, found[1])
	}
	want := []string{"0", "-19", "-38", "-57", "-76", "-95", "-114", "-133", "-152", "-171", "-190", "-190"}
	if diff := cmp.Diff(want, moves); diff != "" {
		t.Errorf("the text moves (-want +got):\n%s", diff)
	}
	if !strings.Contains(svg.String(), "#text { transform: translateY(-190px);") {
		t.Error("without motion the film does not show its end")
	}
	// 39 pauses of a minute are shortened to 1.5 s each, and the end stays for 6 s.
	if !strings.Contains(svg.String(), "animation: text 64.50s") {
		t.Error("the film does not take 64.5 s")
	}
}
