package main

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// line is a line of a terminal, and the time at which it was printed.
type line struct {
	text string
	at   time.Duration
}

// The terminal, in characters, and its characters, in pixels.
const (
	columns, rows                 = 100, 30
	charWidth, lineHeight         = 8.43, 19
	margin, bar                   = 16, 34
	screenWidth                   = 2*margin + columns*charWidth
	screenHeight                  = rows * lineHeight
	width, height         float64 = screenWidth, bar + screenHeight + margin
)

// The pace. A line stays for a moment, so that the eye can follow, and a command longer; no pause is longer than a
// reader needs. Progress and results stay until they are read before they scroll away.
const (
	briefest = 45 * time.Millisecond
	typing   = 900 * time.Millisecond
	longest  = 1500 * time.Millisecond
	reading  = 3 * time.Second
	ending   = 6 * time.Second
)

// kind is the style of the lines that match a pattern.
type kind struct {
	class   string
	pattern *regexp.Regexp
}

// kinds returns the kinds of lines; the first that matches counts.
func kinds() []kind {
	return []kind{
		{"command", regexp.MustCompile(`^\$ `)},
		{"bad", regexp.MustCompile(`: fail\b|^outcome: (aborted|unknown|conflict)`)},
		{"warning", regexp.MustCompile(`: warn\b`)},
		{"phase", regexp.MustCompile(`^\d\d:\d\d:\d\d [A-Z]{4,}:`)},
		{"good", regexp.MustCompile(`^outcome: migrated|^(\d\d:\d\d:\d\d )?(summary: )?model \S+ migrated from `)},
		{"plain", regexp.MustCompile(`^\d\d:\d\d:\d\d |^\w[\w-]*:`)},
	}
}

// frame is a state of the screen: how many rows are printed, from a time on.
type frame struct {
	at   time.Duration
	rows int
}

// draw writes the film.
func draw(out io.Writer, film []line) error {
	w := bufio.NewWriter(out)
	frames, end := pace(film)
	last := frames[len(frames)-1].rows
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %[1]v %[2]v" role="img" xml:space="preserve">`+"\n", width, height)
	fmt.Fprintf(w, "<title>A terminal: %s</title>\n<style>\n%s", escape(strings.TrimPrefix(film[0].text, "$ ")), look)
	fmt.Fprintf(w, "#text { transform: translateY(%dpx); animation: text %.2fs step-end infinite }\n", shift(last), end.Seconds())
	fmt.Fprintf(w, "#unprinted { transform: translateY(%dpx); animation: unprinted %.2fs step-end infinite }\n", last*lineHeight, end.Seconds())
	fmt.Fprintln(w, "@media (prefers-reduced-motion: reduce) { #text, #unprinted { animation: none } }")
	animate(w, "text", frames, end, shift)
	animate(w, "unprinted", frames, end, func(printed int) int { return printed * lineHeight })
	fmt.Fprintf(w, "</style>\n<rect width=\"%v\" height=\"%v\" rx=\"8\" fill=\"#1d2430\"/>\n", width, height)
	for i, color := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		fmt.Fprintf(w, "<circle cx=\"%d\" cy=\"%d\" r=\"6\" fill=\"%s\"/>\n", margin+6+20*i, bar/2, color)
	}
	fmt.Fprintf(w, "<svg y=\"%d\" width=\"%v\" height=\"%d\">\n<g id=\"text\">\n", bar, width, screenHeight)
	known, row := kinds(), 0
	for _, l := range film {
		fmt.Fprintf(w, `<text class="%s">`, style(known, l.text))
		for _, part := range wrap(l.text) {
			fmt.Fprintf(w, `<tspan x="%d" y="%d">%s</tspan>`, margin, row*lineHeight+14, escape(part))
			row++
		}
		fmt.Fprintln(w, "</text>")
	}
	fmt.Fprintf(w, "<rect id=\"unprinted\" width=\"%v\" height=\"%d\" fill=\"#1d2430\"/>\n</g>\n</svg>\n</svg>\n", width, screenHeight)
	return w.Flush()
}

// look is the style of the text.
const look = `text { font: 14px ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; white-space: pre; fill: #9aa7b8 }
.command { fill: #ffffff; font-weight: bold }
.plain { fill: #d5dce6 }
.phase { fill: #6cb6ff }
.good { fill: #57d364; font-weight: bold }
.warning { fill: #f2b134 }
.bad { fill: #ff7b72 }
`

// pace returns the states of the screen, and the length of the film.
func pace(film []line) ([]frame, time.Duration) {
	var frames []frame
	var now, before time.Duration
	printed, timed := 0, regexp.MustCompile(`^\d\d:\d\d:\d\d `)
	for i, l := range film {
		pause := min(max(l.at-before, briefest), longest)
		if strings.HasPrefix(l.text, "$ ") || i > 0 && strings.HasPrefix(film[i-1].text, "$ ") {
			pause = max(pause, typing)
		}
		switch {
		case i == 0:
			pause = 0
		case strings.HasPrefix(l.text, "$ "), timed.MatchString(film[i-1].text) && !timed.MatchString(l.text):
			pause = reading
		}
		now, before = now+pause, l.at
		printed += len(wrap(l.text))
		frames = append(frames, frame{now, printed})
	}
	return frames, now + ending
}

// animate writes the animation steps of an element.
func animate(w io.Writer, name string, frames []frame, end time.Duration, y func(printed int) int) {
	fmt.Fprintf(w, "@keyframes %s {\n", name)
	for i, f := range frames {
		if i == 0 || y(f.rows) != y(frames[i-1].rows) {
			fmt.Fprintf(w, "%.3f%% { transform: translateY(%dpx) }\n", 100*f.at.Seconds()/end.Seconds(), y(f.rows))
		}
	}
	fmt.Fprintf(w, "100%% { transform: translateY(%dpx) }\n}\n", y(frames[len(frames)-1].rows))
}

// shift is how far the text has scrolled up when this many rows are printed.
func shift(printed int) int { return -max(0, printed-rows) * lineHeight }

// wrap breaks a line that is wider than the terminal, after a space if there is one. An empty line has one row.
func wrap(text string) []string {
	runes := []rune(text)
	var parts []string
	for len(runes) > columns {
		end := columns
		if space := strings.LastIndex(string(runes[:columns]), " "); space > columns/2 {
			end = len([]rune(string(runes[:columns])[:space+1]))
		}
		parts, runes = append(parts, string(runes[:end])), runes[end:]
	}
	return append(parts, string(runes))
}

// style returns the class of a line.
func style(kinds []kind, text string) string {
	for _, k := range kinds {
		if k.pattern.MatchString(text) {
			return k.class
		}
	}
	return "detail"
}

func escape(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // writing to a builder never fails
	return out.String()
}
