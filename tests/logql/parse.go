package logql

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Query is a parsed query. Exactly one of the two fields is set.
type Query struct {
	lines  *pipeline
	vector node
	names  Names
}

// Names are the names that a query refers to.
type Names struct {
	Streams [][]string // the labels that each selector selects streams by
	Fields  []string   // the labels that filters, unwrap, by and line_format use
	Texts   []string   // what lines must contain or match
}

// Names returns what the query refers to.
func (q Query) Names() Names { return q.names }

// Parse reads a query.
func Parse(text string) (Query, error) {
	p := &parser{tokens: tokenize(text)}
	var q Query
	var err error
	if p.peek() == "{" {
		q.lines, err = p.pipeline()
	} else {
		q.vector, err = p.expression()
	}
	if err == nil && p.peek() != "" {
		err = fmt.Errorf("nothing is expected behind the query, but there is %q", p.peek())
	}
	q.names = p.names
	if err != nil {
		return Query{}, fmt.Errorf("cannot read the query %s: %w", text, err)
	}
	return q, nil
}

// tokenize cuts a query into words, numbers, texts, ranges and signs. Anything else becomes a token that no rule
// accepts.
func tokenize(text string) []string {
	pattern := regexp.MustCompile("`[^`]*`|" + `"(?:[^"\\]|\\.)*"|\[\d+[smhd]\]|\|=|\|~|!=|!~|=~|>=|<=|[A-Za-z_]\w*|\d+(?:\.\d+)?|\S`)
	return pattern.FindAllString(text, -1)
}

type parser struct {
	tokens []string
	at     int
	names  Names
}

func (p *parser) peek() string {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return ""
}

func (p *parser) next() string {
	token := p.peek()
	p.at++
	return token
}

func (p *parser) take(token string) bool {
	if p.peek() != token {
		return false
	}
	p.at++
	return true
}

func (p *parser) need(token string) error {
	if !p.take(token) {
		return fmt.Errorf("%q is expected, but there is %q", token, p.peek())
	}
	return nil
}

func (p *parser) text() (string, error) {
	token := p.next()
	text, err := strconv.Unquote(token)
	if err != nil {
		return "", fmt.Errorf("%q is no text", token)
	}
	return text, nil
}

func (p *parser) word() (string, error) {
	token := p.next()
	if !regexp.MustCompile(`^[A-Za-z_]\w*$`).MatchString(token) {
		return "", fmt.Errorf("%q is not a name", token)
	}
	return token, nil
}

// expression parses vectors that are combined.
func (p *parser) expression() (node, error) {
	left, err := p.compared()
	for err == nil && slices.Contains([]string{"or", "unless", "and"}, p.peek()) {
		operator := p.next()
		var right node
		right, err = p.compared()
		left = combined{left, right, operator}
	}
	return left, err
}

// compared parses a vector, and what its values are compared with.
func (p *parser) compared() (node, error) {
	inner, err := p.vector()
	if err != nil || p.peek() != ">" {
		return inner, err
	}
	p.next()
	limit, err := strconv.ParseFloat(p.next(), 64)
	return above{inner, limit}, err
}

func (p *parser) vector() (node, error) {
	if p.take("(") {
		inner, err := p.expression()
		if err != nil {
			return nil, err
		}
		return inner, p.need(")")
	}
	name, err := p.word()
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(name, "_over_time") {
		return p.overTime(name)
	}
	if name == "vector" {
		return p.constant()
	}
	if !slices.Contains([]string{"sum", "max", "count"}, name) {
		return nil, fmt.Errorf("%q is not known", name)
	}
	by, err := p.by()
	if err != nil {
		return nil, err
	}
	if err := p.need("("); err != nil {
		return nil, err
	}
	inner, err := p.expression()
	if err != nil {
		return nil, err
	}
	return aggregated{inner, name, by}, p.need(")")
}

// constant reads the value of "vector(0)".
func (p *parser) constant() (node, error) {
	if err := p.need("("); err != nil {
		return nil, err
	}
	value, err := strconv.ParseFloat(p.next(), 64)
	if err != nil {
		return nil, err
	}
	return constant(value), p.need(")")
}

// by reads "by (a, b)"; nil if there is none.
func (p *parser) by() ([]string, error) {
	if !p.take("by") {
		return nil, nil
	}
	if err := p.need("("); err != nil {
		return nil, err
	}
	labels := []string{}
	for {
		label, err := p.word()
		if err != nil {
			return nil, err
		}
		labels = append(labels, label)
		p.names.Fields = append(p.names.Fields, label)
		if !p.take(",") {
			return labels, p.need(")")
		}
	}
}

func (p *parser) overTime(name string) (node, error) {
	if !slices.Contains([]string{"count_over_time", "max_over_time", "avg_over_time", "last_over_time"}, name) {
		return nil, fmt.Errorf("%q is not known", name)
	}
	if err := p.need("("); err != nil {
		return nil, err
	}
	lines, err := p.pipeline()
	if err != nil {
		return nil, err
	}
	long, err := time.ParseDuration(strings.Trim(p.next(), "[]"))
	if err != nil {
		return nil, err
	}
	if err := p.need(")"); err != nil {
		return nil, err
	}
	by, err := p.by()
	if counts := name == "count_over_time"; err == nil && (counts == lines.unwraps() || counts && by != nil) {
		err = fmt.Errorf("%s with unwrap %v and by %v", name, lines.unwraps(), by)
	}
	return overTime{lines, name, long, by}, err
}
