package facts_test

import (
	"strings"
	"testing"

	"jimm-migrator/src/migration/facts"
)

const prodUUID = "abcdef01-2345-4678-9abc-def012345678"

func models() []facts.Model {
	return []facts.Model{
		{Name: "prod", Owner: "alice@example.com", UUID: prodUUID},
		{Name: "postgresql-eu", Owner: "bob@example.com", UUID: "0b6d4f5e-1a57-4f1c-8c4e-6f0f2b9b7d11"},
		{Name: "default", Owner: "alice@example.com", UUID: "11111111-1a57-4f1c-8c4e-6f0f2b9b7d22"},
		{Name: "default", Owner: "bob@example.com", UUID: "22222222-1a57-4f1c-8c4e-6f0f2b9b7d33"},
		{Name: "model-7", Owner: "carol", UUID: "33333333-1a57-4f1c-8c4e-6f0f2b9b7d44"},
	}
}

// The names that juju models, show-model, switch and status print, those that jimmctl prints, and
// the tags of access rules and audit logs all select the model.
func TestSelectTakesEveryFormThatIsPrinted(t *testing.T) {
	for _, text := range []string{
		"prod", "alice@example.com/prod", "alice/prod", " alice@example.com/prod ", prodUUID, strings.ToUpper(prodUUID),
		"jaas:prod", "jaas:alice@example.com/prod", "jaas:" + prodUUID,
		"alice-example-com/prod", "jaas:alice-example-com/prod", // A client of Juju 4.
		"model-" + prodUUID, "model:" + prodUUID, "model-jaas:alice@example.com/prod",
	} {
		if m, err := facts.Select(models(), text); err != nil || m.UUID != prodUUID {
			t.Errorf("%q: %v, %v", text, m, err)
		}
	}
	for text, name := range map[string]string{"model-7": "carol/model-7", "jaas:carol/model-7": "carol/model-7"} {
		if m, err := facts.Select(models(), text); err != nil || m.FullName() != name {
			t.Errorf("%q: %v, %v", text, m, err)
		}
	}
}

// Text copied with its quotes, the name of a service account, which contains a UUID, and a pattern
// after the name of a controller.
func TestSelectTakesWhatIsCopied(t *testing.T) {
	const account = "fca1f605-736e-4d1f-bcd2-aecc726923be"
	all := append(models(), facts.Model{Name: "m", Owner: account + "@serviceaccount", UUID: "44444444-1a57-4f1c-8c4e-6f0f2b9b7d55"})
	for text, want := range map[string]string{
		`"alice@example.com/prod"`: "alice@example.com/prod", "'prod'": "alice@example.com/prod", "`jaas:prod`": "alice@example.com/prod",
		"alice@example.com/prod\n": "alice@example.com/prod", "“alice@example.com/prod”\u00a0": "alice@example.com/prod", "\"" + strings.ToUpper(prodUUID) + "\"": "alice@example.com/prod",
		"JAAS.example.com:alice@example.com/prod": "alice@example.com/prod", "model-" + strings.ToUpper(prodUUID): "alice@example.com/prod",
		"jaas:" + account + "@serviceaccount/m": account + "@serviceaccount/m", account + "/m": account + "@serviceaccount/m",
		account + "-serviceaccount/m": account + "@serviceaccount/m", "m": account + "@serviceaccount/m",
	} {
		if m, err := facts.Select(all, text); err != nil || m.FullName() != want {
			t.Errorf("%q: %v, %v", text, m.FullName(), err)
		}
	}
	for text, want := range map[string]string{
		account + "/n": account + "@serviceaccount/m", account + "@serviceaccount/x": account + "@serviceaccount/m",
		"ALICE@EXAMPLE.COM/PROD": "alice@example.com/prod", "'prod*'": "alice@example.com/prod", "'prdo'": "alice@example.com/prod",
		"wss://jimm.example.com/model/" + prodUUID + "/api": "alice@example.com/prod", "urn:uuid:" + strings.ToUpper(prodUUID): "alice@example.com/prod",
	} {
		if _, err := facts.Select(all, text); err == nil || !strings.HasSuffix(err.Error(), "; did you mean "+want+"?") || strings.Contains(err.Error(), "digits") {
			t.Errorf("%q: %v", text, err)
		}
	}
	for pattern, count := range map[string]int{
		"alice@example.com/*": 2, "'def*'": 2, "*": 6, "[a-c]*@example.com/*": 4, account + "@serviceaccount/*": 1,
		"model-*": 1, "jaas:*": 0, "alice/*": 0, // Text that can mean more than one thing selects nothing.
	} {
		if got, err := facts.SelectAll(all, pattern); err != nil || len(got) != count {
			t.Errorf("%q: %d models, %v, want %d", pattern, len(got), err, count)
		}
	}
	for pattern, want := range map[string]string{
		"jaas:alice@example.com/*": "; did you mean alice@example.com/*?", "alice/*": "; did you mean alice@example.com/*?",
		"alice-example-com/d*": "; did you mean alice@example.com/d*?", "jaas:bob/def*": "; did you mean bob@example.com/def*?", "jaas:*": "; did you mean *?",
		"zed/*": "no model matches the pattern \"zed/*\"", "x:zed*": "no model matches the pattern \"x:zed*\"",
	} {
		if err := facts.NoModel(all, pattern, nil); !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", pattern, err, want)
		}
	}
}

