package facts

import (
	"strings"

	"jimm-migrator/src/redact"
)

// Phase is one of Juju's migration phases. No API reports it to a user: it is
// inferred from the free text of the migration (Juju 2.9 to 4.x).
type Phase int

// The phases in their order. PhaseUnknown is the zero value and precedes all.
const (
	PhaseUnknown Phase = iota
	PhaseStarting
	PhaseQuiesce
	PhaseImport
	PhaseProcessRelations
	PhaseValidation
	PhaseSuccess
	PhaseLogTransfer
	PhaseReap
	PhaseReapFailed
	PhaseAbort
	// PhaseDone: the migration has succeeded and ended. No text of a source says so:
	// the source that reaches it has removed the model.
	PhaseDone
)

// String returns Juju's name of the phase.
func (p Phase) String() string {
	switch p {
	case PhaseStarting:
		return "STARTING"
	case PhaseQuiesce:
		return "QUIESCE"
	case PhaseImport:
		return "IMPORT"
	case PhaseProcessRelations:
		return "PROCESSRELATIONS"
	case PhaseValidation:
		return "VALIDATION"
	case PhaseSuccess:
		return "SUCCESS"
	case PhaseLogTransfer:
		return "LOGTRANSFER"
	case PhaseReap:
		return "REAP"
	case PhaseReapFailed:
		return "REAPFAILED"
	case PhaseAbort:
		return "ABORT"
	case PhaseDone:
		return "DONE"
	default:
		return "UNKNOWN"
	}
}

// TextPrefix is what the text of a migration begins with where it is that of the
// model's status.
const TextPrefix = "migrating: "

// PastReturn reports whether the migration can no longer be aborted: Juju has
// no way back from SUCCESS on.
func (p Phase) PastReturn() bool { return p >= PhaseSuccess && p <= PhaseReapFailed }

// The texts that Juju 2.9.46 to 4.1-dev writes, by their beginnings. The first
// match counts. A text that is not here means a running migration in an unknown
// phase. The texts that precede an abort are those of the phase that failed.
func phaseTexts() []struct {
	prefix string
	phase  Phase
} {
	return []struct {
		prefix string
		phase  Phase
	}{
		{"starting", PhaseStarting},
		{"performing source prechecks", PhaseQuiesce},
		{"performing target prechecks", PhaseQuiesce},
		{"source prechecks failed", PhaseQuiesce},
		{"target prechecks failed", PhaseQuiesce},
		{"failed to connect to target controller during prechecks", PhaseQuiesce},
		{"failed to obtain model info during prechecks", PhaseQuiesce},
		{"quiescing,", PhaseQuiesce},
		{"exporting model", PhaseImport},
		{"importing model into target controller", PhaseImport},
		{"uploading model binaries", PhaseImport},
		{"target reports model activation in progress", PhaseImport},
		{"model data transfer failed", PhaseImport},
		{"processing relations", PhaseProcessRelations},
		{"validating,", PhaseValidation},
		{"checking machines in migrated model", PhaseValidation},
		{"machine sanity check failed", PhaseValidation},
		{"activating model in target controller", PhaseValidation},
		{"model activation failed", PhaseValidation},
		{"transferring ownership of cloud resources", PhaseSuccess},
		{"successful, removing model from source", PhaseReap},
		{"successful, transferring logs", PhaseLogTransfer},
		{"successful, transferred logs", PhaseLogTransfer},
		{"successful,", PhaseSuccess},
		{abortedPrefix, PhaseAbort},
		{ReapFailedPrefix, PhaseReapFailed},
	}
}

const (
	abortedPrefix = "aborted,"
	// ReapFailedPrefix begins the text of a migration that left a copy on its source.
	ReapFailedPrefix = "removing exported model failed"
	// abortReason precedes the reason of an abort. The reason is empty when the
	// source controller restarted while it aborted.
	abortReason = "aborted, removing model from target controller:"
)

// AnnouncesAbort reports whether the text precedes an abort; the source shows
// it only for a moment. From SUCCESS on, agents that fail stop nothing.
func AnnouncesAbort(text redact.Raw) bool {
	phase := ParseText(text)
	if phase == PhaseAbort || phase.PastReturn() {
		return false
	}
	for _, words := range []string{
		"prechecks failed", "some agents reported failure", "timed out waiting for agents to report", "model data transfer failed",
		"processing relations failed", "machine sanity check failed", "model activation failed", "during prechecks:",
	} {
		if strings.Contains(string(text), words) {
			return true
		}
	}
	return false
}

// ParseText infers the phase from the text of a migration, with or without the
// prefix "migrating: " of a model status. A text that this version does not
// know is [PhaseUnknown]: a running migration, never a finished one.
func ParseText(text redact.Raw) Phase {
	words := strings.TrimPrefix(string(text), TextPrefix)
	for _, t := range phaseTexts() {
		if strings.HasPrefix(words, t.prefix) {
			return t.phase
		}
	}
	return PhaseUnknown
}

// AbortReason returns the reason in the text of an aborted migration, or "".
func AbortReason(text redact.Raw) redact.Raw {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(string(text), TextPrefix), abortReason)
	if !ok {
		return ""
	}
	return redact.Raw(strings.TrimSpace(rest))
}

// With returns the phase and its text as sentences show them. A source that shows nothing
// of a migration (see [Unshown]) has neither.
func (p Phase) With(text string) string {
	if p == PhaseUnknown && text == TextExporting {
		return "running, but the source shows no phase"
	}
	return p.String() + ": " + text
}

// Transfers reports whether the phase moves data; Juju sets no time limit for
// such a phase.
func (p Phase) Transfers() bool { return p == PhaseImport || p == PhaseLogTransfer || p == PhaseReap }
