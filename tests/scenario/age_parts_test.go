package scenario_test

import "testing"

func TestAnAgeIsMeantByPatterns(t *testing.T) {
	is := age{year: "2026", source: "3.6.14", target: "4.0.14"}
	for pattern, want := range map[string]bool{
		"2026": true, "2024": false, "!2024": true, ">4": true, ">4.0.14": true, ">4.1": false, "3.6>": true, "3>4.0": true,
		"3.6>3.6": false, "!3.6>3.6": true, "4>": false, ">40": false, "memory": false, "!memory": true,
	} {
		if got := is.matches(pattern); got != want {
			t.Errorf("%q: %v", pattern, got)
		}
	}
	if !(line{only: []string{"2024,2026", ">4"}}).counts(is) || (line{only: []string{"2024,2026", ">3"}}).counts(is) {
		t.Error("a line has all of its conditions, each with one of its patterns")
	}
}

func TestAStoryIsPlayedWhereItMakesSense(t *testing.T) {
	for juju, want := range map[string]int{"": 3 + 3 + 6, "same": 2 + 2 + 3, ">4": 3, "2.9>": 2 * 3} {
		s := story{years: years()}
		if juju != "" {
			s.juju = []string{juju}
		}
		if got := s.ages(); len(got) != want {
			t.Errorf("juju %s: %v, want %d", juju, got, want)
		}
	}
	wrong := story{years: years(), juju: []string{"3.7>"}}
	if wrong.checkAges() == nil {
		t.Error("a release that is nowhere was taken")
	}
}
