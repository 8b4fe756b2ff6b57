package fleet

// Verdict reports what is proved about a controller that was drained.
type Verdict string

// The verdicts.
const (
	// Drained: the controller itself lists no models but its own, would list any that it
	// has, and redirects for each that left.
	Drained Verdict = "drained"
	// DrainedAsRecorded: JIMM records none there. What JIMM never knew may be
	// there.
	DrainedAsRecorded Verdict = "drained-as-recorded"
	// Partly: models are there that can move, or others arrive.
	Partly Verdict = "partly"
	// Blocked: models are there that cannot move.
	Blocked Verdict = "blocked"
	// InConflict: a model that left is on two controllers, or lost.
	InConflict Verdict = "conflict"
	// NotKnown: it could not be determined.
	NotKnown Verdict = "unknown"
)

// Evidence is what the end of a drain rests on.
type Evidence struct {
	// Conflicts are models that left and are on two controllers, or lost.
	Conflicts []string
	// Gaps say why JIMM's list is not complete.
	Gaps []string
	// Asked reports that the controller itself has listed all its models (AllModels),
	// NotAsked why it has not.
	Asked    bool
	NotAsked string
	// Hidden says what the controller's own list does not show; "" if it shows all.
	Hidden string
	// Arriving are models on their way to it, asked to move there recently, or moving
	// to it is not known where; Leaving are those on their way from it.
	Arriving, Leaving []string
	// Movable and Stuck are the models that JIMM records there: those that can
	// move, and those that cannot.
	Movable []string
	Stuck   []Left
	// Strangers are models that are there although JIMM does not record them
	// there: unknown to JIMM, half imported, left over.
	Strangers []Left
	// Departed are the models that left. Unproved are those of them for which the
	// controller has not said that they went where JIMM records them, Silent those
	// for which it did not answer.
	Departed, Unproved, Silent []string
}

// Prove returns the strongest verdict that the evidence supports.
func Prove(e Evidence) Verdict {
	switch {
	case len(e.Conflicts) > 0:
		return InConflict
	case len(e.Gaps) > 0, !e.Asked && len(e.Silent) > 0:
		return NotKnown
	case len(e.Arriving) > 0, len(e.Leaving) > 0, len(e.Movable) > 0:
		return Partly
	case len(e.Stuck) > 0, len(e.Strangers) > 0:
		return Blocked
	case e.Asked && e.Hidden == "" && len(e.Unproved)+len(e.Silent) == 0:
		return Drained
	default:
		return DrainedAsRecorded
	}
}
