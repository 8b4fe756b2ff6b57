package conform_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/tests/conform"
)

func writeFixture(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.txtar")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestFixtureLinesAreRead(t *testing.T) {
	f, err := conform.Read(writeFixture(t, `JIMM, recorded.
-- setup.yaml --
model: {controller: ctl-a, mode: exporting}
-- client --
connect /model/x/api as admin
# a comment
C-> not json
<-C after 60s {"request-id":1}
<-C close 1005
-- controllers --
connect ctl-a /api
J-> ctl-a /api as user-admin {"request-id":1}
token {"a":1}
J<- ctl-a /api reset
close ctl-a /api 1006
-- row --
u o/n ctl-a mode="exporting"
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []conform.Step{
		{Line: 1, Kind: conform.Connect, Path: "/model/x/api", User: "admin"},
		{Line: 3, Kind: conform.Request, Message: "not json"},
		{Line: 4, Kind: conform.Reply, Message: `{"request-id":1}`, After: time.Minute},
		{Line: 5, Kind: conform.Reply, Status: 1005},
		{Line: 1, Kind: conform.Connect, Controller: "ctl-a", Path: "/api"},
		{Line: 2, Kind: conform.ControllerRequest, Controller: "ctl-a", Path: "/api", User: "user-admin", Message: `{"request-id":1}`},
		{Line: 3, Kind: conform.Token, Message: `{"a":1}`},
		{Line: 4, Kind: conform.ControllerReply, Controller: "ctl-a", Path: "/api", Message: conform.Reset},
		{Line: 5, Kind: conform.Close, Controller: "ctl-a", Path: "/api", Status: 1006},
	}
	if diff := cmp.Diff(want, append(f.Client, f.Controllers...)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if f.Row == nil || f.Row.Message != `u o/n ctl-a mode="exporting"` {
		t.Errorf("row %+v", f.Row)
	}
	if diff := cmp.Diff(&conform.Row{Controller: "ctl-a", Mode: "exporting"}, f.Setup.Model); diff != "" {
		t.Errorf("model (-want +got):\n%s", diff)
	}
}

func TestWrongFixturesAreRefused(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"no comment":      {"-- client --\nconnect /api\n", "a fixture has a comment"},
		"nothing":         {"x\n-- setup.yaml --\nleader: true\n", "a section client"},
		"unknown section": {"x\n-- clinet --\n", `section "clinet": unknown section`},
		"unknown key":     {"x\n-- setup.yaml --\nleeder: true\n-- client --\nconnect /api\n", "leeder"},
		"unknown line":    {"x\n-- client --\nC=> {}\n", "line 1: unknown kind of line"},
		"cut JSON":        {"x\n-- client --\nC-> {\"a\":\n", "line 1: the message is not JSON"},
		"wrong syntax":    {"x\n-- client --\nconnect\n", "line 1: wrong syntax"},
		"wrong time":      {"x\n-- story --\nat noon\n", "line 1: time: invalid duration"},
		"two rows":        {"x\n-- client --\nconnect /api\n-- row --\nnone\nrow none\n", "want one row"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := conform.Read(writeFixture(t, test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestToolCallsAreRead(t *testing.T) {
	f, err := conform.ReadTool(writeFixture(t, `Hook tools, recorded.
-- calls --
env -HOME
env A=b
in "x\n"
repeat 2
$ action-set 'a b' "c\nd" (k*3)=x
rc 2
out one
out two
err ERROR ...
$ is-leader
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []conform.ToolCall{
		{
			Line: 5, Kind: "$", Args: []string{"action-set", "a b", "c\nd", "kkk=x"}, Repeat: 2,
			Env: map[string]string{"HOME": "", "A": "b"}, Stdin: "x\n", Code: 2, Stdout: "one\ntwo\n", Stderr: "ERROR ...\n",
		},
		{Line: 10, Kind: "$", Args: []string{"is-leader"}, Repeat: 1, Env: map[string]string{}},
	}
	if diff := cmp.Diff(want, f.Calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestTextFits(t *testing.T) {
	for _, test := range []struct {
		recorded, text string
		want           bool
	}{
		{"", "", true},
		{"", "x", false},
		{"a\n", "a\n", true},
		{"a\n", "b\n", false},
		{"ERROR ... not found", "ERROR x.y not found", true},
		{"ERROR ... not found", "ERROR x.y not found!", false},
		{"a.c", "abc", false},
		{"...\n", "two\nlines\n", true},
	} {
		if got := conform.TextFits(test.recorded, test.text); got != test.want {
			t.Errorf("TextFits(%q, %q) = %v", test.recorded, test.text, got)
		}
	}
}
