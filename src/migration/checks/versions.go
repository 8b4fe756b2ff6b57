package checks

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jimm-migrator/src/migration/checks/rules"
	"jimm-migrator/src/migration/survey"
)

// checkVersionHop applies the rules about which versions migrate to which.
func checkVersionHop(s *survey.Survey) Finding {
	if s.OnTarget() {
		return arrived()
	}
	var forbidden, limited, unknown, remedies, limits []string
	f := Facts(s)
	for _, r := range rules.All().Hops {
		say, do := Fill(s, r.Say, r, f), Fill(s, r.Do, r, f)
		switch m := r.Match(f); {
		case m == rules.Fits && r.Level == "fail":
			forbidden, remedies = append(forbidden, say), append(remedies, do)
		case m == rules.Fits:
			limited, limits = append(limited, say), append(limits, do)
		case m == rules.FitUnknown && r.Level == "fail" && r.Apt(f) == rules.Fits:
			unknown = append(unknown, fillOpen(s, r))
		}
	}
	_, okS := rules.ParseVersion(f.Source)
	_, okT := rules.ParseVersion(f.Target)
	between := cmp.Or(f.Source, "unknown") + " to " + cmp.Or(f.Target, "unknown") + ", agents " + cmp.Or(f.Model, "unknown")
	switch {
	case len(forbidden) > 0:
		return Finding{Level: Fail, Evidence: between + ": " + List(forbidden), Remedy: List(remedies)}
	case !okS || !okT:
		return Finding{Level: Skip, Evidence: between + ": JIMM does not report the versions of the controllers"}
	case len(limited) > 0:
		return Finding{Level: Warn, Evidence: between + ": " + List(append(limited, open(unknown)...)), Remedy: List(limits)}
	case len(unknown) > 0:
		return Finding{Level: Skip, Evidence: between + ": " + List(open(unknown))}
	default:
		return Finding{Level: Pass, Evidence: between + ": no rule forbids it"}
	}
}

// arrived is the finding of a check about the way to the target, on which JIMM records the model already.
func arrived() Finding {
	return Finding{Level: Skip, Evidence: "JIMM already records the model on the target"}
}

// fillOpen is the sentence of a rule for a model with contents that are not
// known.
func fillOpen(s *survey.Survey, r rules.Rule) string {
	return strings.ReplaceAll(Fill(s, r.Say, r, rules.Facts{}), " ()", "")
}

// open marks rules that depend on contents of the model that are not known.
func open(unknown []string) []string {
	out := make([]string, len(unknown))
	for n, say := range unknown {
		out[n] = "may apply: " + say
	}
	return out
}

// checkAdvisories lists known bugs that affect such a migration.
func checkAdvisories(s *survey.Survey) Finding {
	if s.OnTarget() {
		return arrived()
	}
	var known, remedies []string
	var items []Item
	unknown := 0
	f := Facts(s)
	all := rules.All().Advisories
	var fit []rules.Rule
	for _, r := range all {
		switch r.Match(f) {
		case rules.Fits:
			fit = append(fit, r)
		case rules.FitUnknown:
			unknown++
		case rules.FitsNot:
		}
	}
	for _, r := range nearestFirst(fit) {
		item := Item{ID: r.ID, Evidence: Fill(s, r.Say, r, f), Remedy: Fill(s, r.Do, r, f)}
		items = append(items, item)
		known = append(known, item.ID+": "+item.Evidence)
		remedies = append(remedies, strings.TrimPrefix(item.ID, "juju/")+": "+item.Remedy)
	}
	switch {
	case len(known) > 0:
		return Finding{Level: Warn, Evidence: strings.Join(known, "; "), Remedy: strings.Join(remedies, "; "), Items: items}
	case unknown > 0:
		return Finding{Level: Skip, Evidence: fmt.Sprintf("%d of %d known bugs may affect this migration, depending on facts that are not known here", unknown, len(all))}
	default:
		return Finding{Level: Pass, Evidence: fmt.Sprintf("none of %d known bugs affects this migration", len(all))}
	}
}

// nearestFirst puts the rules about what the model contains before those about its
// type, and those before all others.
func nearestFirst(all []rules.Rule) []rules.Rule {
	far := func(r rules.Rule) int {
		switch {
		case len(r.Holds) > 0:
			return 0
		case r.Type != "" || len(r.Clouds) > 0:
			return 1
		default:
			return 2
		}
	}
	return slices.SortedStableFunc(slices.Values(all), func(a, b rules.Rule) int { return far(a) - far(b) })
}

// checkVersions applies the two rules that every Juju enforces on a migration:
// the target is not older than the source (major and minor), and not older than
// the model's agents. The caller has made sure that the three versions are known.
func checkVersions(s *survey.Survey) Finding {
	f := Finding{Check: Versions}
	source, okS := rules.ParseVersion(s.Source.AgentVersion)
	target, okT := rules.ParseVersion(s.Target.AgentVersion)
	model, okM := rules.ParseVersion(s.Model.AgentVersion)
	switch {
	case !okT || !okS && !okM:
		f.Level = Skip
		f.Evidence = "JIMM does not report the versions of the controllers"
	case okS && target.MinorLess(source):
		f.Level = Fail
		f.Evidence = "target " + strconv.Quote(s.Target.Name) + " runs Juju " + s.Target.AgentVersion + ", older than source " + strconv.Quote(s.Source.Name) + " (" + s.Source.AgentVersion + ")"
		f.Remedy = "upgrade controller " + s.Target.Name + " to " + source.Line() + " or newer, or choose another target"
	case okM && (target.Less(model) || target == model && build(s.Target.AgentVersion) < build(s.Model.AgentVersion)):
		f.Level = Fail
		f.Evidence = "target " + strconv.Quote(s.Target.Name) + " runs Juju " + s.Target.AgentVersion + ", older than the model's agents (" + s.Model.AgentVersion + ")"
		f.Remedy = "upgrade controller " + s.Target.Name + " to " + s.Model.AgentVersion + " or newer, or choose another target"
	case !okM:
		f.Level = Skip
		f.Evidence = "the version of the model's agents is not known; the controllers fit: " + s.Source.AgentVersion + " to " + s.Target.AgentVersion
	case !okS:
		f.Level = Skip
		f.Evidence = "the version of the source is not known; the model fits the target: " + s.Model.AgentVersion + " to " + s.Target.AgentVersion
	default:
		f.Level = Pass
		f.Evidence = "source " + s.Source.AgentVersion + ", model " + s.Model.AgentVersion + ", target " + s.Target.AgentVersion
	}
	return f
}

// build returns the number of a development build, 1 of "3.6.14.1" and of "4.1-beta2.1", and 0 of a release.
// The rules about versions take a build for its release, but a target does not (recorded on 3.5.4).
func build(version string) int {
	parts := strings.FieldsFunc(version, func(r rune) bool { return r == '.' || r == '-' })
	if len(parts) < 4 { // major, minor, patch or beta, build
		return 0
	}
	n, _ := strconv.Atoi(parts[3])
	return n
}

// CompareVersions orders two Juju versions: negative if a comes first. One that
// cannot be read comes after all others.
func CompareVersions(a, b string) int {
	x, okX := rules.ParseVersion(a)
	y, okY := rules.ParseVersion(b)
	switch {
	case !okX && !okY:
		return 0
	case !okX || okY && y.Less(x):
		return 1
	case !okY || x.Less(y):
		return -1
	default:
		return 0
	}
}

// IsVersion reports whether the text is a Juju version.
func IsVersion(text string) bool {
	_, ok := rules.ParseVersion(text)
	return ok
}
