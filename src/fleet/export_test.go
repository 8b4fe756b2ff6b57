package fleet

import "jimm-migrator/src/migration/facts"

// Sign puts the right hash under a body.
func Sign(body string) string { return body + "hash " + hashOf(body) + "\n" }

// Hops is the route of a model to a controller that is allowed.
func Hops(s Snapshot, model facts.Model, version string, allowed func(facts.Controller) bool) (route []Step, ok bool) {
	return hops(newRater(s), model, version, func(c facts.Controller, _ Eligibility) bool { return allowed(c) })
}
