package migration

import (
	"fmt"
	"strconv"
	"strings"
)

func checkModel(s *situation) Finding {
	if s.modelErr == nil {
		return Finding{Level: Pass, Evidence: s.model.FullName() + " is " + s.model.UUID + ", recorded on " + strconv.Quote(s.source.String())}
	}
	f := Finding{Level: Fail, Evidence: "JIMM does not know the model " + strconv.Quote(s.modelErr.Selector)}
	f.Remedy = "juju run --string-args " + s.options.Unit + " locate-model model='*' lists the models that JIMM knows"
	if n := len(s.modelErr.Candidates); n > 0 {
		f.Evidence = fmt.Sprintf("%d models are called %q: %s", n, s.modelErr.Selector, candidates(s.modelErr.Candidates))
		f.Remedy = "name the model by owner/name or by its UUID"
	}
	return f
}

func candidates(models []Model) string {
	names := make([]string, len(models))
	for i, m := range models {
		names[i] = m.FullName() + " (" + m.UUID + ")"
	}
	return strings.Join(names, ", ")
}

func checkOwnModel(s *situation) Finding {
	switch s.options.OwnModel {
	case "":
		return Finding{Level: Skip, Evidence: "the model that hosts this charm is not known"}
	case s.model.UUID:
		return Finding{
			Level:    Fail,
			Evidence: "the model hosts this charm: the migration would wait for its agent, and the agent for this action",
			Remedy:   "migrate this model with a jimm-migrator that is deployed in another model",
		}
	default:
		return Finding{Level: Pass, Evidence: "the model does not host this charm"}
	}
}

func checkControllerModel(s *situation) Finding {
	if s.model.IsController {
		return Finding{Level: Fail, Evidence: "the model is the controller's own; Juju cannot migrate it", Remedy: "migrate the workload models of that controller instead"}
	}
	return Finding{Level: Pass, Evidence: "not a controller's own model"}
}

func checkModelLife(s *situation) Finding {
	switch s.model.Life {
	case "alive":
		return Finding{Level: Pass, Evidence: "the model is alive"}
	case "":
		return Finding{Level: Skip, Evidence: "JIMM does not tell whether the model is alive"}
	default:
		return Finding{Level: Fail, Evidence: "the model is " + s.model.Life + ": it is being destroyed, and Juju migrates only models that are alive"}
	}
}

func checkTarget(s *situation) Finding {
	switch {
	case s.options.Target == "":
		return Finding{Level: Fail, Evidence: "no target controller was given", Remedy: "target-controller is one of " + s.controllers.names()}
	case !s.targetKnown:
		return Finding{Level: Fail, Evidence: "JIMM does not know the controller " + strconv.Quote(s.options.Target), Remedy: "target-controller is one of " + s.controllers.names()}
	case s.modelKnown() && s.onTarget():
		return Finding{Level: Pass, Evidence: "JIMM already records the model on " + strconv.Quote(s.target.Name)}
	default:
		return Finding{Level: Pass, Evidence: strconv.Quote(s.target.Name) + " is controller " + s.target.UUID}
	}
}

func checkTargetAvailable(s *situation) Finding {
	switch s.target.Status {
	case "available", "":
		return Finding{Level: Pass, Evidence: "JIMM calls " + strconv.Quote(s.target.Name) + " available"}
	case "deprecated":
		return Finding{
			Level:    Warn,
			Evidence: "JIMM calls " + strconv.Quote(s.target.Name) + " deprecated: it should get no new models",
			Remedy:   "choose another target if this one is to be emptied",
		}
	default:
		return Finding{
			Level:    Fail,
			Evidence: "JIMM calls " + strconv.Quote(s.target.Name) + " " + s.target.Status + "; JIMM notices a change with a delay of up to ten minutes",
			Remedy:   "bring the controller back, or, if it is back, pass ignore-checks=" + string(CheckTargetAvailable),
		}
	}
}

