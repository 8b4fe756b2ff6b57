package config_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/config"
	"jimm-migrator/tests/unit"
)

const (
	accountsID  = "cqg1aa2bb3cc4dd5ee70"
	accountsURI = "secret:" + accountsID
	password    = "c4n4ry-of-a-controller"
)

// accounts reads the settings of a unit with that content in
// controller-credentials.
func accounts(t *testing.T, content map[string]string) (s config.Settings) {
	t.Helper()
	agent := unit.Start(t, charmtest.Options{
		Config: unit.Config(map[string]any{"controller-credentials": accountsURI}),
		Secrets: []charmtest.Secret{
			{ID: unit.SecretID, Content: map[string]string{"client-id": "migrator", "client-secret": unit.Canary}},
			{ID: accountsID, Content: content},
		},
	})
	unit.Act(t, agent, func(ctx context.Context, u config.Unit) (err error) {
		s, err = config.Read(ctx, u)
		return err
	})
	unit.Hook(t, agent, "config-changed")
	if err := agent.CheckCanaries([]string{password}); err != nil {
		t.Error(err)
	}
	return s
}

func TestAccountsOfControllersAreRead(t *testing.T) {
	t.Parallel()
	s := accounts(t, map[string]string{"credentials": ` {
  "AWS_eu.1": {"user": "admin", "password": "` + password + `"},
  "west": {"password": "a\"b\\c", "user": "user-migrator"}
}
`})
	got := map[string]string{}
	for name, login := range s.Controllers {
		got[name] = login.User + " " + login.Password.Reveal() + " " + login.Reason
	}
	want := map[string]string{
		"AWS_eu.1": "admin " + password + " jimm-migrator/0 check-access",
		"west":     `migrator a"b\c jimm-migrator/0 check-access`,
	}
	if diff := cmp.Diff(want, got); diff != "" || s.ControllersProblem != nil {
		t.Errorf("%v\n%s", s.ControllersProblem, diff)
	}
	if text := fmt.Sprintf("%v %+v %#v", s, s, s); strings.Contains(text, password) {
		t.Error("settings print the password")
	}
}

// An error names the key, the line and the controller, never a value. It prevents nothing else.
func TestAccountsThatCannotBeUsedAreNamedWithoutValues(t *testing.T) {
	t.Parallel()
	const (
		shape = `expected {"CONTROLLER": {"user": "NAME", "password": "PASSWORD"}}`
		good  = `"west": {"user": "admin", "password": "` + password + `"}`
		quote = `"` + password + `"`
	)
	for name, test := range map[string]struct {
		content map[string]string
		text    string
		want    string
	}{
		"another key":        {content: map[string]string{"west": password}, want: "must have the key credentials and no other"},
		"one key more":       {content: map[string]string{"credentials": "{" + good + "}", "west": password}, want: "must have the key credentials and no other"},
		"empty":              {text: " ", want: "line 1: " + shape},
		"a text":             {text: quote, want: "line 1: " + shape},
		"no quotes":          {text: "\n" + password, want: "line 2: " + shape},
		"a list":             {text: "[" + quote + "]", want: "line 1: " + shape},
		"no controllers":     {text: "{}", want: "line 1: " + shape},
		"YAML":               {text: "west: {user: admin, password: " + password + "}", want: "line 1: " + shape},
		"no end":             {text: "{" + good, want: "line 1: " + shape},
		"no end inside":      {text: `{"west": {"user": "admin", "password": ` + quote, want: "line 1: " + shape},
		"something behind":   {text: "{" + good + "}\n" + quote, want: "line 2: " + shape},
		"a password alone":   {text: "{" + good + ",\n\"east\": " + quote + "}", want: "line 2: " + shape},
		"a key alone":        {text: "{" + quote + "}", want: "line 1: " + shape},
		"twice":              {text: "{" + good + ",\n\n" + good + "}", want: `line 3: controller "west" is listed twice`},
		"no user":            {text: `{"west": {"password": ` + quote + `}}`, want: `line 1: controller "west" has no user`},
		"no password":        {text: "{" + good + ",\n" + `"east": {"user": "admin"}}`, want: `line 2: controller "east" has no password`},
		"null":               {text: `{"west": {"user": "admin", "password": null}}`, want: `line 1: the password of controller "west" is not a string`},
		"a number":           {text: `{"west": {"user": 1, "password": ` + quote + `}}`, want: `line 1: the user of controller "west" is not a string`},
		"a list of them":     {text: `{"west": {"user": "admin", "password": [` + quote + `]}}`, want: `line 1: the password of controller "west" is not a string`},
		"another key inside": {text: "{\"west\": {\"user\": \"admin\",\n" + quote + `: "x"}}`, want: `line 2: controller "west" has a key that is neither user nor password`},
		"an external user":   {text: `{"west": {"user": "bob@example.com", "password": ` + quote + `}}`, want: `line 1: the user of controller "west" is not a local user`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.content == nil {
				test.content = map[string]string{"credentials": test.text}
			}
			s := accounts(t, test.content)
			p := s.ControllersProblem
			if p == nil || s.Controllers != nil {
				t.Fatalf("no problem with %q", test.content)
			}
			if !strings.HasSuffix(p.What, test.want) || p.Remedy != "juju update-secret "+accountsURI+" credentials#file=controllers.json" {
				t.Errorf("%s: %s", p.What, p.Remedy)
			}
			if s.JIMM.ClientID != "migrator" {
				t.Error("the other settings are not there")
			}
		})
	}
}
