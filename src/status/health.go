package status

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"jimm-migrator/src/config"
	"jimm-migrator/src/migration/facts"
)

// keyHealth is the key of JIMM's last known health in the unit's state.
const keyHealth = "health"

// health is what the last poll of JIMM found. The unit's state keeps it as a
// hint for hooks that do not connect to JIMM.
type health struct {
	// Of is the fingerprint of the JIMM and account that were polled. With
	// other settings the health is unknown.
	Of string `json:"of"`
	// At is when JIMM was logged in to; zero if it was not.
	At time.Time `json:"at,omitzero"`

	// Address is where JIMM answered.
	Address     string `json:"address,omitempty"`
	Version     string `json:"version,omitempty"`
	Counted     bool   `json:"counted,omitempty"`
	Controllers int    `json:"controllers,omitempty"`
	Models      int    `json:"models,omitempty"`
	// Migrating is the number of models that JIMM listed as migrating.
	Migrating int `json:"migrating,omitempty"`
	// Drift counts the models that are not where JIMM records them, as far as a
	// list shows it; Adrift is one of them.
	Drift  int    `json:"drift,omitempty"`
	Adrift string `json:"adrift,omitempty"`

	// Cordons are the controllers that JIMM lists as deprecated.
	Cordons cordons `json:"cordons,omitzero"`

	// Finishing is the model behind which the next [Finish] begins; "" if the last
	// one has asked about all.
	Finishing string `json:"finishing,omitempty"`

	// Reached is why JIMM does not answer, Login why it refuses the account; both
	// are empty if all is well. Only a login can change the second.
	Reached finding `json:"reached,omitzero"`
	Login   finding `json:"login,omitzero"`
}

// finding is why JIMM cannot be used, as the unit's state stores it.
type finding struct {
	// What and Remedy are a problem that the administrator has to correct.
	What   string `json:"what,omitempty"`
	Remedy string `json:"remedy,omitempty"`
	// Waiting is a problem that may resolve without action.
	Waiting string `json:"waiting,omitempty"`
}

// findingOf returns the finding of an error of package config.
func findingOf(err error) finding {
	if problem, ok := errors.AsType[*config.ProblemError](err); ok {
		return finding{What: problem.What, Remedy: problem.Remedy}
	}
	if wait, ok := errors.AsType[*config.WaitError](err); ok {
		return finding{Waiting: wait.For}
	}
	return finding{}
}

func (f finding) empty() bool { return f == finding{} }

func (h health) problem() *config.ProblemError {
	for _, f := range []finding{h.Reached, h.Login} {
		if f.What != "" {
			return &config.ProblemError{What: f.What, Remedy: f.Remedy}
		}
	}
	return nil
}

// waiting is what the unit waits for, or "".
func (h health) waiting() string {
	if h.Reached.Waiting != "" {
		return h.Reached.Waiting
	}
	return h.Login.Waiting
}

// sentence is the message of a unit that is active.
func (h health) sentence(unit string) string {
	text := "JIMM at " + h.Address
	if h.Version != "" {
		text = "JIMM " + h.Version + " at " + h.Address
	}
	if !h.Counted {
		return text + "; run check-access to test it"
	}
	text += ": " + facts.Count(h.Controllers, "controller", "controllers") + ", " + facts.Count(h.Models, "model", "models")
	if h.Migrating > 0 {
		text += fmt.Sprintf("; %d migrating at %s UTC", h.Migrating, h.At.Format("15:04"))
	}
	if h.Drift > 0 {
		command := facts.LocateCommand(unit, h.Adrift)
		if h.Adrift == "" {
			command = "juju run --string-args " + unit + " locate-model model='*'"
		}
		if h.Drift == 1 {
			text += "; 1 model is not on the controller that JIMM records: " + command
		} else {
			text += fmt.Sprintf("; %d models are not on the controllers that JIMM records: %s", h.Drift, command)
		}
	}
	if long := h.Cordons.sentence(unit); long != "" {
		text += "; " + long
	}
	return text
}

// verified notes that JIMM records a model correctly, and that a migration may have
// ended. If the model was the one adrift, the next login names another one.
func (h *health) verified(model string) (changed bool) {
	if h == nil {
		return false
	}
	changed = h.Migrating > 0
	h.Migrating = 0
	if h.Drift > 0 && h.Adrift == model {
		h.Drift, h.Adrift = h.Drift-1, ""
		changed = true
	}
	return changed
}

// health returns the last known health of the JIMM of these settings, or nil.
func (m memory) health(s config.Settings) *health {
	h := &health{}
	if json.Unmarshal([]byte(m.state[keyHealth]), h) != nil || h.Of != s.Fingerprint() {
		return nil
	}
	return h
}

// text returns the health as the state stores it.
func (h health) text() (string, error) {
	raw, err := json.Marshal(h)
	return string(raw), err
}
