package charmtest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/juju/charm/v12/assumes"
	"github.com/juju/version/v2"
)

// before reports whether the model's Juju is older than a version. A pre-release of
// it is older.
func (a *Agent) before(major, minor, patch int) bool {
	return a.juju.Compare(version.Number{Major: major, Minor: minor, Patch: patch}) < 0
}

// checkAssumes returns why a charm cannot be deployed in a model of this Juju
// version, in the text of Juju 3.6, or nil.
func checkAssumes(tree *assumes.ExpressionTree, jujuVersion string, kubernetes bool) error {
	if tree == nil {
		return nil
	}
	model, err := version.Parse(jujuVersion)
	if err != nil {
		return err
	}
	unmet := unmetFeatures(tree.Expression, model, kubernetes)
	if len(unmet) == 0 {
		return nil
	}
	return errors.New("Charm cannot be deployed because:\n  - " + strings.Join(unmet, "\n  - "))
}

func unmetFeatures(expr assumes.Expression, model version.Number, kubernetes bool) []string {
	switch expr := expr.(type) {
	case assumes.CompositeExpression:
		var all []string
		for _, one := range expr.SubExpressions {
			unmet := unmetFeatures(one, model, kubernetes)
			if expr.ExprType == assumes.AnyOfExpression && len(unmet) == 0 {
				return nil
			}
			all = append(all, unmet...)
		}
		return all
	case assumes.FeatureExpression:
		return unmetFeature(expr, model, kubernetes)
	}
	return nil
}

func unmetFeature(feature assumes.FeatureExpression, model version.Number, kubernetes bool) []string {
	switch {
	case feature.Name == "k8s-api":
		if kubernetes {
			return nil
		}
		return []string{"charm must be deployed on a Kubernetes cloud"}
	case feature.Name != "juju":
		return []string{fmt.Sprintf("charm requires feature %q but model does not support it", feature.Name)}
	case feature.Version == nil:
		return nil
	}
	// A pre-release counts as its release: 4.0-beta5 has what 4.0.0 has.
	numbers := version.Number{Major: model.Major, Minor: model.Minor, Patch: model.Patch}
	older := numbers.Compare(*feature.Version) < 0
	if older == (feature.Constraint == assumes.VersionGTE) {
		return []string{fmt.Sprintf("charm requires Juju version %s %s, model has version %s",
			feature.Constraint, feature.Version, numbers)}
	}
	return nil
}