// checkSource tells whether the recorded controller has the model.
func checkSource(s *situation) Finding {
	f := Finding{Level: Fail}
	source := s.seen.copyOn(s.source)
	name := strconv.Quote(s.source.String())
	find := "juju run " + s.options.Unit + " locate-model model=" + s.model.UUID
	switch {
	case s.targetKnown && s.leftSource():
		f.Level, f.Evidence = Pass, name+" has moved the model to the target already; JIMM does not record it yet"
	case source.State == CopyMoved && source.To != "":
		to := s.controllers.byUUID(source.To)
		f.Evidence = name + " says that it has moved the model to " + strconv.Quote(to.String()) + "; JIMM does not record it yet"
		f.Remedy = s.traits.UpdateCommand(to, s.model.UUID)
		if to.Name == "" {
			f.Remedy = "add that controller to JIMM, then record the model there"
		}
	case source.State == CopyMoved:
		f.Evidence = name + " says that it has moved the model away, but not where to; JIMM does not record it yet"
		f.Remedy = find
	case s.seen.Info.reapFailed():
		f.Evidence = name + " has moved the model away and could not remove its copy; where to is not known: " + Redact(s.seen.Info.Attempt.Text)
		f.Remedy = find
	case source.State == CopyAbsent:
		f.Evidence = name + " says that it does not have the model"
		f.Remedy = find
	case s.seen.Info.Importing():
		f.Evidence = name + " is still importing the model: another migration has not ended"
	case s.seen.Info.Kind == InfoLive && s.seen.Info.Listed && !source.held() && !s.seen.Info.Attempt.ofSource():
		f.Level, f.Evidence = Pass, "JIMM records the model on "+name+", and one of its controllers lists it"
	case s.seen.Info.Kind == InfoLive:
		f.Level, f.Evidence = Pass, name+" has the model"
	case s.seen.Info.Kind == InfoRedirected:
		f.Evidence = name + " has moved the model away; JIMM does not record it yet"
	case source.held():
		f.Evidence = name + " has the model but does not describe it: " + s.seen.Info.answer()
	default:
		f.Evidence = "it could not be found out whether " + name + " has the model: " + s.seen.Info.answer()
	}
	return f
}

// checkTargetCopy looks for a copy that would make the target refuse another.
func checkTargetCopy(s *situation) Finding {
	target := s.seen.copyOn(s.target)
	name := strconv.Quote(s.target.Name)
	switch {
	case s.onTarget():
		return Finding{Level: Skip, Evidence: "the target is the controller on record"}
	case s.underWay():
		return Finding{Level: Skip, Evidence: "a migration runs or has run: a copy on the target may be its own"}
	case target.State == CopyAbsent || target.State == CopyMoved:
		return Finding{Level: Pass, Evidence: name + " says that it does not have the model"}
	case target.State == CopyImporting:
		return Finding{
			Level:    Fail,
			Evidence: name + " has a half-imported copy of the model, and no migration runs that brings it: it is left over from an earlier attempt, and " + name + " will refuse another",
			Remedy:   "have an administrator of " + s.target.Name + " remove that copy, for which Juju has no command (juju/juju#20361), or choose another target; never destroy " + s.target.Name + " while it is there (juju/juju#15154)",
		}
	case target.State == CopyActive:
		return Finding{
			Level:    Fail,
			Evidence: name + " has a copy of the model that is in use: it will refuse another",
			Remedy:   "do not touch either copy before an administrator of both controllers has looked",
		}
	case target.held():
		return Finding{
			Level:    Fail,
			Evidence: name + " says that it has a copy of the model already: left over from an earlier attempt, or a second model in use; it will refuse another",
			Remedy:   "have an administrator of " + s.target.Name + " look at that copy first; if it is a left-over import, pass ignore-checks=" + string(CheckTargetCopy),
		}
	case !s.options.Probe:
		return Finding{Level: Skip, Evidence: "controllers are not asked (probe-controllers=false)"}
	default:
		return Finding{Level: Skip, Evidence: name + " did not tell: " + errText(target.Err)}
	}
}

func checkOtherMigration(s *situation) Finding {
	a := s.seen.Info.Attempt
	if s.seen.Info.Kind != InfoLive {
		return Finding{Level: Skip, Evidence: "the source does not tell whether a migration runs"}
	}
	if !s.seen.Info.migrating() {
		return s.noMigration()
	}
	name, certain := s.audit.target(a, s.source.Name)
	text := "a migration runs since " + a.Start.UTC().Format(timeFormat) + " (" + Redact(a.Text) + ")"
	switch {
	case s.onTarget() && s.anothers() && len(s.holders(s.target)) > 0:
		return Finding{Level: Warn, Evidence: text + ": JIMM records " + strconv.Quote(s.target.Name) + " already, and " + s.holders(s.target).names() + " has a copy too: it is followed"}
	case s.anothers():
		return Finding{Level: Fail, Evidence: text + ": from " + strconv.Quote(s.source.Name) + ", or to there, while JIMM records it already", Remedy: "wait until it has ended"}
	case s.onTarget():
		return Finding{Level: Fail, Evidence: text + ": the model is leaving " + strconv.Quote(s.target.Name), Remedy: "wait until it has ended"}
	case certain && name == s.target.Name:
		return Finding{Level: Pass, Evidence: text + "; JIMM's audit log says that it goes to the target: it is followed, not started again"}
	case certain:
		return Finding{Level: Fail, Evidence: text + "; JIMM's audit log says that it goes to " + strconv.Quote(name), Remedy: "wait until it has ended; Juju cannot cancel it. To follow it, pass target-controller=" + name}
	default:
		return Finding{Level: Warn, Evidence: text + "; JIMM's audit log does not tell where to: it is followed, and recorded only if the source names the target"}
	}
}

