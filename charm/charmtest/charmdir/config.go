package charmdir

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"

	"gopkg.in/yaml.v2"
)

// Option is one configuration option. Its values are string, int64, float64,
// bool, or, for a secret, the string "secret:<id>"; nil is unset.
type Option struct {
	Type        string `yaml:"type"` // string, int, float, boolean or secret
	Description string `yaml:"description"`
	Default     any    `yaml:"default"`
}

// ReadConfig reads config.yaml.
func ReadConfig(data []byte) (map[string]Option, error) {
	var file *struct {
		Options map[string]Option `yaml:"options"`
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	if file == nil {
		return nil, errors.New("invalid config: empty configuration")
	}
	for name, option := range file.Options {
		if option.Type == "" {
			option.Type = "string"
		}
		if !slices.Contains([]string{"string", "int", "float", "boolean", "secret"}, option.Type) {
			return nil, fmt.Errorf("invalid config: option %q has unknown type %q", name, option.Type)
		}
		def, err := option.Check(name, option.Default)
		if err != nil {
			return nil, fmt.Errorf("invalid config default: %w", err)
		}
		option.Default = def
		file.Options[name] = option
	}
	return file.Options, nil
}

func (o Option) expected(name string, value any) error {
	return fmt.Errorf("option %q expected %s, got %#v", name, o.Type, value)
}

// Parse reads a value as "juju config key=value" does.
func (o Option) Parse(name, text string) (any, error) {
	var value any
	var err error
	switch o.Type {
	case "int":
		value, err = strconv.ParseInt(text, 10, 64)
	case "float":
		value, err = strconv.ParseFloat(text, 64)
	case "boolean":
		value, err = strconv.ParseBool(text)
	default:
		return o.Check(name, text)
	}
	if err != nil {
		return nil, o.expected(name, text)
	}
	return value, nil
}

// Check says whether a typed value fits the option and returns it in the type
// that the option has.
func (o Option) Check(name string, value any) (any, error) {
	switch o.Type {
	case "string":
		if text, ok := value.(string); ok {
			return text, nil
		}
	case "secret":
		text, ok := value.(string)
		if ok && (text == "" || regexp.MustCompile(`^secret:([0-9a-f-]{36}/)?[0-9a-v]{20}$`).MatchString(text)) {
			return text, nil
		}
	case "int":
		if n, ok := asInt(value); ok {
			return n, nil
		}
	case "float":
		if f, ok := value.(float64); ok {
			return f, nil
		}
		if n, ok := asInt(value); ok {
			return float64(n), nil
		}
	case "boolean":
		if flag, ok := value.(bool); ok {
			return flag, nil
		}
	}
	if value == nil {
		return nil, nil
	}
	return nil, o.expected(name, value)
}

func asInt(value any) (int64, bool) {
	switch n := value.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	case float64: // a number that came through JSON
		return int64(n), n == math.Trunc(n)
	}
	return 0, false
}
