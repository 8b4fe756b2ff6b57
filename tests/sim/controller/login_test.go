package controller_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// loginErrors are the answers to logins on the controller and on model endpoints before any migration.
func TestLogins(t *testing.T) {
	const controllerPath, modelPath, unknownPath = "/api", "/model/" + prod + "/api", "/model/" + nowhere + "/api"
	const badLogin = "invalid entity name or password / unauthorized access"
	const unknown = `unknown model: "` + nowhere + `" / model not found`
	const notAuthenticated = "failed to authenticate request: unauthorized / unauthorized access"
	tests := []struct {
		name, path, tag, password, want string
	}{
		{"superuser", controllerPath, "user-admin", "pw", "present"},
		{"user", controllerPath, "user-bob", "bob-pw", "present"},
		{"wrong password", controllerPath, "user-bob", "pw", badLogin},
		{"unknown user", controllerPath, "user-nobody", "pw", badLogin},
		{"disabled user", controllerPath, "user-eve", "eve-pw", badLogin},
		{"no access", controllerPath, "user-mallory", "mallory-pw", "permission denied / unauthorized access"},
		{"machine", controllerPath, "machine-0", "x", badLogin},
		{"bad tag", controllerPath, "nonsense", "x", `"nonsense" is not a valid tag / `},
		{"external without macaroon", controllerPath, "user-alice@external", "x", notAuthenticated},
		{"no tag", controllerPath, "", "", notAuthenticated},
		{"anonymous", controllerPath, "user-jujuanonymous", "", "present"},
		{"superuser on a model", modelPath, "user-admin", "pw", "present"},
		{"reader on a model", modelPath, "user-bob", "bob-pw", "present"},
		{"stranger on a model", modelPath, "user-carol", "carol-pw", "permission denied / unauthorized access"},
		{"anonymous on a model", modelPath, "user-jujuanonymous", "", "present"},
		{"superuser on an unknown model", unknownPath, "user-admin", "pw", unknown},
		{"wrong password on an unknown model", unknownPath, "user-admin", "x", unknown},
		{"anonymous on an unknown model", unknownPath, "user-jujuanonymous", "", unknown},
	}
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		for _, test := range tests {
			conn := b.dial(t, addressA, test.path)
			_, err := loginOn(t, conn, map[string]any{"auth-tag": test.tag, "credentials": test.password})
			if got := verdict(t, err); got != test.want {
				t.Errorf("%s: %s, want %s", test.name, got, test.want)
			}
			conn.Close()
		}
	})
}

func TestLoginResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		_, reply := b.login(t, addressA, "/model/"+prod+"/api", "user-bob", "bob-pw")
		var result map[string]any
		json.Unmarshal(reply, &result)
		delete(result, "facades")
		want := map[string]any{
			"servers": []any{[]any{map[string]any{
				"value": "10.0.0.5", "type": "ipv4", "scope": "local-cloud", "port": 17070.0,
			}}},
			"model-tag": "model-" + prod, "controller-tag": "controller-" + uuidA, "server-version": "3.6.14",
			"user-info": map[string]any{
				"display-name": "bob", "identity": "user-bob", "controller-access": "login", "model-access": "read",
			},
		}
		if diff := cmp.Diff(want, result); diff != "" {
			t.Errorf("login result (-want +got):\n%s", diff)
		}
		_, reply = b.login(t, addressA, "/api", "user-jujuanonymous", "")
		if strings.Contains(string(reply), "user-info") || strings.Contains(string(reply), "model-tag") ||
			strings.Contains(string(reply), "ModelManager") {
			t.Errorf("anonymous on the controller: %s", reply)
		}
	})
}

func TestEmptyPasswordIsAskedForADischarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		_, reply := b.login(t, addressA, "/api", "user-admin", "")
		var result struct {
			Discharge json.RawMessage `json:"bakery-discharge-required"`
			Tag       string          `json:"controller-tag"`
		}
		json.Unmarshal(reply, &result)
		if result.Discharge == nil || result.Tag != "" {
			t.Errorf("login result: %s", reply)
		}
	})
}

func TestUnknownModelAnswersEveryRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		conn := b.dial(t, addressA, "/model/"+nowhere+"/api")
		for _, call := range [][2]string{{"Admin", "Login"}, {"Pinger", "Ping"}, {"Client", "FullStatus"}, {"Admin", "RedirectInfo"}} {
			err := conn.Call(t.Context(), rpc.Request{Facade: call[0], Version: 1, Method: call[1]}, nil, nil)
			if got := verdict(t, err); got != `unknown model: "`+nowhere+`" / model not found` {
				t.Errorf("%v: %s", call, got)
			}
		}
	})
}

func TestMalformedUUIDIsRefusedBeforeTheUpgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		_, err := rpc.Dial(t.Context(), "wss://"+addressA+"/model/x/api", rpc.DialOptions{
			RootCAs: b.ca.Pool(), ServerName: wire.ControllerName, DialContext: b.network.DialContext,
		})
		if err == nil {
			t.Error("dialled")
		}
	})
}

func TestUnknownFacadesVersionsAndMethods(t *testing.T) {
	tests := []struct {
		path, facade string
		version      int
		method, want string
	}{
		{"/api", "Nonsense", 1, "M", `facade "Nonsense" not supported for controller API connection / not supported`},
		{"/api", "Client", 8, "FullStatus", `facade "Client" not supported for controller API connection / not supported`},
		{"/api", "Admin", 3, "Login", `facade "Admin" not supported for controller API connection / not supported`},
		{"/api", "ModelManager", 99, "ModelInfo", `unknown version (99) of interface "ModelManager" / not implemented`},
		{"/api", "ModelManager", 0, "ModelInfo", `unknown object type "ModelManager" / not implemented`},
		{"/api", "ModelManager", 10, "Nonsense", `no such request - method ModelManager(10).Nonsense is not implemented / not implemented`},
		{"/model/" + prod + "/api", "Controller", 11, "AllModels", `facade "Controller" not supported for model API connection / not supported`},
		{"/model/" + prod + "/api", "Nonsense", 1, "M", `unknown version (1) of interface "Nonsense" / not implemented`},
	}
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		for _, test := range tests {
			c, _ := b.login(t, addressA, test.path, "user-admin", "pw")
			err := c.conn.Call(t.Context(), rpc.Request{Facade: test.facade, Version: test.version, Method: test.method}, nil, nil)
			if got := verdict(t, err); got != test.want {
				t.Errorf("%s: %s", test.want, got)
			}
		}
		conn := b.dial(t, addressA, "/api")
		for want, req := range map[string]rpc.Request{
			`unknown version (10) of interface "ModelManager" / not implemented`:           {Facade: "ModelManager", Version: 10, Method: "ModelInfo"},
			`this version of Juju does not support login from old clients / not supported`: {Facade: "Admin", Version: 2, Method: "Login"},
			`not redirected / `: {Facade: "Admin", Version: 3, Method: "RedirectInfo"},
			`no such request - method Admin.Nonsense is not implemented / not implemented`: {Facade: "Admin", Version: 3, Method: "Nonsense"},
		} {
			if got := verdict(t, conn.Call(t.Context(), req, nil, nil)); got != want {
				t.Errorf("before login: %s, want %s", got, want)
			}
		}
	})
}

