package facts

// String says in one word how a login to the model ended.
func (k HostKind) String() string {
	return [...]string{"not-asked", "serves", "refused", "unavailable"}[k]
}

// HostKind says how a login to the model through JIMM ended.
type HostKind int

// The ends of a proxied login.
const (
	// HostNotAsked: no login was made.
	HostNotAsked HostKind = iota
	// HostServes: a controller serves the model.
	HostServes
	// HostRefused: the recorded controller does not serve the model any more.
	HostRefused
	// HostUnavailable: no answer.
	HostUnavailable
)

// Host is what a login to the model through JIMM showed.
type Host struct {
	Kind HostKind
	// Controller is the UUID of the controller that serves the model.
	Controller ControllerUUID
	Err        error
}
