package charmdir

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Assumes is what a charm needs of Juju: a tree of features.
type Assumes struct {
	any      bool // any-of, else all-of
	nested   []Assumes
	feature  string
	operator string // ">=", "<" or empty
	version  string
}

func parseAssumes(list []any) (Assumes, error) {
	var out Assumes
	for _, one := range list {
		sub, err := parseAssume(one)
		if err != nil {
			return Assumes{}, err
		}
		out.nested = append(out.nested, sub)
	}
	return out, nil
}

func parseAssume(value any) (Assumes, error) {
	switch value := value.(type) {
	case string:
		words := strings.Fields(value)
		switch {
		case len(words) == 1:
			return Assumes{feature: words[0]}, nil
		case len(words) == 3 && (words[1] == ">=" || words[1] == "<"):
			if _, err := parseVersion(words[2]); err != nil {
				return Assumes{}, fmt.Errorf("parsing assumes expression %q: malformed version", value)
			}
			return Assumes{feature: words[0], operator: words[1], version: words[2]}, nil
		}
		return Assumes{}, fmt.Errorf("malformed feature expression %q", value)
	case map[any]any:
		for key, inner := range value {
			list, ok := inner.([]any)
			if !ok || key != "any-of" && key != "all-of" {
				break
			}
			out, err := parseAssumes(list)
			out.any = key == "any-of"
			return out, err
		}
	}
	return Assumes{}, errors.New(`parsing assumes expressions: expected a feature, "any-of" or "all-of"`)
}

// Check says why a charm cannot be deployed in a model of this Juju version,
// in Juju's words, or returns nil.
func (a Assumes) Check(jujuVersion string, kubernetes bool) error {
	unmet := a.unmet(jujuVersion, kubernetes)
	if len(unmet) == 0 {
		return nil
	}
	return errors.New("Charm cannot be deployed because:\n  - " + strings.Join(unmet, "\n  - "))
}

func (a Assumes) unmet(jujuVersion string, kubernetes bool) []string {
	if a.feature == "" {
		var all []string
		for _, one := range a.nested {
			unmet := one.unmet(jujuVersion, kubernetes)
			if a.any && len(unmet) == 0 {
				return nil
			}
			all = append(all, unmet...)
		}
		return all
	}
	switch a.feature {
	case "juju":
		have, _ := parseVersion(jujuVersion)
		want, _ := parseVersion(a.version)
		older := slices.Compare(have, want) < 0
		if a.operator == ">=" && older || a.operator == "<" && !older {
			return []string{fmt.Sprintf("charm requires Juju version %s %s, model has version %s",
				a.operator, format(want), format(have))}
		}
		return nil
	case "k8s-api":
		if kubernetes {
			return nil
		}
		return []string{"charm must be deployed on a Kubernetes cloud"}
	}
	return []string{fmt.Sprintf("charm requires feature %q but model does not support it", a.feature)}
}

// parseVersion reads "3.6", "3.6.11" or "4.0-beta5" as three numbers.
func parseVersion(text string) ([]int, error) {
	text, _, _ = strings.Cut(text, "-")
	out := []int{0, 0, 0}
	parts := strings.Split(text, ".")
	if len(parts) > len(out) {
		parts = parts[:len(out)]
	}
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, fmt.Errorf("cannot read version %q: %w", text, err)
		}
		out[i] = n
	}
	return out, nil
}

func format(version []int) string {
	words := make([]string, len(version))
	for i, n := range version {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ".")
}
