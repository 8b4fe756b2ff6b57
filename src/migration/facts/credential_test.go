package facts_test

import (
	"slices"
	"testing"

	"jimm-migrator/src/migration/facts"
)

func TestDifferencesOfCredentials(t *testing.T) {
	own := facts.CloudCredential{Kind: "userpass", Attributes: map[string]string{"username": "bob"}, Secret: []string{"password"}}
	for name, test := range map[string]struct {
		there facts.CloudCredential
		want  []string
	}{
		"the same":          {facts.CloudCredential{Kind: "userpass", Attributes: map[string]string{"username": "bob"}, Secret: []string{"password"}}, nil},
		"another kind":      {facts.CloudCredential{Kind: "empty"}, []string{`its kind is "empty" instead of "userpass"`}},
		"another user":      {facts.CloudCredential{Kind: "userpass", Attributes: map[string]string{"username": "eve"}, Secret: []string{"password"}}, []string{`attribute "username"`}},
		"one less, secret":  {facts.CloudCredential{Kind: "userpass", Attributes: map[string]string{"username": "bob"}}, []string{`attribute "password"`}},
		"one more":          {facts.CloudCredential{Kind: "userpass", Attributes: map[string]string{"username": "bob", "tenant": "t"}, Secret: []string{"password"}}, []string{`attribute "tenant"`}},
		"nothing in common": {facts.CloudCredential{Kind: "userpass", Secret: []string{"token"}}, []string{`attribute "password"`, `attribute "token"`, `attribute "username"`}},
	} {
		if got := test.there.Differences(own); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
