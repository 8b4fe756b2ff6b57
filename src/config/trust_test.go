package config_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/config"
	"jimm-migrator/tests/sim/wire"
	"jimm-migrator/tests/unit"
)

// authority makes the certificate of an authority, in PEM.
func authority(t *testing.T, name string) string {
	t.Helper()
	ca, err := wire.NewCA(name)
	if err != nil {
		t.Fatal(err)
	}
	return ca.PEM()
}

func list(t *testing.T, texts ...string) string {
	t.Helper()
	raw, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestAuthoritiesComeInBothVersions merges what providers of certificate_transfer
// write: a list in the application's data (version 1), ca and chain in the data
// of units (version 0).
func TestAuthoritiesComeInBothVersions(t *testing.T) {
	root, intermediate, second, old, chained := authority(t, "root"), authority(t, "intermediate"), authority(t, "second"), authority(t, "old"), authority(t, "chained")
	leaf := authority(t, "the provider's own certificate")
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(nil), Relations: []charmtest.Relation{
		{Endpoint: "receive-ca-cert", RemoteApp: "ca", RemoteData: map[string]string{"version": "1", "certificates": list(t, root, second, root+intermediate, "rubbish")}},
		{
			Endpoint: "receive-ca-cert", RemoteApp: "old-ca",
			Units: map[string]map[string]string{
				"old-ca/0": {"certificate": leaf, "ca": old, "chain": list(t, old, chained, intermediate)},
				"old-ca/1": {"ca": root, "chain": "no list"},
				"old-ca/2": {},
			},
		},
		{Endpoint: "receive-ca-cert", RemoteApp: "silent"},
	}})
	var got []string
	unit.Act(t, agent, func(ctx context.Context, u config.Unit) error {
		received, err := config.ReceivedCAs(ctx, u)
		for _, ca := range received {
			got = append(got, ca.Subject.CommonName)
		}
		if !slices.IsSortedFunc(received, func(a, b *x509.Certificate) int { return slices.Compare(a.Raw, b.Raw) }) {
			t.Error("not in a fixed order")
		}
		return err
	})
	slices.Sort(got)
	if diff := cmp.Diff([]string{"chained", "intermediate", "old", "root", "second"}, got); diff != "" {
		t.Errorf("authorities (-want +got):\n%s", diff)
	}
}
