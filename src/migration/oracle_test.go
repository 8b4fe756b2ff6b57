package migration_test

import (
	"fmt"
	"sync"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// holding is what a controller has of the model.
type holding int

const (
	nothing   holding = iota
	importing         // a copy that is being imported
	active            // in use
	exporting         // a copy that is being exported, or that could not be removed afterwards
	hidden            // REAP has removed the permissions, and not yet the model
)

func (h holding) String() string {
	return [...]string{"nothing", "importing", "active", "exporting", "hidden"}[h]
}

// scene is a part of a migration: the state of both controllers, and what the source reports about
// it.
type scene struct {
	phase          string // Juju's name; REAP has three parts
	text           string
	source, target holding
	last           time.Duration // 0: for ever
}

func (s scene) over() bool { return s.last == 0 }

// Texts of scenes that the enumeration has to recognize.
const (
	abortText = "aborted, removing model from target controller: model data transfer failed"
	reapText  = "removing exported model failed: cleanup"
)

// successScenes is the life of a migration that succeeds.
func successScenes() []scene {
	return []scene{
		{"QUIESCE", "quiescing, waiting for agents to report back: 1 succeeded, 2 still to report", exporting, nothing, 10 * time.Second},
		{"IMPORT", "exporting model", exporting, nothing, 5 * time.Second},
		{"IMPORT", "importing model into target controller", exporting, importing, 5 * time.Second},
		{"PROCESSRELATIONS", "processing relations", exporting, importing, 5 * time.Second},
		{"VALIDATION", "validating, waiting for agents to report back", exporting, importing, 10 * time.Second},
		{"VALIDATION", "activating model in target controller", exporting, active, 5 * time.Second},
		{"SUCCESS", "successful, waiting for agents to report back", exporting, active, 10 * time.Second},
		{"LOGTRANSFER", "successful, transferring logs to target controller (10 sent)", exporting, active, 10 * time.Second},
		{"REAP", "successful, removing model from source controller", exporting, active, 10 * time.Second},
		{"REAPHIDDEN", "successful, removing model from source controller", hidden, active, 7 * time.Second},
		{"REAPGONE", "successful, removing model from source controller", nothing, active, 3 * time.Second},
		{"DONE", "successful, removing model from source controller", nothing, active, 0},
	}
}

// ending reports how a migration ends, if nothing else decides it.
type ending string

const (
	endsDone   ending = "DONE"
	endsAbort  ending = "ABORTDONE"
	endsReap   ending = "REAPFAILED"
	endsLeft   ending = "ABORTDONE, the target keeps its copy"
	endsRefuse ending = "refused by a precheck"
)

// lifeFrom is the rest of a migration, from the scene of that phase with that copy on the target.
// It is nil if there is no such scene before the ending.
func lifeFrom(phase string, copied holding, end ending) []scene {
	all := lifeTo(end, phase, copied)
	for i, s := range all {
		if s.phase == phase && s.target == copied {
			return all[i:]
		}
	}
	return nil
}

// lifeTo is a whole migration. An abort follows the scene of that phase, or IMPORT.
func lifeTo(end ending, phase string, copied holding) []scene {
	all := successScenes()
	switch end {
	case endsReap:
		return append(all[:9:9], scene{"REAPFAILED", reapText, exporting, active, 0})
	case endsAbort, endsLeft:
		at := 2
		for i, s := range all[:6] {
			if s.phase == phase && s.target == copied {
				at = i
			}
		}
		left := all[at].target
		switch {
		case phase == "ABORT" || phase == "ABORTDONE":
			left = copied
		case end == endsAbort:
			left = nothing
		}
		during := max(left, all[at].target)
		if phase == "ABORT" {
			during = copied
		}
		return append(all[:at+1:at+1],
			scene{"ABORT", abortText, exporting, during, 8 * time.Second},
			scene{"ABORTDONE", abortText, active, left, 0})
	default:
		return all
	}
}

// journey is a migration, as its source knows it. The state of the copies depends only on the time.
type journey struct {
	to      string
	start   time.Time // by the clock of the world
	entered time.Time // when the first of the scenes began
	scenes  []scene
	byJIMM  bool // JIMM asked for it: the redirect has a name that JIMM knows
}

// now is the current scene, and when it began.
func (j *journey) at(t time.Time) (scene, time.Time) {
	began := j.entered
	for _, s := range j.scenes {
		if s.over() || t.Sub(began) < s.last {
			return s, began
		}
		began = began.Add(s.last)
	}
	panic("a life without an end")
}

// oracle is a JAAS in memory: three controllers, one model, and JIMM's database. It answers as the
// real ones do, and knows the actual state.
type oracle struct {
	mu sync.Mutex
	world

	// JIMM.
	record   string // name of a controller; "": JIMM has no row
	mode     bool   // its migration mode
	nextPoll time.Time
	requests []facts.Request

	// The controllers, besides the journey from west.
	journey *journey
	copies  map[string]holding // static ones

	unasked  bool     // a controller was asked, and its answer was lost
	lost     string   // who made JIMM lose its row: "poller", "we", ""
	accepted int      // migrations that were started
	wrong    []string // invariants that were broken
}

func (w *oracle) violate(format string, args ...any) {
	w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
}

// scene is the current one at a time; a model at rest on west if there is none.
func (w *oracle) scene(t time.Time) scene {
	if w.journey == nil || t.Before(w.journey.entered) {
		return scene{phase: "none", source: w.copies["west"], target: nothing}
	}
	s, _ := w.journey.at(t)
	return s
}

// on is what a controller holds at a time.
func (w *oracle) on(name string, t time.Time) holding {
	s := w.scene(t)
	switch {
	case name == "west":
		return s.source
	case w.journey != nil && name == w.journey.to && s.target != nothing && !w.destroyed:
		return s.target
	default:
		return w.copies[name]
	}
}

// running reports whether a migration has not ended.
func (w *oracle) running(t time.Time) bool {
	s := w.scene(t)
	return s.phase != "none" && !s.over()
}

// holders are the controllers that host the model: the source until the target has activated its
// copy.
func (w *oracle) holders(t time.Time) []string {
	var out []string
	for _, name := range []string{"east", "north", "west"} {
		if w.on(name, t) == active {
			out = append(out, name)
		}
	}
	if len(out) == 0 && w.on("west", t) == exporting {
		out = append(out, "west")
	}
	return out
}

// attempt is the migration that west shows, by its own clock.
func (w *oracle) attempt(t time.Time) facts.Attempt {
	s := w.scene(t)
	if s.phase == "none" {
		return facts.Attempt{}
	}
	a := facts.Attempt{Text: redact.Raw(s.text), Start: w.journey.start.Add(w.skew)}
	if s.over() {
		_, began := w.journey.at(t)
		a.End = began.Add(w.skew)
	}
	return a
}

// allowedRecord returns why the controller must not be recorded now as the host of the model (I1),
// or nothing.
func (w *oracle) allowedRecord(name string, t time.Time) string {
	s := w.scene(t)
	switch {
	case w.destroyed && s.phase == "DONE" && w.journey.to == name:
		return "" // I1 a: the source redirects there
	case w.on(name, t) != active:
		return "holds no active copy, but " + w.on(name, t).String()
	case name != "west" && (s.phase == "none" && w.copies["west"] == active || w.journey != nil && w.journey.to != name):
		return "the model has not moved there"
	case s.phase == "DONE" || s.phase == "REAPFAILED" || s.phase == "none":
		return ""
	case s.phase == "REAPHIDDEN" || s.phase == "REAPGONE":
		return "" // I1 b: it has stopped answering
	default:
		return "the source has not released it: " + s.phase
	}
}

// allowedStart returns why no migration may be started now (I3, I8), or nothing.
func (w *oracle) allowedStart(t time.Time) string {
	switch phase := w.scene(t).phase; {
	case w.running(t):
		return "while a migration runs (" + phase + ")"
	case w.journey != nil && t.Before(w.journey.entered):
		return "while one that was asked for has not begun"
	case len(w.holders(t)) > 1 && w.probe.describes() && !w.unasked:
		return "of a model that is in use twice"
	case w.record == "west" && (phase == "DONE" || phase == "REAPFAILED"):
		return "of a model that has moved away (" + phase + ")"
	default:
		return ""
	}
}

// knowable reports whether a controller that may be asked reports what west has.
func (w *oracle) knowable(t time.Time) bool {
	switch {
	case w.record == "west":
		return true
	case w.scene(t).phase == "REAPGONE":
		return false // The source reports that it does not have the model, which is true.
	case w.probe != probeOff && !w.unasked:
		return true
	}
	return w.jimm.completes() && w.summary(t).Attempt.Exists()
}