func TestFacadesByVersion(t *testing.T) {
	tests := map[string]string{
		"3.1.9":    "ModelManager 9, Controller 11, Client 6",
		"3.3.5":    "ModelManager 9, Controller 11, Client 6 7",
		"3.5.5":    "ModelManager 9 10, Controller 11, Client 6 7",
		"3.6-rc1":  "ModelManager 9 10, Controller 11 12, Client 6 7 8",
		"3.6.14":   "ModelManager 9 10, Controller 11 12, Client 6 7 8",
		"3.6-beta": "", "2.9.46": "", "4.0.1": "", "x": "",
	}
	for version, want := range tests {
		c, err := controller.New(controller.Config{Version: version})
		if want == "" {
			if err == nil {
				c.Close()
				t.Errorf("%s: no error", version)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", version, err)
			continue
		}
		got := c.FacadesForTest()
		if got != want {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
		c.Close()
	}
}

// After the migration: who is redirected, and who is not.
func TestRedirects(t *testing.T) {
	redirect := "redirect to controller-" + uuidB + " (ctl-b)"
	const badLogin = "invalid entity name or password / unauthorized access"
	tests := []struct{ name, tag, password, want, switched string }{
		{"anonymous", "user-jujuanonymous", "", redirect, redirect},
		{"user of the model, wrong password", "user-bob", "wrong", redirect, redirect},
		{"external user of the model, no macaroon", "user-alice@external", "", redirect, redirect},
		{"superuser who was no user of the model", "user-admin", "pw", badLogin, redirect},
		{"stranger", "user-carol", "carol-pw", badLogin, redirect},
		{"unknown user", "user-nobody", "x", badLogin, redirect},
		{"machine", "machine-0", "x", badLogin, badLogin},
	}
	for _, everybody := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t, func(a, _ *controller.Config) { a.RedirectAnyUser = everybody })
			b.admin(t, addressA).migrate(prod, b.toB())
			b.a.AwaitPhase(t.Context(), prod, controller.Done)
			for _, test := range tests {
				want := test.want
				if everybody {
					want = test.switched
				}
				conn := b.dial(t, addressA, "/model/"+prod+"/api")
				_, err := loginOn(t, conn, map[string]any{"auth-tag": test.tag, "credentials": test.password})
				if got := verdict(t, err); got != want {
					t.Errorf("%s (everybody %v): %s, want %s", test.name, everybody, got, want)
				}
			}
		})
	}
}

func TestRedirectCarriesExactlyTheTargetInfo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		target := b.toB()
		target["addrs"] = []string{addressB, "juju.example.com:443", "127.0.0.1:17070"}
		delete(target, "controller-alias")
		b.admin(t, addressA).migrate(prod, target)
		b.a.AwaitPhase(t.Context(), prod, controller.Done)
		conn := b.dial(t, addressA, "/model/"+prod+"/api")
		_, err := loginOn(t, conn, map[string]any{"auth-tag": "user-bob", "credentials": ""})
		answer, ok := err.(*rpc.Error)
		if !ok || answer.Message != "redirection to alternative server required" || answer.Code != rpc.CodeRedirect {
			t.Fatalf("Login = %v", err)
		}
		pem, _ := json.Marshal(b.ca.PEM())
		want := `{"ca-cert":` + string(pem) + `,"controller-tag":"controller-` + uuidB + `","servers":[[` +
			`{"port":17070,"scope":"local-cloud","type":"ipv4","value":"10.0.1.5"},` +
			`{"port":443,"scope":"","type":"hostname","value":"juju.example.com"},` +
			`{"port":17070,"scope":"local-machine","type":"ipv4","value":"127.0.0.1"}]]}`
		if diff := cmp.Diff(want, string(answer.Info)); diff != "" {
			t.Errorf("error-info (-want +got):\n%s", diff)
		}
		if _, err := call(t.Context(), conn, "Admin", 3, "RedirectInfo", nil); verdict(t, err) != "not redirected / " {
			t.Errorf("RedirectInfo: %v", err)
		}
	})
}

// ModelInfo on the source after the migration: users of the model get the redirect, without a controller tag.
func TestModelInfoAfterTheMigration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		admin := b.admin(t, addressA)
		admin.migrate(prod, b.toB())
		b.a.AwaitPhase(t.Context(), prod, controller.Done)
		bob, _ := b.login(t, addressA, "/api", "user-bob", "bob-pw")
		_, err := bob.modelInfo(prod)
		if err == nil || verdict(t, err) != "redirect to  (ctl-b)" {
			t.Errorf("user of the model: %v", err)
		}
		if _, err := admin.modelInfo(prod); err == nil || verdict(t, err) != "permission denied / unauthorized access" {
			t.Errorf("superuser: %v", err)
		}
	})
}

