package juju_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

const addr = "10.0.0.1:17070"

// admin are credentials with a password that must appear nowhere.
func admin() juju.Credentials {
	return juju.Credentials{User: "admin", Password: juju.NewSecret("canary-password"), Reason: "jimm-migrator/0 locate-model"}
}

// dial dials a controller that gives this answer.
func dial(t *testing.T, opts juju.Options, answer func(request) string) (*juju.Conn, *fake) {
	t.Helper()
	ca := newAuthority(t)
	host := controller(t, ca, answer)
	opts.Addresses, opts.CACert = []string{addr}, ca.PEM()
	opts.DialContext = start(t, map[string]*fake{addr: host}).DialContext
	opts.PingInterval = -1
	conn, err := juju.Dial(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, host
}

// always gives the same answer to every request.
func always(rest string) func(request) string { return func(request) string { return rest } }

// controllerLogin is an answer as Juju 4.0-beta8 gives it, shortened.
const controllerLogin = `"response":{"servers":[[{"value":"127.0.0.1","type":"ipv4","scope":"local-cloud","port":27471},` +
	`{"value":"fd00::5","type":"ipv6","scope":"public","port":17070}]],"controller-tag":"controller-` + controllerUUID + `",` +
	`"user-info":{"display-name":"","identity":"user-admin","controller-access":"superuser","model-access":""},` +
	`"facades":[{"name":"Controller","versions":[12,13]},{"name":"ModelManager","versions":[10,11]}],"server-version":"4.0-beta8"}`

// modelLogin is the same on a model's connection.
func modelLogin(uuid string) string {
	return `"response":{"model-tag":"model-` + uuid + `","controller-tag":"controller-` + controllerUUID + `","facades":[],"server-version":"3.6.14"}`
}

func TestLogin(t *testing.T) {
	conn, host := dial(t, juju.Options{ControllerUUID: controllerUUID}, always(controllerLogin))
	got, err := conn.Login(t.Context(), admin())
	if err != nil {
		t.Fatal(err)
	}
	want := juju.LoginResult{
		ControllerTag: "controller-" + controllerUUID,
		ServerVersion: "4.0-beta8",
		User:          &juju.UserInfo{ControllerAccess: "superuser"},
		Facades:       juju.FacadeVersions{"Controller": {12, 13}, "ModelManager": {10, 11}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result differs (-want +got):\n%s", diff)
	}
	if got.ControllerUUID() != controllerUUID || got.ModelUUID() != "" {
		t.Errorf("got %q, %q", got.ControllerUUID(), got.ModelUUID())
	}
	wantRequest := []string{`{"request-id":1,"type":"Admin","version":3,"request":"Login","params":{"auth-tag":"user-admin",` +
		`"credentials":"canary-password","nonce":"","macaroons":[],"user-data":"",` +
		`"cli-args":"jimm-migrator/0 locate-model","client-version":"3.6.14"}}`}
	if diff := cmp.Diff(wantRequest, host.requests); diff != "" {
		t.Errorf("requests differ (-want +got):\n%s", diff)
	}
}

func TestLoginFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		opts   juju.Options
		answer string
		is     error
		text   string
	}{
		"wrong password": {
			answer: `"error":"invalid entity name or password","error-code":"unauthorized access","response":{}`,
			is:     rpc.CodeUnauthorized, text: "invalid entity name or password",
		},
		"unknown model": {
			opts:   juju.Options{ModelUUID: modelUUID},
			answer: `"error":"unknown model: \"x\"","error-code":"model not found","response":{}`,
			is:     rpc.CodeModelNotFound, text: "unknown model",
		},
		"no code": {
			answer: `"error":"login failed - maintenance in progress","response":{}`,
			text:   "login failed - maintenance in progress",
		},
		"discharge demanded": {
			answer: `"response":{"discharge-required":{"identifier":"canary"},"bakery-discharge-required":{"identifier":"canary"},"discharge-required-error":"invalid login macaroon"}`,
			is:     rpc.CodeDischargeRequired, text: "macaroon discharge",
		},
		"discharge demanded, old form": {
			answer: `"response":{"discharge-required":{"identifier":"canary"},"facades":[]}`,
			is:     rpc.CodeDischargeRequired, text: "not supported",
		},
		"another model": {
			opts:   juju.Options{ModelUUID: modelUUID},
			answer: modelLogin(otherModel), text: "instead of \"" + modelUUID,
		},
		"the controller instead of the model": {
			opts:   juju.Options{ModelUUID: modelUUID},
			answer: controllerLogin, text: "answered for model \"\"",
		},
		"a model instead of the controller": {
			answer: modelLogin(modelUUID), text: "answered for model",
		},
		"another controller": {
			opts:   juju.Options{ControllerUUID: targetUUID},
			answer: controllerLogin, text: "controller \"" + controllerUUID + "\" answered",
		},
		"a controller without a tag": {
			opts:   juju.Options{ControllerUUID: targetUUID},
			answer: `"response":{}`, text: "controller \"\" answered",
		},
		"nonsense": {answer: `"response":[]`, text: "cannot decode"},
		"hung up":  {is: rpc.ErrConnection, text: "no connection"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, _ := dial(t, tt.opts, always(tt.answer))
			_, err := conn.Login(t.Context(), admin())
			if err == nil || tt.is != nil && !errors.Is(err, tt.is) {
				t.Fatalf("got %v, want %v", err, tt.is)
			}
			if text := err.Error(); !strings.HasPrefix(text, `cannot log in to controller 10.0.0.1:17070 as "admin": `) ||
				!strings.Contains(text, tt.text) || strings.Contains(text, "canary") {
				t.Errorf("got %q", text)
			}
		})
	}
}

