package survey

import "fmt"

// RightsError reports that JIMM no longer shows its models to the account of the charm.
type RightsError struct {
	// Identity is the account in JIMM, and Grant the command that makes it an
	// administrator.
	Identity, Grant string
	// Revoked reports that the account is no longer an administrator. Otherwise JIMM has not
	// said why: it may be unable to check rights (OpenFGA does not answer).
	Revoked bool
}

// Error returns the reason as far as it is known, with the command that helps.
func (e *RightsError) Error() string {
	if e.Revoked {
		return fmt.Sprintf("%q is no longer a JIMM administrator: %s", e.Identity, e.Grant)
	}
	return fmt.Sprintf("JIMM no longer lists its models for %q: it cannot check rights because OpenFGA does not answer, or the right was revoked; to grant it again: %s", e.Identity, e.Grant)
}
