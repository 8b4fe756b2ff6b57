package rules

import (
	"regexp"
	"slices"
)

// Reason is what the text of a refusal or an abort means.
type Reason struct {
	ID    string           `json:"id"`
	Texts []*regexp.Regexp `json:"texts"` // The server's text must match one of these.
	// Source and Target are the versions with which the words mean this.
	Source Range `json:"source"`
	Target Range `json:"target"`
	// Side and Fixed say where the fault is that the text is about, and from which
	// releases on it is fixed. A text that is not about a fault of Juju has neither.
	Side  Side   `json:"side"`
	Fixed Fixed  `json:"fixed"`
	Say   string `json:"say"`
	Do    string `json:"do"`
	// Retry reports that the same command can succeed later, because the obstacle
	// goes away by itself.
	Retry    bool   `json:"retry"`
	Evidence string `json:"evidence"`
}

// Hidden is the reason of an answer in which JIMM hides the controller's own reason.
const Hidden = "hidden"

// Explain returns the reason in a server's text, if it is a known one: that of the
// first entry with a text that matches and with versions that are not ruled out.
func Explain(text string, f Facts) (Reason, bool) {
	for _, r := range All().Reasons {
		says := slices.ContainsFunc(r.Texts, func(p *regexp.Regexp) bool { return p.MatchString(text) })
		if says && r.Apt(f) != FitsNot {
			return r, true
		}
	}
	return Reason{}, false
}

// Apt reports whether the words mean this between the versions.
func (r Reason) Apt(f Facts) Fit {
	return r.Source.Take(f.Source).and(r.Target.Take(f.Target)).and(r.Side.fault(r.Fixed, f))
}

// Hint is the reason as one sentence.
func (r Reason) Hint() string {
	if r.Say == "" {
		return ""
	}
	return r.Say + "; " + r.Do
}