func TestEmptyCredentialsAreNotSent(t *testing.T) {
	conn, host := dial(t, juju.Options{}, always(controllerLogin))
	for _, credentials := range []juju.Credentials{
		{},
		{User: "admin"},
		{User: "admin", Password: juju.NewSecret("")},
		{Password: juju.NewSecret("canary")},
	} {
		if _, err := conn.Login(t.Context(), credentials); err == nil || !strings.Contains(err.Error(), "is empty") {
			t.Errorf("%v: got %v", credentials, err)
		}
	}
	if len(host.requests) != 0 {
		t.Errorf("sent %q", host.requests)
	}
}

func TestAnonymousLogin(t *testing.T) {
	conn, host := dial(t, juju.Options{}, always(`"response":{"controller-tag":"controller-`+controllerUUID+`","server-version":"2.9.46"}`))
	got, err := conn.LoginAnonymous(t.Context(), "peer")
	if err != nil || got.ControllerUUID() != controllerUUID || got.User != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	// As recorded with Juju 4.0-beta8. No second login: an anonymous one has
	// no calls that the version gate could refuse.
	want := []string{`{"request-id":1,"type":"Admin","version":3,"request":"Login","params":{"auth-tag":"user-jujuanonymous",` +
		`"credentials":"","nonce":"","macaroons":[],"user-data":"","cli-args":"peer","client-version":"3.6.14"}}`}
	if diff := cmp.Diff(want, host.requests); diff != "" {
		t.Errorf("requests differ (-want +got):\n%s", diff)
	}
}

// versionLogin answers logins as a controller of that version; what the second
// and later connections get is the same.
func versionLogin(version string) string {
	return `"response":{"controller-tag":"controller-` + controllerUUID + `","server-version":"` + version + `"}`
}

