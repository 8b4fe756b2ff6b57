package scenario_test

import (
	"fmt"
	"slices"
	"strings"
)

// age is a generation of a JAAS: the year of its JIMM, and the releases of Juju of the controller that a model is
// migrated from (the first of the world) and of all others.
type age struct {
	year, source, target string
	// memory: nothing is a process, see environment.
	memory bool
}

// String names the age, as tests and reports do.
func (a age) String() string { return a.year + "/" + a.pair() }

func (a age) pair() string { return a.source + ">" + a.target }

const (
	// usualVersion is the version of a controller without one.
	usualVersion = "3.6.14"
	usualPair    = usualVersion + ">" + usualVersion
	// same is the setting of a story that needs one release of Juju everywhere, for instance because its model is
	// migrated back.
	same = "same"
)

// inMemory is the pattern for lines that are only checked in memory, or with "!" only with processes.
const inMemory = "memory"

// years are the generations of JIMM.
func years() []string { return []string{"2024", "2025", "2026"} }

// pairs are the releases of Juju between which JIMM of that year can migrate a model. JIMM logs in with a token, which
// Juju supports since 3.2; JIMM of 2024 and 2025 has no facade of 4.x. 4.0.14 only migrates to 4.1 (juju/juju#23281).
func pairs(year string) []string {
	list := []string{"3.4.5>3.4.5", "3.4.5>3.6.14", usualPair}
	if year == "2026" {
		list = append(list, "3.6.14>4.0.14", "4.0.14>4.1.0", "4.1.0>4.1.0")
	}
	return list
}

// fromOld are pairs between which JIMM cannot migrate a model, because it cannot log in to the source. It can record a
// model that was migrated there by hand.
func fromOld() []string { return []string{"2.9.51>3.4.5", "2.9.51>3.6.14", "3.1.10>3.6.14"} }

// ages are those in which a story applies.
func (s story) ages() []age {
	var list []age
	for _, year := range s.years {
		candidates := slices.Concat(pairs(year), fromOld())
		if strings.Contains(s.world, "version: ") {
			candidates = []string{usualPair} // the story itself names the releases
		}
		for _, pair := range candidates {
			source, target, _ := strings.Cut(pair, ">")
			if a := (age{year: year, source: source, target: target}); s.plays(a) {
				list = append(list, a)
			}
		}
	}
	return list
}

// plays reports whether the story applies to an age: to all pairs that JIMM can migrate between, unless its line juju
// names others. An old source must be named.
func (s story) plays(a age) bool {
	if s.juju == nil {
		return slices.Contains(pairs(a.year), a.pair())
	}
	old := slices.Contains(fromOld(), a.pair())
	return slices.ContainsFunc(s.juju, func(p string) bool {
		named := !strings.HasPrefix(p, "!") && !strings.HasPrefix(p, ">")
		return p == same && a.source == a.target || a.matches(p) && (named || !old)
	})
}

// matches reports whether a pattern selects an age: a year, or a pattern of releases: ">4" is every target of 4.x,
// "2.9>" every source of 2.9, "3.4>3.6" both. "!" negates it.
func (a age) matches(pattern string) bool {
	if negated, ok := strings.CutPrefix(pattern, "!"); ok {
		return !a.matches(negated)
	}
	source, target, ok := strings.Cut(pattern, ">")
	switch {
	case pattern == inMemory:
		return a.memory
	case !ok:
		return pattern == a.year
	}
	return release(a.source, source) && release(a.target, target)
}

// release reports whether a version is of a series: 3.6.14 of 3.6 and of 3, not of 3.61.
func release(version, series string) bool {
	return series == "" || version == series || strings.HasPrefix(version, series+".")
}

// in returns those of a list of lines that apply to an age.
func in(a age, lines []line) []line {
	return slices.DeleteFunc(slices.Clone(lines), func(l line) bool { return !l.counts(a) })
}

// counts reports whether a line applies to an age: each of its conditions must match, by at least one of its patterns.
func (l line) counts(a age) bool {
	for _, condition := range l.only {
		if !slices.ContainsFunc(strings.Split(condition, ","), a.matches) {
			return false
		}
	}
	return true
}

// checkAges refuses patterns that can never match, such as typing errors.
func (s story) checkAges() error {
	var all []age
	for _, year := range years() {
		for _, pair := range slices.Concat(pairs(year), fromOld()) {
			source, target, _ := strings.Cut(pair, ">")
			all = append(all, age{year: year, source: source, target: target, memory: true})
		}
	}
	patterns := slices.Clone(s.juju)
	for _, step := range s.steps {
		for _, l := range append(step.expect, step.line) {
			for _, condition := range l.only {
				patterns = append(patterns, strings.Split(condition, ",")...)
			}
		}
	}
	for _, p := range append(patterns, s.years...) {
		p = strings.TrimPrefix(p, "!")
		if p != same && !slices.ContainsFunc(all, func(a age) bool { return a.matches(p) }) {
			return fmt.Errorf("%s: no age is meant by %q", s.file, p)
		}
	}
	return nil
}
