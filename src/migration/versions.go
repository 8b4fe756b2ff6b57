package migration

import (
	"strconv"

	"jimm-migrator/src/migration/checks/rules"
)

// checkVersions applies the two rules that every Juju enforces on a migration:
// the target is not older than the source (major and minor), and not older than
// the model's agents. The caller has made sure that the three versions are known.
func checkVersions(s *situation) Finding {
	f := Finding{Check: CheckVersions}
	source, okS := rules.ParseVersion(s.source.AgentVersion)
	target, okT := rules.ParseVersion(s.target.AgentVersion)
	model, okM := rules.ParseVersion(s.model.AgentVersion)
	switch {
	case !okT || !okS && !okM:
		f.Level = Skip
		f.Evidence = "JIMM does not tell the versions of the controllers"
	case okS && target.MinorLess(source):
		f.Level = Fail
		f.Evidence = "target " + strconv.Quote(s.target.Name) + " runs Juju " + s.target.AgentVersion + ", older than source " + strconv.Quote(s.source.Name) + " with " + s.source.AgentVersion
		f.Remedy = "upgrade controller " + s.target.Name + " to " + source.Line() + " or newer, or choose another target"
	case okM && target.Less(model):
		f.Level = Fail
		f.Evidence = "target " + strconv.Quote(s.target.Name) + " runs Juju " + s.target.AgentVersion + ", older than the model's agents with " + s.model.AgentVersion
		f.Remedy = "upgrade controller " + s.target.Name + " to " + s.model.AgentVersion + " or newer, or choose another target"
	case !okM:
		f.Level = Skip
		f.Evidence = "the version of the model's agents is not known; the controllers fit: " + s.source.AgentVersion + " to " + s.target.AgentVersion
	case !okS:
		f.Level = Skip
		f.Evidence = "the version of the source is not known; the model fits the target: " + s.model.AgentVersion + " to " + s.target.AgentVersion
	default:
		f.Level = Pass
		f.Evidence = "source " + s.source.AgentVersion + ", model " + s.model.AgentVersion + ", target " + s.target.AgentVersion
	}
	return f
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
