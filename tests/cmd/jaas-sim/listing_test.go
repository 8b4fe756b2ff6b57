package main_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
	main "jimm-migrator/tests/cmd/jaas-sim"
)

const actionsYAML = `
locate:
  description: |
    Show where a model is.
    It asks twice.
  parallel: true
  execution-group: some
  params:
    model: {type: string}
  required: [model]
  additionalProperties: false
wave: {}
`

func TestActions_AreListedAsJujuDoes(t *testing.T) {
	t.Parallel()
	actions, err := charmtest.ReadActions(actionsYAML, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		full bool
		want string
	}{
		{false, "Action  Description\nlocate  Show where a model is.\n        It asks twice.\nwave    No description\n"},
		{true, `locate:
  additionalProperties: false
  description: |
    Show where a model is.
    It asks twice.
  properties:
    model:
      type: string
  required:
  - model
  title: locate
  type: object
wave:
  description: No description
  properties: {}
  title: wave
  type: object
`},
	} {
		var out strings.Builder
		if err := main.PrintActions(&out, actions, test.full); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(test.want, out.String()); diff != "" {
			t.Errorf("full %v (-want +got):\n%s", test.full, diff)
		}
	}
}
