package checks_test

import (
	"testing"

	"jimm-migrator/src/migration/checks"
)

// A backend counts as missing on the target only if both controllers have listed theirs: its id is known
// to the source's list alone.
func TestSecretBackendsAreComparedById(t *testing.T) {
	source := map[string]string{"c1": "internal", "v1": "vault"}
	for name, test := range map[string]struct {
		source, target map[string]string
		version        string
		want           checks.Level
	}{
		"the same":                    {source, map[string]string{"c2": "internal", "v1": "vault"}, "3.6.28", checks.Pass},
		"the same under another name": {source, map[string]string{"c2": "internal", "v1": "our-vault"}, "3.6.28", checks.Pass},
		"another of the same name":    {source, map[string]string{"c2": "internal", "v2": "vault"}, "3.6.28", checks.Fail},
		"none":                        {source, map[string]string{"c2": "internal"}, "3.6.28", checks.Fail},
		"no list of the source":       {nil, map[string]string{"c2": "internal"}, "3.6.28", checks.Warn},
		"no list of the target":       {source, nil, "3.6.28", checks.Warn},
		"the source's list lacks it":  {map[string]string{"c1": "internal"}, map[string]string{"c2": "internal"}, "3.6.28", checks.Warn},
		"Juju 4 compares names":       {source, map[string]string{"c2": "internal"}, "4.0.15", checks.Warn},
		"the version is not known":    {source, map[string]string{"c2": "internal"}, "", checks.Warn},
	} {
		hop := checks.Hop{Source: "3.6.28", Target: test.version, Model: "3.6.28", Type: "iaas"}
		if f := hop.SecretBackends(test.source, test.target); f.Level != test.want {
			t.Errorf("%s: %s %s, want %s", name, f.Level, f.Evidence, test.want)
		}
	}
}
