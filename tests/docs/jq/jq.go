// Package jq is the part of jq (https://jqlang.org, 1.6 to 1.8) that the scripts in
// the documentation use, so that these are tested on machines without jq too. What
// it does not know it refuses. Where the real one is installed, a test compares them.
package jq

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Exit codes of jq. That of input which is no JSON differs between its releases.
const (
	exitOK       = 0
	exitUsage    = 2 // also for input that is no JSON
	exitCompile  = 3
	exitFiltered = 5 // the filter has failed
)

// Run does what the command does with the arguments, and returns its exit code.
func Run(args []string, in io.Reader, out, complaints io.Writer) int {
	raw, text := false, ""
	variables := map[string]any{}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "-r":
			raw = true
		case arg == "--arg" && len(args) > 1:
			variables["$"+args[0]] = args[1]
			args = args[2:]
		case text == "" && !strings.HasPrefix(arg, "-"):
			text = arg
		default:
			fmt.Fprintf(complaints, "jq: Unknown arguments: %s\n", arg)
			return exitUsage
		}
	}
	f, err := parse(text)
	if err != nil {
		fmt.Fprintf(complaints, "jq: error: %v\n", err)
		return exitCompile
	}
	for input := json.NewDecoder(in); ; {
		var value any
		if err := input.Decode(&value); errors.Is(err, io.EOF) {
			return exitOK
		} else if err != nil {
			fmt.Fprintf(complaints, "jq: parse error: %v\n", err)
			return exitUsage
		}
		values, err := f(value, variables)
		for _, v := range values {
			fmt.Fprintln(out, show(v, raw))
		}
		if err != nil {
			fmt.Fprintf(complaints, "jq: error: %v\n", err)
			return exitFiltered
		}
	}
}

// show prints a value as jq does.
func show(value any, raw bool) string {
	if text, ok := value.(string); ok && raw {
		return text
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func truthy(value any) bool { return value != nil && value != false }

// filter turns a value into any number of them. Those from before an error come
// with it.
type filter func(value any, variables map[string]any) ([]any, error)

// field is .NAME, and .["NAME"].
func field(of, name any) (any, error) {
	key, isText := name.(string)
	index, isNumber := name.(float64)
	switch of := of.(type) {
	case nil:
		return nil, nil //nolint:nilnil // Null of null is null.
	case map[string]any:
		if isText {
			return of[key], nil
		}
	case []any:
		if isNumber && int(index) < len(of) {
			return of[int(index)], nil
		} else if isNumber {
			return nil, nil //nolint:nilnil // Behind the end is null.
		}
	}
	return nil, fmt.Errorf("cannot index %T with %v", of, name)
}

// each is .[].
func each(of any) ([]any, error) {
	switch of := of.(type) {
	case []any:
		return of, nil
	case map[string]any:
		var out []any
		for _, key := range sorted(of) {
			out = append(out, of[key])
		}
		return out, nil
	}
	return nil, fmt.Errorf("cannot iterate over %v", of)
}

func entries(of any) ([]any, error) {
	object, ok := of.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%v has no keys", of)
	}
	list := []any{}
	for _, key := range sorted(object) {
		list = append(list, map[string]any{"key": key, "value": object[key]})
	}
	return []any{list}, nil
}

// sorted are the keys of an object. The real jq keeps the order of the input for
// .[], which no script may count on.
func sorted(object map[string]any) []string {
	var keys []string
	for key := range object {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
