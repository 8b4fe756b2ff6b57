package controller_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/jimm"
	"jimm-migrator/tests/sim/wire"
)

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
	return s.signed(t, "RS256", claims)
}

func (s *signer) signed(t *testing.T, algorithm string, claims map[string]any) string {
	t.Helper()
	compact, err := jimm.SignToken(s.key, map[string]string{"alg": algorithm, "kid": "k1", "typ": "JWT"}, claims)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString([]byte(compact))
}

func (s *signer) public(context.Context, string) (crypto.PublicKey, error) {
	return s.key.Public(), nil
}

// claims of JIMM's token for a user with access.
func claims(access map[string]string) map[string]any {
	return map[string]any{
		"iss": "jimm", "aud": []string{uuidA}, "sub": "user-alice@external", "jti": "1",
		"exp": time.Now().Add(time.Minute).Unix(), "access": access,
	}
}

func superuser() map[string]string {
	return map[string]string{"controller-" + uuidA: "superuser", "model-" + prod: "admin"}
}

func (b *pair) token(t *testing.T, path, token string) (*client, error) {
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
	const parsing = "parsing login access token: "
	synctest.Test(t, func(t *testing.T) {
		b := start(t, func(a, _ *controller.Config) { a.Tokens.Key = good.public })
		for _, test := range []struct{ name, token, want string }{
			{"good", good.token(t, claims(superuser())), "present"},
			{"single audience", good.token(t, with("aud", uuidA)), "present"},
			{"expired", good.token(t, with("exp", time.Now().Unix())), parsing + `"exp" not satisfied / `},
			{"other controller", good.token(t, with("aud", []string{uuidB})), "present"},
			{"no end", good.token(t, with("exp", 0)), "present"},
			{"bad subject", good.token(t, with("sub", "alice")), parsing + `invalid user tag in authToken: "alice" is not a valid tag / `},
			{"other key", other.token(t, claims(superuser())), parsing + "could not verify message using any of the signatures or keys / "},
			{"other algorithm", good.signed(t, "none", claims(superuser())), parsing + "could not verify message using any of the signatures or keys / "},
			{"no access", good.token(t, claims(nil)), "permission denied / unauthorized access"},
			{"not base64", "%", parsing + "invalid jwt authToken in request: illegal base64 data at input byte 0 / "},
			{"no JWS", "eA==", parsing + "invalid JWT / "},
		} {
			for _, path := range []string{"/api", "/model/" + prod + "/api"} {
				_, err := b.token(t, path, test.token)
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
		if got := verdict(t, err); got != "failed to authenticate request: unauthorized / unauthorized access" {
			t.Errorf("got %s", got)
		}
	})
}

// A token login takes its identity from the token, is not limited by a migration, and never gets a redirect.
func TestTokenLoginDuringAndAfterAMigration(t *testing.T) {
	key := newSigner(t)
	synctest.Test(t, func(t *testing.T) {
		b := start(t, func(a, _ *controller.Config) {
			a.Tokens.Key = key.public
		})
		b.admin(t, addressA).migrate(b.toB())
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
		// The owner calls through JIMM: ModelInfo on the controller connection does redirect.
		c, err = b.token(t, "/api", key.token(t, claims(superuser())))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.modelInfo(); err == nil || verdict(t, err) != "redirect to  (ctl-b)" {
			t.Errorf("ModelInfo: %v", err)
		}
	})
}

func TestTokenWithoutSuperuserGetsWhatIsMissing(t *testing.T) {
	key := newSigner(t)
	synctest.Test(t, func(t *testing.T) {
		b := start(t, func(a, _ *controller.Config) {
			a.Tokens.Key = key.public
		})
		c, err := b.token(t, "/api", key.token(t, claims(map[string]string{"controller-" + uuidA: "login"})))
		if err != nil {
			t.Fatal(err)
		}
		_, err = call(t.Context(), c.conn, "Controller", 12, "AllModels", nil)
		answer := answerOf(err)
		if answer == nil || answer.Code != "access required" || string(answer.Info) != `{"controller-`+uuidA+`":"superuser"}` ||
			answer.Message != "access permissions required: map[controller-"+uuidA+":superuser]" {
			t.Errorf("AllModels: %v", err)
		}
		if _, err := c.modelInfo(); err == nil || verdict(t, err) != "permission denied / unauthorized access" {
			t.Errorf("ModelInfo: %v", err)
		}
	})
}

func TestTokenKeysComeFromTheKeySet(t *testing.T) {
	old, current := newSigner(t), newSigner(t)
	synctest.Test(t, func(t *testing.T) {
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
			_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{jimm.JWK("k1", &old.key.PublicKey)}})
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

func TestLoginsDuringAnUpgrade(t *testing.T) {
	key := newSigner(t)
	synctest.Test(t, func(t *testing.T) {
		b := start(t, func(a, _ *controller.Config) { a.Tokens.Key = key.public })
		before := b.admin(t, addressA)
		b.a.SetUpgrading(true)
		_, err := b.token(t, "/api", key.token(t, claims(superuser())))
		if got := verdict(t, err); got != "anonymous login blocked because upgrade is in progress / " {
			t.Errorf("by token: %s", got)
		}
		_, err = loginOn(t, b.dial(t, addressA, "/api"), map[string]any{"auth-tag": "user-admin", "credentials": "wrong"})
		if got := verdict(t, err); got != "login failed - maintenance in progress / " {
			t.Errorf("wrong password: %s", got)
		}
		_, err = call(t.Context(), b.admin(t, addressA).conn, "Controller", 12, "AllModels", nil)
		if got := verdict(t, err); got != "upgrade in progress / upgrade in progress" {
			t.Errorf("a call: %s", got)
		}
		before.call("Controller", 12, "AllModels", nil)
		b.a.SetUpgrading(false)
		b.admin(t, addressA).call("Controller", 12, "AllModels", nil)
	})
}
