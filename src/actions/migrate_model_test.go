package actions_test

import (
	"fmt"
	"strings"
	"testing"

	"jimm-migrator/src/actions"
)

func TestIgnoredChecks(t *testing.T) {
	for list, want := range map[string]string{
		"": "[]", "target-copy": "[target-copy]", " target-copy , target-available,": "[target-copy target-available]",
	} {
		if got, err := actions.CheckIDs(list); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%q: %v, %v", list, got, err)
		}
	}
	const ignorable = "target-available, target-copy"
	for list, want := range map[string]string{
		"own-model": ignorable, "nonsense": ignorable, "target-copy,versions": ignorable,
		"Target-Copy": "did you mean target-copy?", "target-copies": "did you mean target-copy?",
	} {
		if got, err := actions.CheckIDs(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v", list, got, err)
		}
	}
}