// noMigration: none is on show. One may have been asked for a moment ago.
func (s *situation) noMigration() Finding {
	switch {
	case !s.underWay() && len(s.holders(s.source, s.target)) > 0 && (s.auditErr != nil || s.audit.arrived(s.source.Name)) && !s.seen.Info.reapFailed():
		third := s.holders(s.source, s.target).names()
		return Finding{
			Level:    Fail,
			Evidence: third + " has a copy of the model too, and " + s.whyArrived() + ": the migration from " + third + " may still run",
			Remedy:   "wait until that copy is gone, or have an administrator of " + third + " look",
		}
	case s.auditErr != nil:
		return Finding{Level: Warn, Evidence: "no migration of the model runs; whether one was asked for a moment ago is not known, JIMM's audit log could not be read: it gets the time to begin: " + errText(s.auditErr)}
	case s.pending() > 0 && !s.underWay():
		return Finding{Level: Warn, Evidence: "no migration of the model runs yet; JIMM's audit log says that one was asked for a moment ago: it gets the time to begin"}
	default:
		return Finding{Level: Pass, Evidence: "no migration of the model runs"}
	}
}

// whyArrived tells why the model may have been brought to its controller lately.
func (s *situation) whyArrived() string {
	if s.auditErr != nil {
		return "JIMM's audit log could not be read"
	}
	return "JIMM's audit log says that the model was moved to " + strconv.Quote(s.source.Name) + " lately"
}

const timeFormat = "2006-01-02 15:04:05 UTC"

func checkConflict(s *situation) Finding {
	others := s.holders(s.source, s.target)
	switch {
	case s.usedTwice():
		return Finding{Level: Fail, Evidence: "more than one controller has the model in use: " + sayings(s.controllers, s.seen.Copies), Remedy: "do not touch either copy before an administrator of both controllers has looked"}
	case len(others) > 0:
		return Finding{Level: Warn, Evidence: "a third controller says that it has a copy too: " + sayings(others, s.seen.Copies), Remedy: "have an administrator of that controller look: it may be left over from an earlier attempt"}
	case !s.options.Probe:
		return Finding{Level: Skip, Evidence: "controllers are not asked (probe-controllers=false)"}
	default:
		return Finding{Level: Pass, Evidence: fmt.Sprintf("no third controller of %d has a copy", s.answered())}
	}
}

// answered counts the controllers that told whether they have the model.
func (s *situation) answered() int {
	n := 0
	for _, c := range s.seen.Copies {
		if c.State != CopyUnknown {
			n++
		}
	}
	return n
}

// checkEarlierAttempt warns about an attempt that ended badly: the next one is
// a new attempt, and may end the same way.
func checkEarlierAttempt(s *situation) Finding {
	a := s.seen.Info.Attempt
	switch phase := ParseText(a.Text); {
	case s.seen.Info.Kind != InfoLive:
		return Finding{Level: Skip, Evidence: "the source does not tell"}
	case !a.Exists() || s.seen.Info.migrating():
		return Finding{Level: Pass, Evidence: "the source shows no earlier attempt"}
	case phase == PhaseAbort:
		return Finding{Level: Warn, Evidence: "an earlier attempt " + when(a) + ": " + Redact(a.Text)}
	case phase.PastReturn() && phase != PhaseReapFailed:
		return Finding{Level: Pass, Evidence: "the model has been moved away and back before"}
	default:
		return Finding{Level: Warn, Evidence: "an earlier migration " + when(a) + " with: " + Redact(a.Text)}
	}
}

// when tells when an attempt was, as far as the source tells.
func when(a Attempt) string {
	if a.End.IsZero() {
		return "began " + a.Start.UTC().Format(timeFormat) + " and ended"
	}
	return "ended " + a.End.UTC().Format(timeFormat)
}

func checkFreeze(*situation) Finding {
	return Finding{Level: Warn, Evidence: "changes made to the model while it moves may be lost", Remedy: "tell its users to wait until the migration has ended"}
}
