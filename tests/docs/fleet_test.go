package docs_test

import (
	"testing"
)

// The how-tos about many models, and the worlds in which they are typed.
func fleetHowTos() map[string]string {
	return map[string]string{
		"bring-models-back": `
jimm: {tls: true}
controllers: [{name: west}, {name: east}]
models:
  - {name: prod, created-here: true, machines: [{id: "0"}, {id: "1"}]}
  - {name: web, created-here: true, machines: [{id: "0"}]}
  - {name: lab, uuid: 44444444-0000-4000-8000-000000000000, created-here: true, controller: east}
speed: 300
`,
		"balance-controllers": `
jimm: {tls: true}
controllers: [{name: west}, {name: east}]
models:
  - {name: prod, created-here: true, machines: [{id: "0"}, {id: "1"}, {id: "2"}]}
  - {name: web, created-here: true, machines: [{id: "0"}, {id: "1"}]}
  - {name: shop, created-here: true, machines: [{id: "0"}, {id: "1"}]}
  - {name: lab, created-here: true, controller: east, machines: [{id: "0"}]}
speed: 300
`,
		"upgrade-through-hops": `
jimm: {tls: true}
controllers: [{name: west, version: 3.6.14}, {name: east, version: 3.6.28}]
models:
  - {name: prod, uuid: 11111111-0000-4000-8000-000000000000, created-here: true, machines: [{id: "0"}], applications: [{name: app, units: [{name: app/0, machine: "0"}]}]}
  - {name: web, created-here: true, controller: east, agent-version: 3.6.20, machines: [{id: "0"}]}
speed: 300
`,
	}
}

// TestFleetHowTos_PrintWhatTheyShow types the commands of the how-tos about many models, in their order, and compares
// their output.
func TestFleetHowTos_PrintWhatTheyShow(t *testing.T) {
	t.Parallel()
	for name, world := range fleetHowTos() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := patient(t)
			_, s := besideJAAS(ctx, t, world)
			p, typed := find(t, "docs/how-to/"+name+".md"), 0
			for i, f := range p.fences {
				if !f.shell("typed") {
					continue
				}
				typed++
				printed, err := s.enter(ctx, f.text)
				if err != nil {
					t.Errorf("%s:%d: %v\n%s", p.path, f.line, err, indent(printed))
				}
				if i+1 == len(p.fences) || p.fences[i+1].words()[0] != "text" {
					t.Fatalf("%s:%d: nothing is shown below", p.path, f.line)
				}
				if line := mismatch(p.fences[i+1].text, printed); line != "" {
					t.Fatalf("%s:%d: not printed: %s\n%s", p.path, f.line, line, indent(printed))
				}
			}
			if typed < 2 {
				t.Errorf("%s has only %d blocks to type", p.path, typed)
			}
		})
	}
}
