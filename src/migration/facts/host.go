package facts

import (
	"strings"
	"time"

	"jimm-migrator/src/redact"
)

// String returns, in one word, how a login to the model ended.
func (k HostKind) String() string {
	return [...]string{"not-asked", "serves", "refused", "unavailable"}[k]
}

// HostKind reports how a login to the model through JIMM ended.
type HostKind int

// The ends of a proxied login.
const (
	// HostNotAsked: no login was made.
	HostNotAsked HostKind = iota
	// HostServes: a controller serves the model.
	HostServes
	// HostRefused: the recorded controller no longer serves the model.
	HostRefused
	// HostUnavailable: no answer.
	HostUnavailable
)

// Host is what a login to the model through JIMM showed.
type Host struct {
	Kind HostKind
	// Controller is the UUID of the controller that serves the model.
	Controller ControllerUUID
	// Info is what that controller reports about the model over the login: its status,
	// and what the status shows about a migration. JIMM passes the question on, and
	// neither completes a migration nor forgets a model because of it. The kind is
	// [InfoNotAsked] if the status was not read, as with a JIMM on which ModelInfo
	// changes nothing.
	Info Info
	Err  error
}

// Report returns what the controller that serves the model reports about it, and whether it
// reports anything: every status other than these two hides migrations. Further facts are
// taken from the entry of JIMM's list, but its migration only if the controller's status
// shows the same one, because any controller can have made the entry.
func (h Host) Report(listed Info) (report Info, ok bool) {
	shows := h.Info.Status == "available" || h.Info.Status == "busy"
	if h.Kind != HostServes || h.Info.Kind != InfoLive || !shows {
		return Info{}, false
	}
	report = h.Info
	report.Life = listed.Life
	if entry := listed.Attempt; h.Shows(entry) {
		report.Attempt.Start, report.Attempt.StartUnstable = entry.Start, entry.StartUnstable
		if !report.Attempt.Running() {
			report.Attempt.End = entry.End
		}
	}
	return report, true
}

// Has reports whether the login shows that the controller which answered it has the model:
// a controller that has only a half-imported copy answers as well, and so does one that is
// removing its copy.
func (h Host) Has() bool {
	_, ok := h.Report(Info{})
	return h.Kind == HostServes && (h.Info.Kind == InfoNotAsked || ok && !h.Info.Importing())
}

// Shows reports whether the controller that serves the model shows that migration.
func (h Host) Shows(a Attempt) bool {
	own := h.Info.Attempt
	return own.Exists() && a.Exists() && (own.Text == a.Text || own.Running() && a.Running())
}

// InfoOfStatus reads the status of a model if nothing else is known (Client.FullStatus
// of Juju 2.9 to 3.6; Juju 4 shows no migration there). A migration that has ended
// keeps its text; when it ended is taken from the status.
func InfoOfStatus(controller ControllerUUID, status string, text redact.Raw, since time.Time) Info {
	i := Info{Kind: InfoLive, Controller: controller, Status: status, StatusText: text, Credential: validityOf(status)}
	own, migrates := strings.CutPrefix(string(text), TextPrefix)
	if !migrates {
		return i
	}
	i.Attempt.Text = redact.Raw(own)
	if status != "busy" || ParseText(i.Attempt.Text) == PhaseReapFailed {
		i.Attempt.End = since
	}
	return i
}