// signer makes tokens as JIMM does.
type signer struct{ key *rsa.PrivateKey }

func newSigner(t *testing.T) *signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{key: key}
}

func (s *signer) token(t *testing.T, claims map[string]any) string {
	t.Helper()
	encode := func(v any) string {
		data, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(data)
	}
	signed := encode(map[string]string{"alg": "RS256", "kid": "k1", "typ": "JWT"}) + "." + encode(claims)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	compact := signed + "." + base64.RawURLEncoding.EncodeToString(signature)
	return base64.StdEncoding.EncodeToString([]byte(compact))
}

// claims of JIMM's token for a user with access.
func claims(access map[string]string) map[string]any {
	return map[string]any{
		"iss": "jimm", "aud": []string{uuidA}, "sub": "user-alice@external", "jti": "1",
		"exp": time.Now().Add(time.Minute).Unix(), "access": access,
	}
}

func (s *signer) set() []byte {
	data, _ := json.Marshal(map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "kid": "k1", "alg": "RS256",
		"n": base64.RawURLEncoding.EncodeToString(s.key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(s.key.E)).Bytes()),
	}}})
	return data
}

func superuser() map[string]string {
	return map[string]string{"controller-" + uuidA: "superuser", "model-" + prod: "admin"}
}

func (b *bed) token(t *testing.T, path, token string) (*client, error) {
	t.Helper()
	conn := b.dial(t, addressA, path)
	_, err := loginOn(t, conn, map[string]any{"auth-tag": "user-carol", "credentials": "", "macaroons": nil, "token": token})
	return &client{t: t, conn: conn}, err
}

func TestTokenLogins(t *testing.T) {
	good, other := newSigner(t), newSigner(t)
	with := func(name string, value any) map[string]any {
		c := claims(superuser())
		c[name] = value
		return c
	}
	tests := []struct {
		name  string
		token func(t *testing.T) string
		want  string
	}{
		{"good", func(t *testing.T) string { return good.token(t, claims(superuser())) }, "present"},
		{"single audience", func(t *testing.T) string { return good.token(t, with("aud", uuidA)) }, "present"},
		{"expired", func(t *testing.T) string { return good.token(t, with("exp", time.Now().Unix())) }, `parsing login access token: "exp" not satisfied / `},
		{"other controller", func(t *testing.T) string { return good.token(t, with("aud", []string{uuidB})) }, `parsing login access token: "aud" not satisfied / `},
		{"bad subject", func(t *testing.T) string { return good.token(t, with("sub", "alice")) }, `parsing login access token: invalid user tag in authToken: "alice" is not a valid tag / `},
		{"other key", func(t *testing.T) string { return other.token(t, claims(superuser())) }, "parsing login access token: could not verify message using any of the signatures or keys / "},
		{"no access", func(t *testing.T) string { return good.token(t, claims(nil)) }, "permission denied / unauthorized access"},
		{"not base64", func(*testing.T) string { return "%" }, "parsing login access token: invalid jwt authToken in request: illegal base64 data at input byte 0 / "},
		{"no token", func(*testing.T) string { return "eA==" }, "parsing login access token: failed to parse jws: invalid number of segments / "},
	}
	synctest.Test(t, func(t *testing.T) {
		b := start(t, func(a, _ *controller.Config) {
			a.Tokens.Key = func(context.Context, string) (crypto.PublicKey, error) { return good.key.Public(), nil }
		})
		for _, test := range tests {
			for _, path := range []string{"/api", "/model/" + prod + "/api"} {
				_, err := b.token(t, path, test.token(t))
				if got := verdict(t, err); got != test.want {
					t.Errorf("%s on %s: %s, want %s", test.name, path, got, test.want)
				}
			}
		}
	})
}

func TestTokensNeedConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := start(t, nil).token(t, "/api", newSigner(t).token(t, claims(superuser())))
		if got := verdict(t, err); got != "no jwt authToken parser configured / " {
			t.Errorf("got %s", got)
		}
	})
}

