package rules

import (
	"fmt"
)

// Fixed is the first release with the fix of a fault, by line ("3.6", "4.0"): a
// version, [Open], or [Unaffected]. A later line has what the line before it had
// from its beginning, unless it is named itself.
type Fixed map[string]string

const (
	// Open reports that no release of the line has a fix.
	Open = "open"
	// Unaffected reports that the line never had the fault.
	Unaffected = "unaffected"
)

// Check returns what is wrong with the releases of a data file: both supported
// lines must be named.
func (f Fixed) Check() error {
	for _, line := range []string{"3.6", "4.0"} {
		if f[line] == "" {
			return fmt.Errorf("the line %s is missing", line)
		}
	}
	for line, release := range f {
		v, ok := ParseVersion(release)
		if release != Open && release != Unaffected && (!ok || v.Line() != line) {
			return fmt.Errorf("%q is not a release of %s", release, line)
		}
	}
	return nil
}

// in reports whether the version in text has the fault.
func (f Fixed) in(text string) Fit {
	v, ok := ParseVersion(text)
	if !ok {
		return FitUnknown
	}
	line, own := f.lineOf(v)
	switch release := f[line]; release {
	case "", Open:
		return Fits
	case Unaffected:
		return FitsNot
	default:
		fix, _ := ParseVersion(release)
		if own && v.Less(fix) {
			return Fits
		}
		return FitsNot
	}
}

// lineOf returns the newest line that is named and not newer than the version.
func (f Fixed) lineOf(v Version) (newest string, own bool) {
	var best Version
	for line := range f {
		l, _ := ParseVersion(line)
		if !v.MinorLess(l) && (newest == "" || best.MinorLess(l)) {
			newest, best = line, l
		}
	}
	return newest, newest == v.Line()
}
