package migration_test

import (
	"fmt"
	"slices"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// jimmKind is a JIMM and what it lists.
type jimmKind string

const (
	jimm2024 jimmKind = "2024"
	// It completes migrations, forgets models, and merges the lists of all its controllers. If two
	// of them list a model, the last one by name counts.
	jimm2026         jimmKind = "2026"
	jimm2026Reversed jimmKind = "2026, the target's entry counts"
	jimm2026Lonely   jimmKind = "2026, no other models on the target"
)

func (k jimmKind) completes() bool { return k != jimm2024 }

// probeKind is what controllers report about their own copies.
type probeKind string

const (
	probeOff     probeKind = "probe off"
	probeOn      probeKind = "probe on"
	probeAccount probeKind = "probe with credentials"
	// probeReport: they report to any client whether a migration is moving the copy.
	probeReport probeKind = "probe with its own report"
	// probeSilent is the same with a source that shows nothing else of its migrations (Juju 4.0.0
	// and later).
	probeSilent probeKind = "probe with its own report, silent source"
)

// describes reports whether controllers say what kind of copy they have.
func (k probeKind) describes() bool { return k == probeAccount || k == probeReport || k == probeSilent }

// wordKind is to whom the source reports that the model has moved.
type wordKind string

const (
	redirectsAll  wordKind = "redirects every client"
	redirectsJIMM wordKind = "redirects JIMM"
	redirectsNone wordKind = "redirects none"
)

// askedKind is who requested the first migration.
type askedKind string

const (
	askedByNone askedKind = "not requested"
	askedJIMM   askedKind = "asked through JIMM"
	askedHand   askedKind = "juju migrate"
	askedLate   askedKind = "asked a moment ago, begins later"
	askedNever  askedKind = "asked a moment ago, never begins"
)

// world is a state of a JAAS at the beginning of a run.
type world struct {
	phase     string
	copied    holding // what the target of the migration has
	elsewhere bool    // phase none: the model lives on the target, not on west
	destroyed bool    // phase DONE: the model was destroyed since
	jimm      jimmKind
	recorded  string // west (the source), east (the target), north or "" (lost)
	marked    bool   // JIMM's migration mode is set
	probe     probeKind
	word      wordKind
	asked     askedKind
	to        string // where the migration goes: east, or north
	end       ending
	refuses   bool          // the target hosts the model, and refuses to describe it
	skew      time.Duration // how far the clock of west is ahead of JIMM's
}

func (s world) String() string {
	copied := s.copied.String()
	if s.elsewhere {
		copied += " there alone"
	}
	record := s.recorded
	if record == "" {
		record = "lost"
	}
	text := fmt.Sprintf("%s, copy %s, JIMM %s, record %s, %s, %s, %s to %s, ends %s", s.phase, copied, s.jimm, record, s.probe, s.word, s.asked, s.to, s.end)
	if s.marked {
		text += ", marked"
	}
	if s.destroyed {
		text += ", destroyed"
	}
	if s.refuses {
		text += ", the target refuses the details"
	}
	if s.skew != 0 {
		text += ", skew " + s.skew.String()
	}
	return text
}

func allPhases() []string {
	return []string{
		"none", "QUIESCE", "IMPORT", "PROCESSRELATIONS", "VALIDATION", "SUCCESS", "LOGTRANSFER",
		"REAP", "REAPHIDDEN", "REAPGONE", "DONE", "ABORT", "ABORTDONE", "REAPFAILED",
	}
}

// impossible returns why a state cannot occur, or nothing.
func (s world) impossible() string {
	started := s.phase != "none"
	switch {
	case !s.copyFits():
		return "no migration in that phase leaves that copy on the target"
	case s.elsewhere && (started || s.copied != active), s.destroyed && s.phase != "DONE":
		return "only what no migration explains is a state of its own"
	case started != (s.asked == askedJIMM || s.asked == askedHand):
		return "a migration runs if a client has requested it, and only then"
	case (s.asked == askedLate || s.asked == askedNever) && (s.elsewhere || s.copied != nothing || s.end == endsRefuse):
		return "what begins later passed the prechecks"
	case !s.endFits():
		return "that phase does not lead to that end"
	case s.to != "east" && s.asked != askedJIMM && s.asked != askedHand:
		return "where a migration goes is known from its beginning"
	case s.marked && !s.jimm.completes():
		return "JIMM of 2024 has no migration modes"
	case s.marked && (s.recorded != "west" || s.asked == askedHand):
		return "JIMM marks what it asked for, and unmarks what it records"
	case s.word == redirectsJIMM && !s.jimm.completes():
		return "JIMM of 2024 asks as itself"
	case s.probe == probeSilent && (s.word != redirectsNone || s.phase == "REAPFAILED" || s.end == endsReap):
		return "a silent source redirects no question, and what it could not remove is in use again: a test of the judge has that"
	case s.refuses && (!s.jimm.completes() || s.word != redirectsAll || s.probe == probeSilent || s.to != "east" || s.destroyed || s.recorded == "north"):
		return "a target that refuses the details is observed where JIMM forgets the model over that"
	case s.refuses && s.elsewhere:
		return "JIMM asks for the details every minute: of a model that is at rest it has forgotten the record"
	case s.recorded == "" && (s.word != redirectsAll || s.probe != probeOn):
		return "of a model that it has lost, JIMM says nothing"
	default:
		return ""
	}
}

func (s world) copyFits() bool {
	fits := map[string][]holding{
		"none":    {nothing, importing, active},
		"QUIESCE": {nothing}, "IMPORT": {nothing, importing}, "PROCESSRELATIONS": {importing},
		"VALIDATION": {importing, active}, "SUCCESS": {active}, "LOGTRANSFER": {active}, "REAP": {active},
		"REAPHIDDEN": {active}, "REAPGONE": {active},
		"DONE": {active}, "REAPFAILED": {active},
		"ABORT": {nothing, importing, active}, "ABORTDONE": {nothing, importing, active},
	}
	return slices.Contains(fits[s.phase], s.copied)
}

func (s world) endFits() bool {
	switch s.phase {
	case "none":
		if s.asked == askedNever || s.elsewhere || s.copied != nothing {
			return s.end == endsDone
		}
		return true
	case "QUIESCE":
		return s.end != endsLeft && s.end != endsRefuse
	case "IMPORT", "PROCESSRELATIONS", "VALIDATION":
		return s.end != endsRefuse
	case "ABORT", "ABORTDONE":
		return s.end == endsLeft && s.copied != nothing || s.end == endsAbort && s.copied == nothing
	case "DONE", "REAPHIDDEN", "REAPGONE":
		return s.end == endsDone
	case "REAPFAILED":
		return s.end == endsReap
	default:
		return s.end == endsDone || s.end == endsReap
	}
}

// untold reports whether the source has a copy that no answer shows at the beginning of a run: JIMM
// records the target of the migration too early, its list has the target's entry, and controllers
// are not asked. A wrong report about the source is then not a fault of the engine.
func (s world) untold() bool {
	return s.probe == probeOff && s.jimm == jimm2026Reversed && s.recorded == "north" && s.to == "north"
}

// worlds calls a function with every state, and with why it cannot occur.
func worlds(do func(s world, impossible string)) {
	var s world
	product([]func(func()){
		over(&s.phase, allPhases()...),
		over(&s.copied, nothing, importing, active),
		over(&s.elsewhere, false, true),
		over(&s.destroyed, false, true),
		over(&s.jimm, jimm2024, jimm2026, jimm2026Reversed, jimm2026Lonely),
		over(&s.recorded, "west", "east", "north", ""),
		over(&s.marked, false, true),
		over(&s.probe, probeOff, probeOn, probeAccount, probeReport, probeSilent),
		over(&s.word, redirectsAll, redirectsJIMM, redirectsNone),
		over(&s.asked, askedByNone, askedJIMM, askedHand, askedLate, askedNever),
		over(&s.to, "east", "north"),
		over(&s.refuses, false, true),
		over(&s.end, endsDone, endsAbort, endsReap, endsLeft, endsRefuse),
	}, func() { do(s, s.impossible()) })
}

// over is a loop that sets a variable.
func over[T any](v *T, values ...T) func(func()) {
	return func(body func()) {
		for _, *v = range values {
			body()
		}
	}
}

// product nests loops.
func product(loops []func(func()), body func()) {
	if len(loops) == 0 {
		body()
		return
	}
	loops[0](func() { product(loops[1:], body) })
}

// The times of what has happened before a run.
const (
	startedAgo  = 100 * time.Second
	endedAgo    = 20 * time.Second
	askedAgo    = 30 * time.Second
	recordedAgo = 10 * time.Second
	beginsIn    = 20 * time.Second
)

// world makes the simulated state for a run.
func (s world) world() *oracle {
	now := time.Now()
	w := &oracle{world: s, record: s.recorded, mode: s.marked, nextPoll: now.Add(37 * time.Second), copies: map[string]holding{"west": active}}
	request := func(ago time.Duration) {
		w.requests = append(w.requests, facts.Request{Kind: facts.RequestMigrate, Target: s.to, At: now.Add(-ago), Answered: true})
	}
	switch s.asked {
	case askedByNone:
		w.copies["east"] = s.copied
		if s.elsewhere {
			w.copies["west"] = nothing
		}
	case askedLate:
		request(askedAgo)
		begins := now.Add(beginsIn)
		w.journey = &journey{to: s.to, start: begins, entered: begins, scenes: lifeTo(s.end, "", nothing), byJIMM: true}
	case askedNever:
		request(askedAgo)
	case askedJIMM, askedHand:
		w.journey = &journey{to: s.to, start: now.Add(-startedAgo), entered: now, scenes: lifeFrom(s.phase, s.copied, s.end), byJIMM: s.asked == askedJIMM}
		if w.scene(now).over() {
			w.journey.entered = now.Add(-endedAgo)
		}
		if s.asked == askedJIMM {
			request(startedAgo + time.Second)
		}
		if s.destroyed {
			w.copies[s.to] = nothing
		}
	}
	if s.recorded != "west" && s.recorded != "" && !s.elsewhere {
		// JIMM does not assume this by itself, or at least need not.
		w.requests = append(w.requests, facts.Request{Kind: facts.RequestRecord, Target: s.recorded, At: now.Add(-recordedAgo), User: "another", Answered: true})
	}
	return w
}

// jaas is what the engine reads through a process.
func (p *process) jaas() survey.JAAS {
	traits := facts.Traits{AutoRecords: p.w.jimm.completes(), CLI: "jimmctl"}
	return survey.JAAS{Fleet: p, Witness: p, Auditor: p, Traits: traits}
}
