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
	for _, list := range []string{"own-model", "nonsense", "target-copy,versions", "Target-Copy"} {
		if got, err := actions.CheckIDs(list); err == nil || !strings.Contains(err.Error(), "target-available, target-copy") {
			t.Errorf("%q: %v, %v", list, got, err)
		}
	}
}
