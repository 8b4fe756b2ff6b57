package charmtest

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	jujucharm "github.com/juju/charm/v12"
	yamlv2 "gopkg.in/yaml.v2"
	"gopkg.in/yaml.v3"
)

// ParseRunArgs reads the "key[.key…]=value" arguments of juju run into the
// parameters of a task, with Juju 3.6's rules and texts. Each value is YAML, as
// Juju's own fork of a YAML 1.1 parser reads it; with stringArgs (juju run
// --string-args) it is text. juju run exits with 2 on an error in a key, and
// with 1 on one in a value.
func ParseRunArgs(args []string, stringArgs bool) (map[string]any, error) {
	params := map[string]any{}
	if err := MergeRunArgs(params, args, stringArgs); err != nil {
		return nil, err
	}
	return params, nil
}

// MergeRunArgs adds such arguments to parameters that exist already, those of
// [ParseParams]. The arguments override them.
func MergeRunArgs(params map[string]any, args []string, stringArgs bool) error {
	rule := jujucharm.GetActionNameRule()
	for _, arg := range args {
		key, text, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("argument %q must be of the form key.key.key...=value", arg)
		}
		path := strings.Split(key, ".")
		for _, part := range path {
			if !rule.MatchString(part) {
				return fmt.Errorf("key %q must start and end with lowercase alphanumeric, "+
					"and contain only lowercase alphanumeric and hyphens", part)
			}
		}
		var value any = text
		if !stringArgs {
			var err error
			if value, err = parseYAML(text); err != nil {
				return err
			}
		}
		setPath(params, path, value)
	}
	return nil
}

// ParseParams reads the YAML of a file for juju run --params.
func ParseParams(data []byte) (map[string]any, error) {
	var doc map[string]any
	if err := yamlv2.Unmarshal(data, &doc); err != nil { // for the text of the error
		return nil, err
	}
	value, err := parseYAML(string(data))
	if err != nil {
		return nil, err
	}
	params, ok := value.(map[string]any)
	if !ok {
		params = map[string]any{} // an empty file
	}
	return params, nil
}

// setPath puts a value into nested maps; a value in the way is replaced.
func setPath(into map[string]any, path []string, value any) {
	for len(path) > 1 {
		inner, ok := into[path[0]].(map[string]any)
		if !ok {
			inner = map[string]any{}
			into[path[0]] = inner
		}
		into, path = inner, path[1:]
	}
	into[path[0]] = value
}

// parseYAML reads a value. The parser of YAML 1.2 gives the structure; plain
// scalars are interpreted as Juju's parser interprets them.
func parseYAML(text string) (any, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return resolve(doc.Content[0])
}

func resolve(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.MappingNode:
		out := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, err := resolve(n.Content[i])
			if err != nil {
				return nil, err
			}
			name, ok := key.(string)
			if !ok {
				return nil, errors.New("map keyed with non-string value")
			}
			if out[name], err = resolve(n.Content[i+1]); err != nil {
				return nil, err
			}
		}
		return out, nil
	case yaml.SequenceNode:
		out := make([]any, len(n.Content))
		for i, one := range n.Content {
			value, err := resolve(one)
			if err != nil {
				return nil, err
			}
			out[i] = value
		}
		return out, nil
	case yaml.AliasNode:
		return resolve(n.Alias)
	default: // a scalar
	}
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return n.Value, nil
	}
	if n.Style&yaml.TaggedStyle != 0 {
		var value any
		err := n.Decode(&value)
		return value, err
	}
	return plainScalar(n.Value), nil
}

// plainScalar is what a scalar without quotes means.
func plainScalar(text string) any {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return nil
	case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE":
		return true
	case "n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE":
		return false
	case ".nan", ".NaN", ".NAN":
		return math.NaN()
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		return math.Inf(1)
	case "-.inf", "-.Inf", "-.INF":
		return math.Inf(-1)
	}
	if !strings.ContainsAny(text[:1], "0123456789+-.") {
		return text
	}
	digits := strings.ReplaceAll(text, "_", "")
	if n, err := strconv.ParseInt(digits, 0, 64); err == nil {
		return n
	}
	if n, err := strconv.ParseUint(digits, 0, 64); err == nil {
		return n
	}
	// An exponent needs its sign: 1e5 and 123e4567 are text, 1e+5 is a number.
	if regexp.MustCompile(`^[-+]?[0-9]*\.?[0-9]+([eE][-+][0-9]+)?$`).MatchString(digits) {
		if f, err := strconv.ParseFloat(digits, 64); err == nil {
			return f
		}
	}
	if binary, ok := strings.CutPrefix(digits, "0b"); ok {
		if n, err := strconv.ParseInt(binary, 2, 64); err == nil {
			return n
		}
	}
	return text
}