// The UUID or full name of a model names it, in every notation; a pattern or its bare name does
// not.
func TestNamedBy(t *testing.T) {
	prod := models()[0]
	for text, want := range map[string]bool{
		prodUUID: true, strings.ToUpper(prodUUID): true, "model-" + prodUUID: true, "jaas:alice@example.com/prod": true, "'alice@example.com/prod'": true, "alice-example-com/prod": true,
		"prod": false, "alice/prod": false, "*": false, "alice@example.com/*": false, "": false,
	} {
		if got := prod.NamedBy(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// For text that names no model the error suggests the nearest names. Nothing is guessed.
func TestSelectSuggests(t *testing.T) {
	const prod = "alice@example.com/prod"
	for text, want := range map[string]string{
		"prdo":                   prod,
		"Prod":                   prod,
		"alice@example.com/prdo": prod,
		"alice@exmaple.com/prod": prod,
		"alice/prdo":             prod,
		"alice-example-com/prdo": prod,
		"admin/prod":             prod, // juju/juju#19546
		"alice@external/prod":    prod,
		"jaas:admin/prod":        prod,
		"prod*":                  prod, // "juju models" marks the current model so.
		"alice@example.com/prod.postgresql-primary": prod, // URL of an offer.
		"model-prdo":                          prod,
		"345678":                              prod, // The short form of a UUID that Juju prints.
		"abcdef01":                            prod,
		strings.ReplaceAll(prodUUID, "-", ""): prod,
		prodUUID[:35]:                         prod,
		"model-" + prodUUID + "0":             prod,
		"postgres":                            "bob@example.com/postgresql-eu",
		"bob/postgresql":                      "bob@example.com/postgresql-eu",
		"defautl":                             "alice@example.com/default or bob@example.com/default",
		"model-8":                             "carol/model-7",
	} {
		_, err := facts.Select(models(), text)
		if err == nil || !strings.HasSuffix(err.Error(), "; did you mean "+want+"?") || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"x", "", "/", "nothing-like-it", "zed/", "0b6d4f5e-1a57-4f1c-8c4e-000000000000"} {
		if _, err := facts.Select(models(), text); err == nil || strings.Contains(err.Error(), "did you mean") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := facts.Select(models(), "default"); err == nil || !strings.Contains(err.Error(), "2 models are called") {
		t.Errorf("an ambiguous name: %v", err)
	}
}

func TestControllersAreNamed(t *testing.T) {
	const uuid = "cccccccc-2345-4678-9abc-def012345678"
	list := facts.Controllers{{Name: "prod-eu-west-1", UUID: uuid}, {Name: "east", UUID: "dddddddd-2345-4678-9abc-def012345678"}}
	for _, text := range []string{"prod-eu-west-1", " prod-eu-west-1", uuid, strings.ToUpper(uuid), "controller-" + uuid, "controller:" + uuid, "controller-prod-eu-west-1", "'prod-eu-west-1'"} {
		if c, ok := list.Named(text); !ok || c.UUID != uuid {
			t.Errorf("%q: %v", text, c)
		}
	}
	for text, want := range map[string]string{
		"esat": "did you mean east?", "East": "did you mean east?", "east*": "did you mean east?", "EAST ": "did you mean east?", "eu-west-1": "did you mean prod-eu-west-1?", uuid[:35]: "did you mean prod-eu-west-1?", strings.ReplaceAll(uuid, "-", ""): "did you mean prod-eu-west-1?",
		"controller-esat": "did you mean east?", "nowhere": "its controllers are prod-eu-west-1, east",
	} {
		if got := list.Unknown(text); !strings.HasSuffix(got, want) || !strings.HasPrefix(got, "JIMM has no controller ") {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
		if _, ok := list.Named(text); ok {
			t.Errorf("%q names a controller", text)
		}
	}
	if got := (facts.Controllers{}).Unknown("east"); got != `JIMM has no controller "east"; it has no controllers` {
		t.Error(got)
	}
}

// A name with extra text, a list where one name is needed, and an owner alone.
func TestWhatIsNamedWithinAText(t *testing.T) {
	const prod, eu = "alice@example.com/prod", "bob@example.com/postgresql-eu"
	for text, want := range map[string]string{
		"prod,postgresql-eu": prod + " or " + eu, "postgresql-eu; prod": eu + " or " + prod, "prod postgresql-eu": prod + " or " + eu,
		"prod (alice@example.com)": prod, "(" + prodUUID + ")": prod, "<" + prodUUID + ">": prod, "prod/0": prod, "postgresql-eu.pg": eu, "alice@example.com.prod": prod, prod + ".": prod,
		"jaas:admin/x -> jaas:" + prod: prod, "name: " + prod: prod, "alice@example.com/zzz, " + eu: eu,
		"bob": "bob@example.com/default or " + eu, "bob@example.com": "bob@example.com/default or " + eu, "'carol' ": "carol/model-7",
	} {
		_, err := facts.Select(models(), text)
		names := strings.Split(want, " or ")
		if err == nil || !strings.Contains(err.Error(), "did you mean ") || strings.Count(err.Error(), "/")-strings.Count(text, "/") != len(names) {
			t.Errorf("%q: %v", text, err)
			continue
		}
		for _, name := range names {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%q: %v, want %s", text, err, name)
			}
		}
	}
	for _, text := range []string{"alice/zzz", "zzz,yyy", "dave@example.com", "a.b"} {
		if _, err := facts.Select(models(), text); err == nil || strings.Contains(err.Error(), "did you mean") {
			t.Errorf("%q: %v", text, err)
		}
	}
	list := facts.Controllers{{Name: "east", UUID: "1"}, {Name: "west", UUID: "2"}, {Name: "north", UUID: "3"}}
	if got := list.Unknown("east, north"); !strings.HasSuffix(got, "; did you mean east or north?") {
		t.Error(got)
	}
}

// Letters that look like others, and characters that cannot be seen.
func TestNamesWithCharactersThatNoNameHas(t *testing.T) {
	for _, text := range []string{"\u200bprod\u200b", "\ufeffalice@example.com/prod", "«prod»"} {
		if m, err := facts.Select(models(), text); err != nil || m.Name != "prod" {
			t.Errorf("%q: %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"pr\u043ed":       `; it has characters that no name has: "\u043e"; did you mean alice@example.com/prod?`,
		"\u0440r\u043ed":  `; it has characters that no name has: "\u0440\u043e"; did you mean alice@example.com/prod?`,
		"pr\u200bod":      `; it has characters that no name has: "\u200b"; did you mean alice@example.com/prod?`,
		"продакшн-контур": `; it has characters that no name has: "\u043f\u0440\u043e\u0434\u0430\u043a\u0448\u043d\u043a\u043e\u043d\u0442\u0443\u0440"`,
	} {
		if _, err := facts.Select(models(), text); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	list := facts.Controllers{{Name: "east", UUID: "1"}}
	if got := list.Unknown("e\u0430st"); !strings.HasSuffix(got, `; it has characters that no name has: "\u0430"; did you mean east?`) {
		t.Error(got)
	}
	for _, text := range []string{"", " \t", "''"} {
		if _, err := facts.Select(models(), text); err == nil || err.Error() != "no model was given" {
			t.Errorf("%q: %v", text, err)
		}
		if got := list.Unknown(text); got != "no controller was given; JIMM's controllers are east" {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// If only the case differs, the error suggests no other name.
func TestTheNearestNameIsTheSameInAnotherCase(t *testing.T) {
	all := []facts.Model{{Name: "a", Owner: "x"}, {Name: "b", Owner: "x"}, {Name: "eu-1", Owner: "x"}, {Name: "eu-2", Owner: "x"}}
	for text, want := range map[string]string{"A": "did you mean x/a?", "EU-1": "did you mean x/eu-1?", "eu-3": "did you mean x/eu-1 or x/eu-2?"} {
		if _, err := facts.Select(all, text); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A tag is not a mistyped UUID. In a mistyped tag the UUID is wrong.
func TestATagIsReadAsTheUUIDThatItHas(t *testing.T) {
	const unknown = "99999999-2222-4333-8444-555555555555"
	for text, want := range map[string]string{
		unknown: `"`, "model-" + unknown: `"`, "jaas:" + unknown: `"`,
		"model-" + unknown + "0": `; a UUID has 36 characters, and this one has 37`,
	} {
		if err := facts.NoModel(models(), text, nil); !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
