package facts

// String returns, in one word, what is known about JIMM's record.
func (s RecordState) String() string {
	return [...]string{"unknown", "at", "lost", "unlisted"}[s]
}

// RecordState reports what is known about JIMM's record.
type RecordState int

// The states of JIMM's record. The zero value means that it is not known.
const (
	RecordUnknown RecordState = iota
	RecordAt
	RecordLost
	// RecordUnlisted: JIMM's list does not have the model, and still has most of the
	// others. A list proves nothing about a record: it is believed only as long as no
	// controller has the model.
	RecordUnlisted
)

// Record is what JIMM's database says.
type Record struct {
	State RecordState
	// Controller is the UUID of the recorded controller, for [RecordAt].
	Controller ControllerUUID
	// Listed reports that JIMM has it in its list of models alone, which costs more than a
	// question for one model.
	Listed bool
	// Err is why the record is unknown.
	Err error
}
