package facts_test

import (
	"testing"
	"time"

	"jimm-migrator/src/migration/facts"
)

// Juju calls a model suspended if its cloud credential is not valid, in every status and list.
func TestAStatusShowsWhetherTheCredentialIsValid(t *testing.T) {
	for status, want := range map[string]facts.Validity{
		"available":   facts.Valid,
		"busy":        facts.Valid,
		"suspended":   facts.Invalid,
		"destroying":  facts.ValidityUnknown, // Juju 4.0 shows no more of a model that is being removed.
		"unavailable": facts.ValidityUnknown, // JIMM's own word: no controller has listed the model.
		"":            facts.ValidityUnknown,
	} {
		inList := facts.Entry{Kind: facts.InfoListed, Status: status}.Info().Credential
		overLogin := facts.InfoOfStatus("", status, "", time.Time{}).Credential
		if inList != want || overLogin != want {
			t.Errorf("%q: %v in a list, %v over a login, want %v", status, inList, overLogin, want)
		}
	}
}
