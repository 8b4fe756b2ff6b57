package config

// ProblemError is something that only the administrator can correct. The unit
// is blocked until then.
type ProblemError struct {
	// What is wrong, in a few words that begin a status message.
	What string
	// Remedy is the command that corrects it, or a sentence that says what to
	// do.
	Remedy string
	// MayPass reports that the server's answer may have another reason, which ends by
	// itself.
	MayPass bool
	// Err is the error behind it, or nil.
	Err error
}

// Error is the problem and its remedy, as the unit's status shows it.
func (p *ProblemError) Error() string {
	if p.Remedy == "" {
		return p.What
	}
	return p.What + ": " + p.Remedy
}

// Own marks the text as the charm's own: its remedy is to be typed as it is.
func (p *ProblemError) Own() {}

// Unwrap returns the error behind the problem.
func (p *ProblemError) Unwrap() error { return p.Err }

// WaitError is something that resolves by itself: nothing has to be done yet.
type WaitError struct {
	// For is what is waited for, to be read after "waiting for".
	For string
}

// Error returns what is waited for.
func (w *WaitError) Error() string { return "waiting for " + w.For }
