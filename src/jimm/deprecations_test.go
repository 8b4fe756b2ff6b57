package jimm_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"jimm-migrator/src/jimm"
)

// TestDeprecations reads logs about a controller d that JIMM now lists as marked. A row is "DAY
// VERB NAME END": cordon, lift, remove or redacted; done, refused or lost.
func TestDeprecations(t *testing.T) {
	day := func(n int) time.Time {
		if n == 0 {
			return time.Time{}
		}
		return time.Date(2026, 11, n, 12, 0, 0, 0, time.UTC)
	}
	for name, test := range map[string]struct {
		log    string
		want   int // a day; 0: not known
		undone int
	}{
		"once":                           {"3 cordon d done", 3, 0},
		"twice":                          {"3 cordon d done; 5 cordon d done", 3, 0},
		"lifted in between":              {"3 cordon d done; 4 lift d done; 5 cordon d done", 5, 4},
		"lifted, or not":                 {"3 cordon d done; 4 lift d lost; 5 cordon d done", 5, 4},
		"lifting was refused":            {"3 cordon d done; 4 lift d refused; 5 cordon d done", 3, 0},
		"lifted and marked out of sight": {"3 cordon d done; 4 lift d done", 0, 4},
		"removed and added":              {"3 cordon d done; 4 remove d done; 5 cordon d done", 5, 4},
		"removing was refused":           {"3 cordon d done; 4 remove d refused; 5 cordon d done", 3, 0},
		"another one":                    {"3 cordon c done; 4 lift c done", 0, 0},
		"beside another one":             {"3 cordon d done; 4 lift c done; 4 remove c done", 3, 0},
		"refused":                        {"2 cordon d done; 3 lift d done; 5 cordon d refused", 0, 3},
		"no answer":                      {"5 cordon d lost", 5, 0},
		"no answer and done later":       {"3 lift d done; 4 cordon d lost; 5 cordon d done", 5, 3},
		"done before and no answer":      {"3 cordon d done; 5 cordon d lost", 3, 0},
		"lifted without a name":          {"3 cordon d done; 4 lift  done", 0, 4},
		"marked without a name":          {"3 cordon  done", 0, 0},
		"params that JIMM does not show": {"3 cordon d done; 4 redacted  done", 0, 4},
		"nothing":                        {"", 0, 0},
	} {
		var events []jimm.AuditEvent
		for n, row := range strings.Split(test.log, "; ") {
			if row == "" {
				continue
			}
			field := strings.Split(row, " ")
			method, params := "SetControllerDeprecated", fmt.Sprintf(`{"name":%q,"deprecated":%t}`, field[2], field[1] == "cordon")
			switch field[1] {
			case "remove":
				method, params = "RemoveController", fmt.Sprintf(`{"name":%q}`, field[2])
			case "redacted":
				params = `{"params":"redacted"}`
			}
			request := fmt.Sprintf(`"time":"2026-11-0%sT12:00:00Z","conversation-id":"a","message-id":%d,"facade-name":"JIMM","facade-method":%q,"facade-version":4,"user-tag":"user-carol@example.com"`, field[0], n, method)
			rows := []string{`{` + request + `,"is-response":false,"params":` + params + `}`}
			switch field[3] {
			case "done":
				rows = append(rows, `{`+request+`,"is-response":true,"errors":{"results":[{"error":{"code":"","message":""}}]}}`)
			case "refused":
				rows = append(rows, `{`+request+`,"is-response":true,"errors":{"results":[{"error":{"code":"unauthorized access","message":"unauthorized"}}]}}`)
			}
			for _, raw := range rows {
				var event jimm.AuditEvent
				if err := json.Unmarshal([]byte(raw), &event); err != nil {
					t.Fatal(err)
				}
				events = append(events, event)
			}
		}
		if got, want := jimm.DeprecationIn(events, "d"), (jimm.Deprecation{Since: day(test.want), Undone: day(test.undone)}); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
