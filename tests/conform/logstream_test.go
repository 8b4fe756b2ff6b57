package conform_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"jimm-migrator/tests/conform"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// TestSimulatedLogStreamsReplayTheRecordings requests each log that was requested from a real API server of Juju
// 4.0-beta8.
func TestSimulatedLogStreamsReplayTheRecordings(t *testing.T) {
	archive, err := txtar.ParseFile("log40/12-log.txtar")
	if err != nil {
		t.Fatal(err)
	}
	world, err := conform.ReadWorld("controller40")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, f := range archive.Files {
		sections[f.Name] = string(f.Data)
	}
	lines := logLines(t, sections["lines"])
	ca := newCA(t)
	for want := range strings.SplitSeq(sections["client"], "\n\n") {
		request, _, _ := strings.Cut(want, "\n")
		t.Run(request, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := replayLog(t, world, ca, lines, request); got != strings.TrimSpace(want) {
					t.Error(cmp.Diff(strings.Split(strings.TrimSpace(want), "\n"), strings.Split(got, "\n")))
				}
			})
		})
	}
}

// logLines reads the lines of the recorded log, as version 2 shows them.
func logLines(t *testing.T, text string) (lines []controller.LogLine) {
	t.Helper()
	for raw := range strings.Lines(text) {
		var line struct {
			UUID, Tag, Sev, Mod, Msg string
			TS                       time.Time
			Lab                      map[string]string
		}
		if err := json.Unmarshal([]byte(raw), &line); err != nil {
			t.Fatal(err)
		}
		l := controller.LogLine{Model: line.UUID, Entity: line.Tag, Time: line.TS, Level: line.Sev, Module: line.Mod, Message: line.Msg}
		if tags := line.Lab["logger-tags"]; tags != "" {
			l.Labels = strings.Split(tags, ",")
		}
		lines = append(lines, l)
	}
	return lines
}

// replayLog requests one log and returns what was sent, in the text of the fixture.
func replayLog(t *testing.T, world *conform.World, ca *wire.CA, lines []controller.LogLine, request string) string {
	t.Helper()
	network := wire.NewNetwork()
	config := controller.Config{
		Name: "A", UUID: world.Controllers["A"].UUID, Version: "4.0-beta8", CA: ca,
		ControllerModelUUID: "a2a2a2a2-0000-4000-8000-0000000000a2", DialContext: network.DialContext,
	}
	for name, account := range world.Users {
		access := "login"
		if account.Administrator {
			access = "superuser"
		}
		config.Users = append(config.Users, controller.User{Name: name, Password: account.Secret, Access: access})
	}
	c, err := controller.New(config)
	if err != nil {
		t.Fatal(err)
	}
	err = c.AddModel(controller.Model{
		Name: "prod", UUID: prodModel40, Owner: "admin", Users: []controller.ModelUser{{Name: "carol", Access: "read"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Log(lines...)
	l, err := network.Listen(address40)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- c.Serve(l) }()
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		<-served
	}()
	path, who, _ := strings.Cut(strings.TrimPrefix(request, "connect "), " as ")
	return strings.Join(append([]string{request}, readLog(t, network, ca, path, authorization(world, who))...), "\n")
}

// authorization is the header of a user in the fixture.
func authorization(world *conform.World, who string) string {
	basic := func(user, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	switch who {
	case "nobody":
		return ""
	case "junk":
		return "Bearer junk"
	case "admin with a wrong password":
		return basic("user-admin", "wrong")
	case "admin without user-":
		return basic("admin", world.Users["admin"].Secret)
	default:
		return basic("user-"+who, world.Users[who].Secret)
	}
}

// readLog reads a stream to its end.
func readLog(t *testing.T, network *wire.Network, ca *wire.CA, path, authorization string) (got []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	transport := &http.Transport{DialContext: network.DialContext, TLSClientConfig: &tls.Config{
		RootCAs: ca.Pool(), ServerName: wire.ControllerName, MinVersion: tls.VersionTLS12,
	}}
	defer transport.CloseIdleConnections()
	header := http.Header{}
	if authorization != "" {
		header.Set("Authorization", authorization)
	}
	ws, resp, err := websocket.Dial(ctx, "wss://"+address40+path, &websocket.DialOptions{ //nolint:bodyclose // closed by Dial
		HTTPClient: &http.Client{Transport: transport}, HTTPHeader: header,
	})
	if err != nil {
		if resp == nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		return []string{"<-C status " + strconv.Itoa(resp.StatusCode) + " " + strings.TrimSpace(string(body))}
	}
	defer ws.CloseNow()
	for {
		_, data, err := ws.Read(ctx)
		switch status := websocket.CloseStatus(err); {
		case ctx.Err() != nil:
			return append(got, "still open")
		case err == nil:
			got = append(got, "<-C "+strings.TrimSuffix(string(data), "\n"))
		case status == -1:
			return append(got, "<-C reset")
		default:
			return append(got, "<-C close "+strconv.Itoa(int(status)))
		}
	}
}

// A stream with a tail stays open, even for a model that does not exist (recorded).
func TestALogStreamIsOpenUntilItsLimit(t *testing.T) {
	world, err := conform.ReadWorld("controller40")
	if err != nil {
		t.Fatal(err)
	}
	ca := newCA(t)
	for path, want := range map[string]string{
		"/log": "still open", "/log?replay=true": "still open",
		"/model/" + goneModel + "/log": "still open",
	} {
		synctest.Test(t, func(t *testing.T) {
			got := replayLog(t, world, ca, nil, "connect "+path+" as admin")
			if !strings.HasSuffix(got, "<-C {}\n"+want) {
				t.Errorf("%s: %s", path, got)
			}
		})
	}
}
