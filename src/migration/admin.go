package migration

// AdminState tells whether a controller can be asked as one of its
// administrators.
type AdminState string

// The states of an account on a controller.
const (
	// AdminNone: there is no account for the controller.
	AdminNone AdminState = "none"
	// AdminWorks: the account is logged in, as a superuser.
	AdminWorks AdminState = "works"
	// AdminRefused: the controller refuses the account.
	AdminRefused AdminState = "refused"
	// AdminWeak: the account is not a superuser, and would not be told enough.
	AdminWeak AdminState = "not-superuser"
	// AdminSilent: the controller does not answer.
	AdminSilent AdminState = "no-answer"
)

// AdminAccess is what came of logging in to a controller as an administrator.
type AdminAccess struct {
	State AdminState
	// User is the name of the account, "" without one.
	User string
	// Version is what the controller runs, "3.6.14"; "" if it did not tell.
	Version string
	// Err is why the account does not work.
	Err error
}
