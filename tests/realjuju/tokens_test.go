package realjuju_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jimm-migrator/tests/realjuju/jaas"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/jimm"
)

// issuer makes tokens as JIMM does, and any others.
type issuer struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func newIssuer(t *testing.T) issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := http.NewServeMux()
	keys.HandleFunc("/.well-known/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{jimm.JWK("k1", &key.PublicKey)}})
	})
	server, err := jaas.ServeKeys(keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return issuer{server, key}
}

func (i issuer) jwks() string { return i.URL + "/.well-known/jwks.json" }

// sign makes a token as it is sent in a login.
func (i issuer) sign(t *testing.T, kid string, key *rsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	signed, err := jimm.SignToken(key, map[string]string{"alg": "RS256", "kid": kid, "typ": "JWT"}, claims)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString([]byte(signed))
}

// login is JIMM's login to a model for an administrator of JIMM.
func (i issuer) login(t *testing.T, controller, model string) string {
	t.Helper()
	const user = "user-account@serviceaccount"
	return fmt.Sprintf(`{"auth-tag":%q,"credentials":"","token":%q}`, user, i.sign(t, "k1", i.key, map[string]any{
		"iss": "localhost", "aud": []string{controller}, "sub": user, "exp": time.Now().Add(time.Hour).Unix(), "jti": "x",
		"access": map[string]string{"controller-" + controller: "superuser", "model-" + model: "admin"},
	}))
}

// TestTokens compares logins with JIMM's tokens, valid and invalid, on a controller, a model and a model that has
// migrated away, and the calls that are allowed afterwards.
func TestTokens(t *testing.T) {
	t.Parallel()
	tokens := newIssuer(t)
	m := move(t, map[string]any{"login-token-refresh-url": tokens.jwks()}, sim.Options{JWKSURL: tokens.jwks()})
	here := m.west.ModelUUID
	claims := func(key string, value any) map[string]any {
		c := map[string]any{
			"iss": "localhost", "aud": []string{m.west.UUID}, "sub": "user-alice@canonical.com", "exp": time.Now().Add(time.Hour).Unix(), "jti": "x",
			"access": map[string]string{"controller-" + m.west.UUID: "superuser", "model-" + here: "admin", "model-" + m.model: "admin"},
		}
		if value == nil {
			delete(c, key)
		} else {
			c[key] = value
		}
		return c
	}
	good := func(key string, value any) string { return tokens.sign(t, "k1", tokens.key, claims(key, value)) }
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var differences []string
	for name, token := range map[string]string{
		"good":            good("jti", "y"),
		"expired":         good("exp", time.Now().Add(-time.Minute).Unix()),
		"no exp":          good("exp", nil),
		"other audience":  good("aud", []string{m.east.UUID}),
		"no audience":     good("aud", nil),
		"bad subject":     good("sub", "alice@canonical.com"),
		"no subject":      good("sub", nil),
		"machine":         good("sub", "machine-0"),
		"local user":      good("sub", "user-bob"),
		"no access":       good("access", nil),
		"login access":    good("access", map[string]string{"controller-" + m.west.UUID: "login"}),
		"model only":      good("access", map[string]string{"model-" + here: "read"}),
		"nonsense access": good("access", map[string]string{"controller-" + m.west.UUID: "emperor"}),
		"other key":       tokens.sign(t, "k1", other, claims("jti", "y")),
		"unknown kid":     tokens.sign(t, "k2", tokens.key, claims("jti", "y")),
		"not base64":      "§",
		"no token":        base64.StdEncoding.EncodeToString([]byte("nonsense")),
		"two parts":       base64.StdEncoding.EncodeToString([]byte("a.b")),
	} {
		login := fmt.Sprintf(`{"auth-tag":"user-alice@canonical.com","credentials":"","token":%q}`, token)
		for _, r := range []request{
			{"/api", "", "Admin", 3, "Login", login},
			{"/model/" + here + "/api", "", "Admin", 3, "Login", login},
			{"/model/" + m.model + "/api", "", "Admin", 3, "Login", login},
			{"/api", login, "Controller", 11, "AllModels", ``},
			{"/api", login, "ModelManager", 9, "ModelInfo", `{"entities":[{"tag":"model-` + here + `"},{"tag":"model-` + m.model + `"}]}`},
			{"/api", login, "ModelManager", 9, "ListModelSummaries", `{"user-tag":"user-alice@canonical.com","all":true}`},
			{"/api", login, "Controller", 11, "InitiateMigration", `{"specs":[]}`},
			{"/api", login, "Controller", 11, "ControllerConfig", ``},
			{"/model/" + here + "/api", login, "Client", 6, "FullStatus", `{}`},
		} {
			for _, d := range differOutcome(t, m, r) {
				r.Params = "" // a token differs each time
				differences = append(differences, name+": "+m.neutral.in(r.String())+d)
			}
		}
	}
	expected(t, "tokens", differences)
}

// differOutcome compares the outcomes of a request: contents are compared elsewhere.
func differOutcome(t *testing.T, m moved, r request) []string {
	t.Helper()
	actual, realProblem := m.source.real.ask(t.Context(), r)
	simulated, simProblem := m.source.simulated.ask(t.Context(), r)
	if m.neutral.in(realProblem) != m.neutral.in(simProblem) {
		return []string{m.neutral.in(fmt.Sprintf(": real %q, sim %q", realProblem, simProblem))}
	}
	for _, answer := range []any{actual, simulated} {
		whole, _ := answer.(map[string]any)
		response, _ := whole["response"].(map[string]any)
		delete(response, "facades")
		delete(response, "servers")
		results, _ := response["results"].([]any)
		for _, r := range results {
			if item, ok := r.(map[string]any); ok && item["result"] != nil {
				item["result"] = "an answer"
			}
		}
		if response != nil && r.Method != "Login" && !strings.Contains(compact(response), `"error"`) {
			whole["response"] = "an answer"
		}
	}
	return m.neutral.compare("", actual, simulated)
}
