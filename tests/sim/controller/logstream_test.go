package controller_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// logLine holds the members of a log line that these tests compare.
type logLine struct {
	Tag, Mod, Msg string
	Lab           []string
}

// readLog reads the log of a path on A, as admin:pw or another user, until a message comes or the stream ends.
func (b *pair) readLog(t *testing.T, account, path, until string) (lines []logLine) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	transport := &http.Transport{DialContext: b.network.DialContext, TLSClientConfig: &tls.Config{
		RootCAs: b.ca.Pool(), ServerName: wire.ControllerName, MinVersion: tls.VersionTLS12,
	}}
	defer transport.CloseIdleConnections()
	ws, _, err := websocket.Dial(ctx, "wss://"+addressA+path, &websocket.DialOptions{ //nolint:bodyclose // closed by Dial
		HTTPClient: &http.Client{Transport: transport},
		HTTPHeader: http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("user-"+account))}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	for {
		_, data, err := ws.Read(ctx)
		if err != nil {
			return lines
		}
		var line logLine
		if err := json.Unmarshal(data, &line); err != nil {
			t.Fatal(err)
		}
		if line.Msg != "" {
			lines = append(lines, line)
		}
		if line.Msg == until {
			return lines
		}
	}
}

func TestTheLogNamesThePhasesOfAMigration(t *testing.T) {
	for version, want := range map[string]struct {
		entity string
		labels []string
	}{"3.1.9": {"machine-0", nil}, "3.6.14": {"machine-0", []string{"migration"}}, "4.1.0": {"controller-0", []string{"migration"}}} {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bed := between(t, version, version)
				if err := bed.a.Update(prod, func(m *controller.Model) { m.RemoteApplications = nil }); err != nil {
					t.Fatal(err)
				}
				began := time.AfterFunc(time.Second, func() {
					conn := bed.dial(t, addressA, "/api")
					login, _ := loginOn(t, conn, map[string]any{"auth-tag": "user-admin", "credentials": "pw"})
					_, _ = call(t.Context(), conn, "Controller", best(t, login, "Controller"), "InitiateMigration", map[string]any{
						"specs": []any{map[string]any{"model-tag": "model-" + prod, "target-info": bed.toB()}},
					})
				})
				defer began.Stop()
				lines := bed.readLog(t, "admin:pw", "/log?includeModule=juju.worker.migrationmaster."+prod[:6], "setting migration phase to DONE")
				var phases []string
				for _, line := range lines {
					if phase, ok := strings.CutPrefix(line.Msg, "setting migration phase to "); ok {
						phases = append(phases, phase)
					}
					if line.Tag != want.entity || !slices.Equal(line.Lab, want.labels) {
						t.Errorf("line %+v", line)
					}
				}
				if got := strings.Join(phases, " "); !strings.HasPrefix(got, "IMPORT ") || !strings.HasSuffix(got, "VALIDATION SUCCESS LOGTRANSFER REAP DONE") {
					t.Errorf("phases %s", got)
				}
			})
		})
	}
}

// Before Juju 4 a stream has new lines, a backlog or all lines; maxLines ends it (documented).
func TestLogStreamsBefore4(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bed := start(t, nil)
		for _, message := range []string{"1", "2", "3"} {
			bed.a.Log(controller.LogLine{Model: prod, Entity: "machine-0", Time: time.Now(), Level: "INFO", Module: "x", Message: message})
		}
		for query, want := range map[string]string{
			"noTail=true": "", "noTail=true&backlog=2": "23", "noTail=true&replay=true": "123",
			"replay=true&maxLines=2": "12", "noTail=true&replay=true&version=2&firehose=true": "123",
		} {
			var messages []string
			for _, line := range bed.readLog(t, "admin:pw", "/model/"+prod+"/log?"+query, "its end") {
				messages = append(messages, line.Msg)
			}
			if got := strings.Join(messages, ""); got != want {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
	})
}

func TestWhoMayReadTheLog(t *testing.T) {
	for version, want := range map[string]int{"2.9.46": 1, "3.6.7": 1, "3.6.14": 0} {
		synctest.Test(t, func(t *testing.T) {
			bed := between(t, version, version)
			bed.a.Log(controller.LogLine{Model: prod, Entity: "machine-0", Time: time.Now(), Level: "INFO", Module: "x", Message: "1"})
			path := "/model/" + prod + "/log?noTail=true&replay=true"
			if got := len(bed.readLog(t, "carol:carol-pw", path, "its end")); got != want { // may log in, but no more
				t.Errorf("%s: %d lines", version, got)
			}
			if got := len(bed.readLog(t, "bob:bob-pw", path, "its end")); got != 1 { // may read the model
				t.Errorf("%s: %d lines for a reader", version, got)
			}
		})
	}
}
