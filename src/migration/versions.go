package migration

import (
	"strconv"
	"strings"
)

// version is a Juju agent version without its build number.
type version struct{ major, minor, patch int }

// parseVersion reads "3.6.14", "4.0-beta5" or "3.6.14.1". ok is false for what
// is no version: nothing is concluded from it.
func parseVersion(s string) (v version, ok bool) {
	core, pre, _ := strings.Cut(s, "-")
	parts := strings.Split(core, ".")
	if len(parts) < 2 {
		return version{}, false
	}
	numbers := make([]int, 3)
	for i := range min(len(parts), 3) {
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < 0 {
			return version{}, false
		}
		numbers[i] = n
	}
	if pre != "" && len(parts) == 2 {
		numbers[2] = -1 // 4.0-beta5 comes before 4.0.0.
	}
	return version{numbers[0], numbers[1], numbers[2]}, true
}

// less orders versions.
func (v version) less(w version) bool {
	if v.major != w.major {
		return v.major < w.major
	}
	if v.minor != w.minor {
		return v.minor < w.minor
	}
	return v.patch < w.patch
}

// minorLess orders versions by major and minor alone.
func (v version) minorLess(w version) bool {
	return v.major < w.major || v.major == w.major && v.minor < w.minor
}

// checkVersions applies the two rules that every Juju enforces on a migration:
// the target is not older than the source (major and minor), and not older than
// the model's agents. The caller has made sure that the three versions are known.
func checkVersions(s *situation) Finding {
	f := Finding{Check: CheckVersions}
	source, okS := parseVersion(s.source.AgentVersion)
	target, okT := parseVersion(s.target.AgentVersion)
	model, okM := parseVersion(s.model.AgentVersion)
	switch {
	case !okT || !okS && !okM:
		f.Level = Skip
		f.Evidence = "JIMM does not tell the versions of the controllers"
	case okS && target.minorLess(source):
		f.Level = Fail
		f.Evidence = "target " + quote(s.target.Name) + " runs Juju " + s.target.AgentVersion + ", older than source " + quote(s.source.Name) + " with " + s.source.AgentVersion
		f.Remedy = "upgrade controller " + s.target.Name + " to " + minorOf(source) + " or newer, or choose another target"
	case okM && target.less(model):
		f.Level = Fail
		f.Evidence = "target " + quote(s.target.Name) + " runs Juju " + s.target.AgentVersion + ", older than the model's agents with " + s.model.AgentVersion
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

func minorOf(v version) string { return strconv.Itoa(v.major) + "." + strconv.Itoa(v.minor) }

func quote(s string) string { return strconv.Quote(s) }

// CompareVersions orders two Juju versions: negative if a comes first. One that
// cannot be read comes after all others.
func CompareVersions(a, b string) int {
	x, okX := parseVersion(a)
	y, okY := parseVersion(b)
	switch {
	case !okX && !okY:
		return 0
	case !okX || okY && y.less(x):
		return 1
	case !okY || x.less(y):
		return -1
	default:
		return 0
	}
}

// IsVersion reports whether the text is a Juju version.
func IsVersion(text string) bool {
	_, ok := parseVersion(text)
	return ok
}