func TestVersionGate(t *testing.T) {
	refused := `"error":"client incompatible with server 2.9.46","error-code":"incompatible client","error-info":{"server-version":"2.9.46"},"response":{}`
	for name, tt := range map[string]struct {
		answer func(request, string) string // with the client's version
		want   []string                     // connection and claimed version of each login
		err    error
	}{
		"2.9 gets a second login": {
			func(request, string) string { return versionLogin("2.9.46") },
			[]string{"1 3.6.14", "2 2.9.46"},
			nil,
		},
		"2.9 that refuses the first": {
			func(_ request, client string) string {
				if client[0] == '3' {
					return refused
				}
				return versionLogin("2.9.46")
			},
			[]string{"1 3.6.14", "1 2.9.46"},
			nil,
		},
		"refused for ever": {
			func(request, string) string { return refused },
			[]string{"1 3.6.14", "1 2.9.46"},
			rpc.CodeIncompatibleClient,
		},
		"refused without a version": {
			func(request, string) string { return `"error":"no","error-code":"incompatible client"` },
			[]string{"1 3.6.14"},
			rpc.CodeIncompatibleClient,
		},
		"3.0 has our major version": {
			func(request, string) string { return versionLogin("3.0.3") },
			[]string{"1 3.6.14"},
			nil,
		},
		"3.6": {func(request, string) string { return versionLogin("3.6.14") }, []string{"1 3.6.14"}, nil},
		"4.0": {func(request, string) string { return versionLogin("4.0.10") }, []string{"1 3.6.14"}, nil},
		"?":   {func(request, string) string { return versionLogin("") }, []string{"1 3.6.14"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var logins []string
			conn, host := dial(t, juju.Options{}, func(r request) string {
				if r.Type != "Admin" {
					return `"response":` + strconv.Itoa(r.Conn)
				}
				var params struct {
					ClientVersion string `json:"client-version"`
				}
				if err := json.Unmarshal(r.Params, &params); err != nil {
					t.Error(err)
				}
				logins = append(logins, fmt.Sprint(r.Conn, " ", params.ClientVersion))
				return tt.answer(r, params.ClientVersion)
			})
			_, err := conn.Login(t.Context(), admin())
			if !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, logins); diff != "" {
				t.Errorf("logins differ (-want +got):\n%s", diff)
			}
			var on int
			if err := conn.Call(t.Context(), rpc.Request{Facade: "Test", Method: "Conn"}, nil, &on); err != nil {
				t.Error(err)
			}
			_, accepted := host.connections()
			if on != accepted {
				t.Errorf("calls go to connection %d of %d", on, accepted)
			}
			for range accepted - 1 { // The server sees the end of a connection later than the client.
				select {
				case <-host.ended:
				case <-time.After(time.Minute):
					t.Fatal("the first connection is still open")
				}
			}
			if open, _ := host.connections(); open != 1 {
				t.Errorf("%d connections open", open)
			}
		})
	}
}

const redirectAnswer = `"error":"redirection to alternative server required","error-code":"redirection required","error-info":` +
	`{"ca-cert":"PEM","controller-alias":"ctl-b","controller-tag":"controller-` + targetUUID + `","servers":[[` +
	`{"port":17070,"scope":"local-cloud","type":"ipv4","value":"10.0.0.5"},{"port":17070,"scope":"","type":"ipv6","value":"fd00::5"}],` +
	`[{"port":443,"scope":"public","type":"hostname","value":"b.example.com"}]]},"response":{}`

func TestLoginRedirect(t *testing.T) {
	for name, tt := range map[string]struct{ answer, uuid, alias string }{
		"as Juju sends it": {redirectAnswer, targetUUID, "ctl-b"},
		"before Juju 2.6": {
			answer: `"error":"go","error-code":"redirection required","error-info":{"servers":[[{"value":"10.0.0.5","port":1}]],"ca-cert":"PEM"}`,
		},
		"without info":        {answer: `"error":"go","error-code":"redirection required"`},
		"with another tag":    {answer: `"error":"go","error-code":"redirection required","error-info":{"controller-tag":"model-x"}`},
		"with nonsense":       {answer: `"error":"go","error-code":"redirection required","error-info":[1]`},
		"with a wrong member": {answer: `"error":"go","error-code":"redirection required","error-info":{"controller-tag":5,"controller-alias":"ctl-b"}`, alias: "ctl-b"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, _ := dial(t, juju.Options{ModelUUID: modelUUID}, always(tt.answer))
			_, err := conn.Login(t.Context(), admin())
			var redirect *juju.RedirectError
			if !errors.As(err, &redirect) || !errors.Is(err, rpc.CodeRedirect) {
				t.Fatalf("got %v, want a RedirectError", err)
			}
			if redirect.ControllerUUID != tt.uuid || redirect.ControllerAlias != tt.alias {
				t.Errorf("got %+v", redirect)
			}
		})
	}
}

