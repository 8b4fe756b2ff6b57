package rules

import (
	"strconv"
	"strings"
)

// Version is a Juju agent version without its build number.
type Version struct {
	Major, Minor, Patch int
	// pre orders what comes before a release: 0 is the release, and the larger
	// the number below it the earlier.
	pre int
}

const (
	// preLine is before every alpha, beta and candidate of a minor version.
	preLine = -1 << 20
	// preStep separates alphas, betas and candidates.
	preStep = 1 << 10
)

// ParseVersion reads "3.6.14", "4.0-beta5", "3.6.14.1" or, with release and
// architecture, "4.1-beta2-ubuntu-amd64". ok is false if the text is not a version:
// nothing is concluded from it.
func ParseVersion(s string) (v Version, ok bool) {
	core, tag, tagged := strings.Cut(s, "-")
	parts := strings.Split(core, ".")
	if len(parts) < 2 {
		return Version{}, false
	}
	numbers := make([]int, 3)
	for i := range min(len(parts), 3) {
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < 0 {
			return Version{}, false
		}
		numbers[i] = n
	}
	v = Version{Major: numbers[0], Minor: numbers[1], Patch: numbers[2]}
	if tagged && len(parts) == 2 {
		v.pre = preRelease(tag)
	}
	return v, true
}

// preRelease orders "alpha1", "beta2", "beta3.1" and "rc1". An unknown tag comes
// before all candidates.
func preRelease(tag string) int {
	tag, _, _ = strings.Cut(tag, "-")
	name := strings.TrimRight(tag, "0123456789.")
	number, _, _ := strings.Cut(tag[len(name):], ".")
	n, _ := strconv.Atoi(number)
	rank := map[string]int{"alpha": 4, "beta": 3, "rc": 1}[name]
	if rank == 0 {
		rank = 2
	}
	return min(n, preStep-1) - rank*preStep
}

// Less orders versions: 4.1-beta2, 4.1-beta3, 4.1-rc1, 4.1.0.
func (v Version) Less(w Version) bool {
	if v.line() != w.line() {
		return v.line().MinorLess(w.line())
	}
	if v.Patch != w.Patch {
		return v.Patch < w.Patch
	}
	return v.pre < w.pre
}

// MinorLess orders versions by major and minor alone, as Juju compares controllers.
func (v Version) MinorLess(w Version) bool {
	return v.Major < w.Major || v.Major == w.Major && v.Minor < w.Minor
}

// IsJuju4 reports whether the version is one of Juju 4 or newer, betas included.
func (v Version) IsJuju4() bool {
	const four = 4
	return v.Major >= four
}

// Released reports whether the version is not an alpha, beta or candidate.
func (v Version) Released() bool { return v.pre == 0 }

// Line returns "3.6" for every version of Juju 3.6.
func (v Version) Line() string { return strconv.Itoa(v.Major) + "." + strconv.Itoa(v.Minor) }

// line is the version from which on those of a minor version are, betas included.
func (v Version) line() Version { return Version{Major: v.Major, Minor: v.Minor, pre: preLine} }