// A token login takes its identity from the token, is not limited by a migration, and never gets a redirect.
func TestTokenLoginDuringAndAfterAMigration(t *testing.T) {
	key := newSigner(t)
	synctest.Test(t, func(t *testing.T) {
		b := start(t, func(a, _ *controller.Config) {
			a.Tokens.Key = func(context.Context, string) (crypto.PublicKey, error) { return key.key.Public(), nil }
		})
		b.admin(t, addressA).migrate(prod, b.toB())
		b.a.AwaitText(t.Context(), prod, "validating")
		c, err := b.token(t, "/model/"+prod+"/api", key.token(t, claims(superuser())))
		if err != nil {
			t.Fatal(err)
		}
		c.call("Client", 8, "WatchAll", nil)
		b.a.AwaitPhase(t.Context(), prod, controller.Done)
		_, err = b.token(t, "/model/"+prod+"/api", key.token(t, claims(superuser())))
		if got := verdict(t, err); got != "invalid entity name or password / unauthorized access" {
			t.Errorf("after the migration: %s", got)
		}
		// The owner asks through JIMM: ModelInfo on the controller connection does redirect.
		c, err = b.token(t, "/api", key.token(t, claims(superuser())))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.modelInfo(prod); err == nil || verdict(t, err) != "redirect to  (ctl-b)" {
			t.Errorf("ModelInfo: %v", err)
		}
	})
}

func TestTokenWithoutSuperuserIsToldWhatIsMissing(t *testing.T) {
	key := newSigner(t)
	synctest.Test(t, func(t *testing.T) {
		b := start(t, func(a, _ *controller.Config) {
			a.Tokens.Key = func(context.Context, string) (crypto.PublicKey, error) { return key.key.Public(), nil }
		})
		c, err := b.token(t, "/api", key.token(t, claims(map[string]string{"controller-" + uuidA: "login"})))
		if err != nil {
			t.Fatal(err)
		}
		_, err = call(t.Context(), c.conn, "Controller", 12, "AllModels", nil)
		answer, ok := err.(*rpc.Error)
		if !ok || answer.Code != rpc.CodeAccessRequired || string(answer.Info) != `{"controller-`+uuidA+`":"superuser"}` ||
			answer.Message != "access permissions required: map[controller-"+uuidA+":superuser]" {
			t.Errorf("AllModels: %v", err)
		}
		if _, err := c.modelInfo(prod); err == nil || verdict(t, err) != "permission denied / unauthorized access" {
			t.Errorf("ModelInfo: %v", err)
		}
	})
}

func TestTokenKeysComeFromTheKeySet(t *testing.T) {
	old, current := newSigner(t), newSigner(t)
	synctest.Test(t, func(t *testing.T) {
		serving := old
		b := start(t, func(a, _ *controller.Config) {
			a.Tokens = controller.Tokens{URL: "https://jimm.example.com/.well-known/jwks.json", RootCAs: a.CA.Pool()}
		})
		leaf, err := b.ca.Leaf("jimm.example.com")
		if err != nil {
			t.Fatal(err)
		}
		listener, err := b.network.Listen("jimm.example.com:443")
		if err != nil {
			t.Fatal(err)
		}
		server := wire.NewServer(wire.Config{Name: "jimm"})
		fetched := 0
		server.HandleHTTP("/.well-known/jwks.json", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fetched++
			w.Write(serving.set())
		}))
		var running sync.WaitGroup
		running.Go(func() { server.ServeTLS(listener, leaf) })
		defer running.Wait()
		defer server.Close()
		for range 3 {
			if _, err := b.token(t, "/api", old.token(t, claims(superuser()))); err != nil {
				t.Fatal(err)
			}
		}
		if fetched != 1 {
			t.Errorf("fetched the keys %d times for one key", fetched)
		}
		if _, err := b.token(t, "/api", current.token(t, claims(superuser()))); err == nil {
			t.Error("a token of another key was accepted")
		}
	})
}
