package operator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// The bounds of update-status, which may take five seconds in all: a unit runs
// no action meanwhile.
const (
	// lookFor is how long one look may take, and tellFor how long Loki is given.
	lookFor = 4 * time.Second
	tellFor = time.Second / 2
	// lookEvery is the least time between two logins to JIMM, which of 2024
	// keeps the secret of each in its audit log.
	lookEvery = time.Hour
)

// keyLook is where the state of the unit has the last look.
const keyLook = "look"

// look is what was seen of JIMM. It is kept in the unit's state as a hint, so
// that hooks that ask nobody can say what is known.
type look struct {
	// Of is a fingerprint of what was looked at: with another address or
	// account the look tells nothing.
	Of string `json:"of"`
	// At is when JIMM was logged in to; zero if it was not.
	At time.Time `json:"at,omitzero"`

	// Address is where JIMM has answered.
	Address     string `json:"address,omitempty"`
	Version     string `json:"version,omitempty"`
	Counted     bool   `json:"counted,omitempty"`
	Controllers int    `json:"controllers,omitempty"`
	Models      int    `json:"models,omitempty"`
	// Migrating is how many models JIMM's list showed to move.
	Migrating int `json:"migrating,omitempty"`
	// Drift counts the models that are not where JIMM records them, as far as a
	// list shows it; Adrift is one of them.
	Drift  int    `json:"drift,omitempty"`
	Adrift string `json:"adrift,omitempty"`

	// Reached is why JIMM does not answer, Login why it does not let us in; both
	// are empty if all is well. The second is found out by a login only.
	Reached finding `json:"reached,omitzero"`
	Login   finding `json:"login,omitzero"`
}

// finding is what stands in the way.
type finding struct {
	// What and Remedy are a problem that the operator has to put right.
	What   string `json:"what,omitempty"`
	Remedy string `json:"remedy,omitempty"`
	// Waiting is what comes by itself.
	Waiting string `json:"waiting,omitempty"`
}

func (f finding) empty() bool { return f == finding{} }

func (l look) problem() *ProblemError {
	for _, f := range []finding{l.Reached, l.Login} {
		if f.What != "" {
			return &ProblemError{What: f.What, Remedy: f.Remedy}
		}
	}
	return nil
}

// waiting is what the unit waits for, or "".
func (l look) waiting() string {
	if l.Reached.Waiting != "" {
		return l.Reached.Waiting
	}
	return l.Login.Waiting
}

// sentence is the message of a unit that is active.
func (l look) sentence(unit string) string {
	text := "JIMM at " + l.Address
	if strings.ContainsAny(l.Version, "0123456789") { // others are "unknown version"
		text = "JIMM " + l.Version + " at " + l.Address
	}
	if !l.Counted {
		return text + "; run the action check-access to try it"
	}
	text += ": " + count(l.Controllers, "controller", "controllers") + ", " + count(l.Models, "model", "models")
	if l.Migrating > 0 {
		text += fmt.Sprintf("; %d%s%s UTC", l.Migrating, migratingMark, l.At.Format("15:04"))
	}
	if l.Drift > 0 {
		command := "juju run " + unit + " locate-model model=" + l.Adrift
		if l.Adrift == "" {
			command = "juju run --string-args " + unit + " locate-model model='*'"
		}
		text += driftMark + count(l.Drift, "model", "models") + " not where JIMM records it: " + command
	}
	return text
}

// What a status says of drift and of running migrations has these words.
const (
	driftMark     = "; drift, "
	migratingMark = " migrating at "
)

// Settled reports whether a status says nothing that the end of a migration can
// change.
func Settled(message string) bool { return len(Marks(message)) == 0 && !counts(message) }

// counts reports whether a status says how many models migrate or are adrift.
func counts(message string) bool {
	return strings.Contains(message, driftMark) || strings.Contains(message, migratingMark)
}

// settle takes in that a model is where JIMM records it, and that a migration may
// have ended. If the model was the one adrift, the next update-status looks anew.
func (l *look) settle(model string) (changed bool) {
	if l == nil {
		return false
	}
	changed = l.Migrating > 0
	l.Migrating = 0
	if l.Drift > 0 && l.Adrift == model {
		l.Drift, l.Adrift, l.At = l.Drift-1, "", time.Time{}
		changed = true
	}
	return changed
}

// fingerprint tells one JIMM and account from another. It holds no secret.
func (s Settings) fingerprint() string {
	sum := sha256.Sum256([]byte(strings.Join(s.addresses, " ") + "\n" + s.JIMM.ClientID + "\n" + s.secret + "\n" + s.authorities))
	return hex.EncodeToString(sum[:8])
}

// lastLook returns the last look at the JIMM of these settings, or nil.
func lastLook(ctx context.Context, u Unit, s Settings) (*look, error) {
	state, err := u.State(ctx)
	if err != nil {
		return nil, err
	}
	l := &look{}
	if json.Unmarshal([]byte(state[keyLook]), l) != nil || l.Of != s.fingerprint() {
		l = nil
	}
	return l, nil
}

// keep remembers a look, if it says something new.
func (l look) keep(ctx context.Context, u Unit, before *look) error {
	if before != nil && *before == l {
		return nil
	}
	raw, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return u.SetState(ctx, map[string]string{keyLook: string(raw)})
}
