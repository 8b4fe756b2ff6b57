package juju

import (
	"encoding/json"
	"strings"
	"time"
)

// EntityStatus is the status of a model. On Juju 4.0-beta8 Since is the time
// of the call.
type EntityStatus struct {
	// Status is a word: available, busy, suspended, destroying, ….
	Status string `json:"status"`
	// Info is free text; "migrating: " and the migration's text while the
	// model migrates, "importing" on a copy that is being imported.
	Info string `json:"info"`
	// Since is when the status began, by the server's clock; nil if unknown.
	Since *time.Time `json:"since,omitempty"`
}

// UnmarshalJSON decodes the status and survives an unreadable time.
func (s *EntityStatus) UnmarshalJSON(data []byte) error {
	var wire struct {
		Status string  `json:"status"`
		Info   string  `json:"info"`
		Since  instant `json:"since"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	*s = EntityStatus{Status: wire.Status, Info: wire.Info, Since: wire.Since.t}
	return nil
}

// MigrationStatus is what a user may see of a model's latest migration that
// runs or failed. A migration that succeeded leaves none on the controller
// that the model left.
//
// Juju 4.x has no record of a migration; it derives this from the model's
// status while that is busy. Start is then the time of the latest text, or of
// the call (4.0-beta8), and does not distinguish migrations; End is never set;
// a copy that is being imported has one too, with the text "importing"; and
// when a migration was aborted there is none: the model is available again, and
// its status info ends with the reason.
type MigrationStatus struct {
	// Status is free text; its beginnings are the same from Juju 2.9 to 4.1.
	Status string `json:"status"`
	// Start is when the migration began, by the source controller's clock;
	// nil if unknown. It distinguishes migrations up to Juju 3.6.
	Start *time.Time `json:"start,omitempty"`
	// End is when it ended; nil while it runs, and always on 4.x.
	End *time.Time `json:"end,omitempty"`
}

// UnmarshalJSON decodes the status and survives unreadable times: an unreadable
// End is not an end. The beginning "migrating: ", which the text has where it
// is that of the model's status (Juju 4.x), is left out.
func (m *MigrationStatus) UnmarshalJSON(data []byte) error {
	var wire struct {
		Status string  `json:"status"`
		Start  instant `json:"start"`
		End    instant `json:"end"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	text := strings.TrimPrefix(wire.Status, "migrating: ")
	*m = MigrationStatus{Status: text, Start: wire.Start.t, End: wire.End.t}
	return nil
}

// instant decodes a time that may be absent, null, zero or unreadable, all of
// which leave it nil.
type instant struct{ t *time.Time }

// UnmarshalJSON never fails.
func (i *instant) UnmarshalJSON(data []byte) error {
	var t time.Time
	if json.Unmarshal(data, &t) == nil && !t.IsZero() {
		i.t = &t
	}
	return nil
}
