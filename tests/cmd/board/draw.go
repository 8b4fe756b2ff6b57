package main

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"jimm-migrator/tests/logql"
)

// The grid of Grafana has 24 columns. The picture shows half an hour, with one point per minute.
const (
	column, row = 42, 32
	gap, head   = 4, 44
	span        = 30 * time.Minute
	step        = time.Minute
)

// evaluator evaluates a query.
type evaluator func(query string, entries []logql.Entry, at time.Time) (logql.Evaluation, error)

// picture is a dashboard that is being drawn.
type picture struct {
	*bufio.Writer
	entries []logql.Entry
	at      time.Time // one second after the last entry, because a query for lines excludes its end
	ask     evaluator
}

// draw writes the dashboard at the time of the last entry.
func draw(out io.Writer, b board, entries []logql.Entry, ask evaluator) error {
	if len(entries) == 0 {
		return fmt.Errorf("cannot draw %q: there are no lines", b.Title)
	}
	p := &picture{Writer: bufio.NewWriter(out), entries: entries, at: entries[len(entries)-1].At.Add(time.Second), ask: ask}
	height := 0
	for _, panel := range b.Panels {
		height = max(height, panel.GridPos.Y+panel.GridPos.H)
	}
	fmt.Fprintf(p, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img">`+"\n", 24*column+2*gap, head+height*row+2*gap)
	fmt.Fprintf(p, "<title>The dashboard %s</title>\n<style>\n%s</style>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#111217\"/>\n", escape(b.Title), look)
	fmt.Fprintf(p, "<text class=\"name\" x=\"%d\" y=\"28\">%s</text>\n", 3*gap, escape(b.Title))
	fmt.Fprintf(p, "<text class=\"right\" x=\"%d\" y=\"28\">%s to %s UTC</text>\n", 24*column-gap, p.at.Add(-span).Format("2006-01-02 15:04"), p.at.Format("15:04"))
	for _, panel := range b.Panels {
		if err := p.panel(panel); err != nil {
			return fmt.Errorf("cannot draw the panel %q: %w", panel.Title, err)
		}
	}
	fmt.Fprintln(p, "</svg>")
	return p.Flush()
}

// look is the style of the text.
const look = `text { font: 13px system-ui, "Segoe UI", Ubuntu, "DejaVu Sans", sans-serif; fill: #ccccdc }
.name { font-size: 18px; font-weight: 500 }
.title { font-weight: 500 }
.right { text-anchor: end }
.middle { text-anchor: middle }
.small { font-size: 11px; fill: #9a9aa8 }
.number { font-size: 44px; font-weight: 500; text-anchor: middle }
.none { font-size: 20px; text-anchor: middle; fill: #9a9aa8 }
.line { font: 11.5px ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; white-space: pre }
`

// box is the area of a panel's content.
type box struct{ x, y, w, h int }

// panel draws one panel.
func (p *picture) panel(one panel) error {
	g := one.GridPos
	b := box{gap + g.X*column, head + g.Y*row, g.W*column - gap, g.H*row - gap}
	fmt.Fprintf(p, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\" fill=\"#181b1f\" stroke=\"#2c2f36\"/>\n", b.x, b.y, b.w, b.h)
	fmt.Fprintf(p, "<text class=\"title\" x=\"%d\" y=\"%d\">%s</text>\n", b.x+10, b.y+20, escape(one.Title))
	b = box{b.x + 12, b.y + 34, b.w - 24, b.h - 44}
	switch one.Type {
	case "stat":
		return p.stat(one, b)
	case "bargauge":
		return p.bars(one, b)
	case "timeseries":
		return p.series(one, b)
	case "logs":
		return p.logs(one, b)
	}
	return fmt.Errorf("its type %q is not known", one.Type)
}

// query evaluates the query of a panel at a time.
func (p *picture) query(one panel, at time.Time) (logql.Evaluation, error) {
	const all = ".+"
	fill := strings.NewReplacer("$__range", minutes(span), "$__interval", minutes(step),
		"$juju_model_uuid", all, "$juju_model", all, "$juju_application", all, "$juju_unit", all)
	known := slices.IndexFunc(p.entries, func(e logql.Entry) bool { return e.At.After(at) })
	if known < 0 {
		known = len(p.entries)
	}
	return p.ask(fill.Replace(one.Targets[0].Expr), p.entries[:known], at)
}

func minutes(d time.Duration) string { return strconv.Itoa(int(d.Minutes())) + "m" }

// stat draws one number.
func (p *picture) stat(one panel, b box) error {
	e, err := p.query(one, p.at)
	if err != nil {
		return err
	}
	if len(e.Samples) == 0 {
		fmt.Fprintf(p, "<text class=\"none\" x=\"%d\" y=\"%d\">No data</text>\n", b.x+b.w/2, b.y+b.h/2+4)
		return nil
	}
	v := e.Samples[0].Value
	fmt.Fprintf(p, "<text class=\"number\" x=\"%d\" y=\"%d\" style=\"fill:%s\">%s</text>\n", b.x+b.w/2, b.y+b.h/2+10, threshold(one, v), number(one, v))
	return nil
}

// bars draws a bar for each value.
func (p *picture) bars(one panel, b box) error {
	e, err := p.query(one, p.at)
	if err != nil {
		return err
	}
	most := 0.0
	for _, s := range e.Samples {
		most = max(most, s.Value)
	}
	const high, label, value = 30, 120, 70
	for i, s := range e.Samples {
		y := b.y + i*(high+10)
		if y+high > b.y+b.h {
			return fmt.Errorf("%d bars have no room", len(e.Samples))
		}
		wide := float64(b.w-label-value) * s.Value / max(most, 1)
		fmt.Fprintf(p, "<text x=\"%d\" y=\"%d\">%s</text>\n", b.x, y+high/2+5, escape(legend(one, s)))
		fmt.Fprintf(p, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"#73bf69\"/>\n", b.x+label, y, wide, high)
		fmt.Fprintf(p, "<text class=\"right\" x=\"%d\" y=\"%d\">%s</text>\n", b.x+b.w, y+high/2+5, number(one, s.Value))
	}
	return nil
}

// point is a value of a series at a time.
type point struct {
	at    time.Time
	value float64
}

// series draws values over time.
func (p *picture) series(one panel, b box) error {
	all, most := map[string][]point{}, 0.0
	for at := p.at.Add(-span); !at.After(p.at); at = at.Add(step) {
		e, err := p.query(one, at)
		if err != nil {
			return err
		}
		for _, s := range e.Samples {
			all[legend(one, s)], most = append(all[legend(one, s)], point{at, s.Value}), max(most, s.Value)
		}
	}
	limit := 0.0 // above which something is wrong
	for _, s := range one.FieldConfig.Defaults.Thresholds.Steps {
		if s.Value != nil {
			limit = *s.Value
		}
	}
	most = max(most, 1.1*limit, 1)
	names := slices.Sorted(maps.Keys(all))
	rows := legendRows(names, b.w)
	const left, times, high = 60, 28, 14
	plot := box{b.x + left, b.y, b.w - left - 4, b.h - times - high*len(rows)}
	if plot.h < row {
		return fmt.Errorf("the names of %d series have no room", len(names))
	}
	y := func(v float64) float64 { return float64(plot.y+plot.h) - v/most*float64(plot.h) }
	x := func(at time.Time) float64 {
		return float64(plot.x) + float64(plot.w)*(1-p.at.Sub(at).Seconds()/span.Seconds())
	}
	for v, by := 0.0, tick(one.FieldConfig.Defaults.Unit, most); v <= most; v += by {
		fmt.Fprintf(p, "<path d=\"M%d %.1fh%d\" stroke=\"#2c2f36\"/>\n<text class=\"small right\" x=\"%d\" y=\"%.1f\">%s</text>\n", plot.x, y(v), plot.w, plot.x-6, y(v)+4, number(one, v))
	}
	const every = 5 * time.Minute
	for at := p.at.Add(-span).Truncate(every).Add(every); !at.After(p.at); at = at.Add(every) {
		fmt.Fprintf(p, "<text class=\"small middle\" x=\"%.1f\" y=\"%d\">%s</text>\n", min(max(x(at), float64(plot.x+14)), float64(plot.x+plot.w-14)), plot.y+plot.h+16, at.Format("15:04"))
	}
	if limit > 0 {
		fmt.Fprintf(p, "<path d=\"M%d %.1fh%d\" stroke=\"#f2495c\" stroke-dasharray=\"8 5\"/>\n", plot.x, y(limit), plot.w)
	}
	colors := []string{"#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#b877d9", "#f2495c"}
	for i, name := range names {
		p.curve(all[name], x, y, colors[i%len(colors)])
	}
	drawn := 0
	for i, line := range rows {
		next, base := b.x, b.y+b.h+2-high*(len(rows)-1-i)
		for _, name := range line {
			fmt.Fprintf(p, "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"4\" fill=\"%s\"/>\n<text class=\"small\" x=\"%d\" y=\"%d\">%s</text>\n", next, base-6, colors[drawn%len(colors)], next+17, base, escape(name))
			next, drawn = next+nameWidth(name), drawn+1
		}
	}
	return nil
}

// legendRows arranges the names of series in rows of a width.
func legendRows(names []string, width int) [][]string {
	var rows [][]string
	left := 0
	for _, name := range names {
		if len(rows) == 0 || nameWidth(name) > left {
			rows, left = append(rows, nil), width
		}
		last := len(rows) - 1
		rows[last], left = append(rows[last], name), left-nameWidth(name)
	}
	return rows
}

// nameWidth is the maximum width of the name of a series, with its color and the gap after it.
func nameWidth(name string) int { return 30 + 6*len(name) }

// tick is the distance between the ticks of an axis: the smallest round one that needs no more than four. Seconds are
// rounded as on a clock.
func tick(unit string, most float64) float64 {
	steps := []float64{1, 2, 5}
	by := 10.0
	if unit == "s" {
		steps, by = []float64{1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200}, 86400
	}
	for factor := 1.0; ; factor *= by {
		for _, step := range steps {
			if most/(step*factor) < 5 {
				return step * factor
			}
		}
	}
}

// curve draws one series. A missing value leaves a gap.
func (p *picture) curve(points []point, x func(time.Time) float64, y func(float64) float64, color string) {
	var path strings.Builder
	for i, v := range points {
		to := "M"
		if i > 0 && v.at.Sub(points[i-1].at) == step {
			to = "L"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", to, x(v.at), y(v.value))
		fmt.Fprintf(p, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", x(v.at), y(v.value), color)
	}
	fmt.Fprintf(p, "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", path.String(), color)
}

// logs draws as many lines as fit, the latest first.
func (p *picture) logs(one panel, b box) error {
	e, err := p.query(one, p.at)
	if err != nil {
		return err
	}
	if len(e.Lines) != len(p.entries) {
		return fmt.Errorf("it shows %d of %d lines, and only the times of all are known", len(e.Lines), len(p.entries))
	}
	const high, wide = 18, 7
	shown := min(len(e.Lines), b.h/high)
	for i := range shown {
		n := len(e.Lines) - 1 - i
		text := []rune(p.entries[n].At.Format("2006-01-02 15:04:05") + "  " + strings.Join(strings.Fields(e.Lines[n]), " "))
		if most := b.w / wide; len(text) > most {
			text = append(text[:most-1], '…')
		}
		fmt.Fprintf(p, "<text class=\"line\" x=\"%d\" y=\"%d\">%s</text>\n", b.x, b.y+i*high+12, escape(string(text)))
	}
	return nil
}

// legend is the name of a value: the labels in the panel's format.
func legend(one panel, s logql.Sample) string {
	return regexp.MustCompile(`\{\{(\w+)\}\}`).ReplaceAllStringFunc(one.Targets[0].LegendFormat, func(found string) string {
		return s.Labels[strings.Trim(found, "{}")]
	})
}

// number is a value in the panel's unit.
func number(one panel, v float64) string {
	if one.FieldConfig.Defaults.Unit != "s" {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	d := time.Duration(math.Round(v)) * time.Second
	switch {
	case d < time.Minute:
		return d.String()
	case d%time.Minute == 0:
		return minutes(d)
	}
	return strings.Replace(d.String(), "m", "m ", 1)
}

// threshold is the color of a value.
func threshold(one panel, v float64) string {
	name := ""
	for _, s := range one.FieldConfig.Defaults.Thresholds.Steps {
		if s.Value == nil || v >= *s.Value {
			name = s.Color
		}
	}
	return cmp.Or(map[string]string{"blue": "#5794f2", "green": "#73bf69", "orange": "#ff9830", "red": "#f2495c"}[name], "#ccccdc")
}

func escape(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // writing to a builder never fails
	return out.String()
}
