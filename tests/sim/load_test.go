package sim_test

import (
	"fmt"
	"strings"
	"testing"

	"jimm-migrator/tests/sim"
)

func TestLoadFillsWhatIsLeftOut(t *testing.T) {
	w := load(t, `
controllers: [{name: west}]
models: [{name: prod}]
faults: [{server: west, method: ModelManager.ModelInfo, action: delay, delay: 5s}]
`)
	again := load(t, `
controllers: [{name: west}]
models: [{name: prod, owner: alice@example.com}]
`)
	if w.JIMM.Version != "2026" || !*w.JIMM.Poller || !w.JIMM.ServiceAccounts[0].Administrator {
		t.Errorf("JIMM %+v", w.JIMM)
	}
	c := w.Controllers[0]
	if c.Version != "3.6.14" || c.Cloud != "localhost" || c.Region != "localhost" || c.UUID != again.Controllers[0].UUID {
		t.Errorf("controller %+v", c)
	}
	m := w.Models[0]
	if m.Controller != "west" || m.UUID != again.Models[0].UUID || m.UUID == c.UUID {
		t.Errorf("model %+v", m)
	}
	if f := w.Faults[0]; f.Facade != "ModelManager" || f.Method != "ModelInfo" || f.Delay.String() != "5s" {
		t.Errorf("fault %+v", f)
	}
}

func TestLoadRefusesMistakes(t *testing.T) {
	const west = "controllers: [{name: west}]\n"
	tests := []struct{ world, want string }{
		{"jimm: {vrsion: 2024}\n" + west, `line 1: unknown key "vrsion" under jimm`},
		{west + "models: [{name: m, contoller: west}]", `line 2: unknown key "contoller" under model`},
		{west + "models: [{name: m, migrations: [{abort: IMPORT}]}]", `unknown key "abort" under outcome`},
		{"", "without controllers"},
		{"jimm: {version: 2019}\n" + west, `JIMM of "2019" cannot be simulated`},
		{"jimm: {uuid: x}\n" + west, `"x" is not the UUID of JIMM`},
		{"jimm: {service-accounts: [{id: a}]}\n" + west, "needs an id and a secret"},
		{"controllers: [{name: west}, {name: west}]", `"west" is reserved, or is used twice`},
		{"controllers: [{name: jimm}]", `the controller name "jimm" is reserved`},
		{"controllers: [{name: west, status: dead}]", `status of "west" is "dead"`},
		{west + "models: [{name: m}, {name: m}]", `"alice@example.com/m" is listed twice`},
		{west + "models: [{name: m, controller: east}]", `names controller "east"`},
		{west + "models: [{name: m, copies: [east]}]", `names controller "east"`},
		{west + "models: [{name: m, history: [{to: east}]}]", `names controller "east"`},
		{west + "models: [{name: m, history: [{to: west, stall: validating}]}]", "does not end"},
		{west + "models: [{name: m, controller: none}]", "is on no controller"},
		{west + "models: [{name: m, migrations: [{stall: IMPORT}]}]", `stall of "alice@example.com/m" is "IMPORT"`},
		{west + "models: [{name: m, migrations: [{abort-at: LATER}]}]", `abort-at of "alice@example.com/m" is "LATER"`},
		{west + "models: [{name: m, mode: busy}]", `mode of "alice@example.com/m" is "busy"`},
		{"jimm: {version: 2024}\n" + west + "models: [{name: m, mode: exporting}]", "JIMM of 2024 has no modes"},
		{west + "models: [{name: m, grants: {bob: all}}]", `grant to bob of "alice@example.com/m" is "all"`},
		{west + "faults: [{server: east, action: delay}]", `server "east"`},
		{west + "faults: [{server: west, action: explode}]", `action of a fault of "west" is "explode"`},
		{west + "allowed: [everything]", `rule "everything" is not known`},
	}
	for _, test := range tests {
		_, err := sim.Load([]byte(test.world))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\ngives %v, want %s", test.world, err, test.want)
		}
	}
}

func TestWorldsKeepSecretsOutOfFormatting(t *testing.T) {
	w := load(t, "jimm: {service-accounts: [{id: a, secret: canary}]}\ncontrollers: [{name: west}]")
	for _, format := range []string{"%v", "%+v", "%#v"} {
		if text := fmt.Sprintf(format, w.JIMM.ServiceAccounts); strings.Contains(text, "canary") {
			t.Errorf("%s prints %s", format, text)
		}
	}
}
