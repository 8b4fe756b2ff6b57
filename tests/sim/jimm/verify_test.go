package jimm_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"jimm-migrator/tests/sim/jimm"
)

func TestDebugInfoHasCapitalKeys(t *testing.T) {
	j := jimm.New(jimm.Options{Generation: jimm.Generation2026(), PathPrefix: "/jimm", Version: "v3.4.0"})
	recorder := httptest.NewRecorder()
	j.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/jimm/debug/info", nil))
	want := `{"GitCommit":"unknown git commit","Version":"v3.4.0"}`
	if got := strings.TrimSpace(recorder.Body.String()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSecretsStayOutOfFormatting(t *testing.T) {
	account := jimm.Account{ID: "migrator", Secret: "canary"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, account); strings.Contains(text, "canary") {
			t.Errorf("%s prints %s", format, text)
		}
	}
}
