package facts

// Observation is one observation of a model by all the witnesses that could be asked.
type Observation struct {
	Record Record
	Info   Info
	Host   Host
	// Copies has the answers of the controllers, by controller UUID.
	Copies map[ControllerUUID]Copy
	// Destinations are the controllers that JIMM may have been asked to migrate the model to from the recorded one, as
	// far as its audit log shows: see [Audit.Destinations].
	Destinations []ControllerUUID
}

// CopyOn returns what the controller said; unknown if it was not asked.
func (o Observation) CopyOn(c Controller) Copy { return o.Copies[c.UUID] }

// Denies reports whether the controller itself reports that it does not have the
// model.
func (c Copy) Denies() bool { return c.State == CopyAbsent || c.State == CopyMoved }

// RecordedAt returns the UUID that JIMM's record names, "" if no answer names
// one. An answer of a controller is newer than the record that was read before it.
func (o Observation) RecordedAt() ControllerUUID {
	if o.Info.Described() && o.Info.Controller != "" {
		return o.Info.Controller
	}
	if o.Record.State == RecordAt {
		return o.Record.Controller
	}
	return ""
}