func TestCredentialsDoNotPrint(t *testing.T) {
	type hidden struct{ c juju.Credentials }
	credentials := admin()
	encoded, err := json.Marshal(credentials)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{credentials, &credentials, hidden{credentials}, credentials.Password, &credentials.Password} {
			encoded = fmt.Appendf(encoded, verb+"\n", value)
		}
	}
	if text := string(encoded); strings.Contains(text, "canary") || strings.Contains(text, fmt.Sprintf("%x", "canary")) {
		t.Errorf("printed the password: %s", text)
	}
	if credentials.Password.Reveal() != "canary-password" {
		t.Error("the password is lost")
	}
}

func TestFacadeVersions(t *testing.T) {
	var facades juju.FacadeVersions
	if err := json.Unmarshal([]byte(`[{"name":"A","versions":[3,11,9]},{"name":"B","versions":null},{"name":"C"},{"name":"D","versions":[0]}]`), &facades); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		known []int
		want  int
		ok    bool
	}{
		{"A", []int{9, 10, 11}, 11, true},
		{"A", []int{10, 9}, 9, true},
		{"A", []int{12}, 0, false},
		{"A", nil, 0, false},
		{"B", []int{1}, 0, false},
		{"C", []int{1}, 0, false},
		{"D", []int{0}, 0, true},
		{"E", []int{1}, 0, false},
	} {
		if got, ok := facades.Best(tt.name, tt.known...); got != tt.want || ok != tt.ok {
			t.Errorf("Best(%s, %v) = %d, %v; want %d, %v", tt.name, tt.known, got, ok, tt.want, tt.ok)
		}
	}
	if _, ok := juju.FacadeVersions(nil).Best("A", 1); ok {
		t.Error("found a facade in none")
	}
}

func TestConnectionChoosesFacadeVersions(t *testing.T) {
	for name, tt := range map[string]struct {
		facades             string
		manager, controller int // 0: not usable
	}{
		"2.9":       {`[{"name":"ModelManager","versions":[2,3,4,5,6,7,8,9]},{"name":"Controller","versions":[3,4,5,6,7,8,9,10,11]}]`, 9, 11},
		"3.6":       {`[{"name":"ModelManager","versions":[9,10]},{"name":"Controller","versions":[11,12]}]`, 10, 12},
		"4.0-beta8": {`[{"name":"ModelManager","versions":[10,11]},{"name":"Controller","versions":[12,13]}]`, 11, 13},
		"a future":  {`[{"name":"ModelManager","versions":[11,12]},{"name":"Controller","versions":[15]}]`, 11, 0},
		"anonymous": {`[{"name":"CrossController","versions":[1]}]`, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			conn, _ := dial(t, juju.Options{}, func(r request) string {
				if r.Type == "Admin" {
					return `"response":{"facades":` + tt.facades + `}`
				}
				return `"error":"version ` + strconv.Itoa(r.Version) + `"`
			})
			if _, err := conn.ModelManager(); err == nil {
				t.Error("a facade before the login")
			}
			if _, err := conn.Login(t.Context(), admin()); err != nil {
				t.Fatal(err)
			}
			manager, err := conn.ModelManager()
			if err == nil {
				_, err = manager.ModelInfo(t.Context(), modelUUID)
			}
			checkVersion(t, err, tt.manager)
			controller, err := conn.Controller()
			if err == nil {
				_, err = controller.AllModels(t.Context())
			}
			checkVersion(t, err, tt.controller)
		})
	}
}

func checkVersion(t *testing.T, err error, want int) {
	t.Helper()
	if want == 0 {
		if !errors.Is(err, rpc.CodeNotSupported) {
			t.Errorf("got %v, want not supported", err)
		}
		return
	}
	if err == nil || !strings.HasSuffix(err.Error(), fmt.Sprint(": version ", want)) {
		t.Errorf("got %v, want version %d", err, want)
	}
}
