package jimm_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"jimm-migrator/tests/sim/jimm"
)

// verify checks a token with the keys that JIMM publishes, as a controller does, and returns its claims.
func verify(t *testing.T, j *jimm.Server, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not a compact token: %q", token)
	}
	var header map[string]string
	decode(t, parts[0], &header)
	recorder := httptest.NewRecorder()
	j.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/.well-known/jwks.json", nil))
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(recorder.Body.Bytes(), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("key set %s: %v", recorder.Body, err)
	}
	key := set.Keys[0]
	if header["alg"] != "RS256" || header["kid"] != key["kid"] {
		t.Fatalf("header %v, key %v", header, key)
	}
	public := &rsa.PublicKey{N: number(t, key["n"]), E: int(number(t, key["e"]).Int64())}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature); err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	decode(t, parts[1], &claims)
	return claims
}

func decode(t *testing.T, part string, v any) {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

func number(t *testing.T, text string) *big.Int {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return new(big.Int).SetBytes(data)
}

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
