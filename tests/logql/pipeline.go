package logql

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"
)

// Entry is a line with the labels of its stream.
type Entry struct {
	At     time.Time
	Labels map[string]string
	Line   string
}

// row is an entry on its way through a pipeline.
type row struct {
	Entry
	value float64
}

// stage takes a row, may change its labels, and reports whether it is kept.
type stage interface{ pass(r *row) bool }

// pipeline selects lines: the matchers of streams, then stages.
type pipeline struct{ stages []stage }

func (p *pipeline) run(entries []Entry) []row {
	var out []row
	for _, e := range entries {
		r := row{Entry: Entry{e.At, maps.Clone(e.Labels), e.Line}}
		if !slices.ContainsFunc(p.stages, func(s stage) bool { return !s.pass(&r) }) {
			out = append(out, r)
		}
	}
	return out
}

func (p *pipeline) unwraps() bool {
	return slices.ContainsFunc(p.stages, func(s stage) bool { _, is := s.(unwrap); return is })
}

func (p *parser) pipeline() (*pipeline, error) {
	if err := p.need("{"); err != nil {
		return nil, err
	}
	out := &pipeline{}
	var labels []string
	for {
		m, err := p.matcher()
		if err != nil {
			return nil, err
		}
		out.stages = append(out.stages, m)
		labels = append(labels, m.label)
		if !p.take(",") {
			break
		}
	}
	if err := p.need("}"); err != nil {
		return nil, err
	}
	p.names.Streams = append(p.names.Streams, labels)
	for {
		s, err := p.stage()
		if err != nil || s == nil {
			return out, err
		}
		out.stages = append(out.stages, s)
	}
}

// stage parses one stage; nil if there is none.
func (p *parser) stage() (stage, error) {
	switch p.peek() {
	case "|=", "|~":
		operator := p.next()
		text, err := p.text()
		if err != nil {
			return nil, err
		}
		p.names.Texts = append(p.names.Texts, text)
		if operator == "|=" {
			text = regexp.QuoteMeta(text)
		}
		pattern, err := regexp.Compile(text)
		return line{pattern}, err
	case "|":
		p.next()
	default:
		return nil, nil //nolint:nilnil // The end of the pipeline.
	}
	switch p.peek() {
	case "json":
		p.next()
		return unpack{}, nil
	case "unwrap":
		p.next()
		label, err := p.word()
		p.names.Fields = append(p.names.Fields, label)
		return unwrap{label}, err
	case "line_format":
		p.next()
		text, err := p.text()
		for _, found := range regexp.MustCompile(`\{\{(?:if (?:not )?)?\.(\w+)`).FindAllStringSubmatch(text, -1) {
			p.names.Fields = append(p.names.Fields, found[1])
		}
		if err != nil {
			return nil, err
		}
		layout, err := template.New("").Option("missingkey=zero").Parse(text)
		return format{layout}, err
	}
	var out anyOf
	for {
		m, err := p.matcher()
		if err != nil {
			return nil, err
		}
		out = append(out, m)
		p.names.Fields = append(p.names.Fields, m.label)
		if !p.take("or") {
			return out, nil
		}
	}
}

// matcher is a condition for a label.
type matcher struct {
	label   string
	pattern *regexp.Regexp
	want    bool
}

func (p *parser) matcher() (matcher, error) {
	label, err := p.word()
	if err != nil {
		return matcher{}, err
	}
	operator := p.next()
	text, err := p.text()
	if err != nil {
		return matcher{}, err
	}
	switch operator {
	case "=", "!=":
		text = regexp.QuoteMeta(text)
	case "=~", "!~":
	default:
		return matcher{}, fmt.Errorf("%q compares nothing", operator)
	}
	pattern, err := regexp.Compile("^(?:" + text + ")$")
	return matcher{label, pattern, strings.HasPrefix(operator, "=")}, err
}

func (m matcher) pass(r *row) bool { return m.pattern.MatchString(r.Labels[m.label]) == m.want }

type anyOf []matcher

func (a anyOf) pass(r *row) bool {
	return slices.ContainsFunc(a, func(m matcher) bool { return m.pass(r) })
}

type line struct{ pattern *regexp.Regexp }

func (l line) pass(r *row) bool { return l.pattern.MatchString(r.Line) }

// format is the stage line_format.
type format struct{ layout *template.Template }

func (f format) pass(r *row) bool {
	var out strings.Builder
	if err := f.layout.Execute(&out, r.Labels); err != nil {
		r.Labels["__error__"] = "TemplateFormatErr"
		return true
	}
	r.Line = out.String()
	return true
}

// unpack is the stage json.
type unpack struct{}

func (unpack) pass(r *row) bool {
	var fields map[string]any
	if err := json.Unmarshal([]byte(r.Line), &fields); err != nil {
		r.Labels["__error__"] = "JSONParserErr"
		return true
	}
	for key, value := range fields {
		if _, there := r.Labels[key]; there {
			key += "_extracted"
		}
		switch value := value.(type) {
		case string:
			r.Labels[key] = value
		case bool:
			r.Labels[key] = strconv.FormatBool(value)
		case float64:
			r.Labels[key] = strconv.FormatFloat(value, 'f', -1, 64)
		}
	}
	return true
}

// unwrap turns a label into a number.
type unwrap struct{ label string }

func (u unwrap) pass(r *row) bool {
	value, err := strconv.ParseFloat(r.Labels[u.label], 64)
	if r.value = value; err != nil {
		r.Labels["__error__"] = "SampleExtractionErr"
	}
	return true
}
