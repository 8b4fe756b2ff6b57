package redact_test

import (
	"strings"
	"testing"

	"jimm-migrator/src/redact"
)

func TestRedactRemovesSecrets(t *testing.T) {
	for _, text := range []string{
		`aborted, removing model from target controller: model data transfer failed, credential attribute mismatch: map[secret-key:CANARY] != map[secret-key:"CANARY ] x"]`,
		"cannot log in: password=CANARY, retry", `{"client-secret": "CANARY"}`, "token: CANARY", "macaroons: CANARY",
		"bad token eyJhbGciOiJSUzI1NiJ9.CANARY.sig", "-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----",
		"-----BEGIN RSA PRIVATE KEY-----\nCANARY", // cut
		"attributes map[access-key:CANARY",        // cut
		"map[a:b] != map[x:CANARY",
		`answered "{\"client-secret\":\"CANARY\"}"`, `{"secret": "CANARY"}`, "secret=CANARY",
		"password='CANARY and more CANARY'", `password="CANARY and more CANARY"`,
		"GET https://x?access_token=CANARY&a=b", "refresh_token: CANARY", "Authorization: Bearer CANARYCANARY",
		"https://user:CANARY@host/path", `"s64":"CANARY"`, "Basic CANARYQ0FOQVJZQ0FOQVJZ",
		"token ZXlKaGJHY2lPaUpTVXpJMUCANARYNiIsI", "MDAxYmxvY2F0aW9uIGp1anUCANARYKMDAxNmlk",
		// A value without quotes ends at the next space, whatever it contains.
		"client-secret=x)CANARY", "password=x]CANARY", "token: x}CANARY,CANARY;CANARY",
		"api-key: CANARY", "private_key=CANARY", "os-password: CANARY", "passphrase: CANARY",
		// Attributes of credentials of Juju's clouds (MAAS, OCI, Kubernetes, LXD), a URL that S3 has signed, and Vault.
		"maas-oauth: CANARY:x:y", "pass-phrase=CANARY", "ClientKeyData: CANARY", "client-key=CANARY", "pwd=CANARY",
		"https://b.s3.amazonaws.com/x?X-Amz-Signature=CANARY", "permission denied for hvs.CAESIJCANARY0123456789abcdef",
	} {
		if got := redact.String(text); strings.Contains(got, "CANARY") {
			t.Errorf("Redact(%q) = %q", text, got)
		}
	}
}

func TestRedactKeepsWhatUsersNeed(t *testing.T) {
	for _, text := range []string{
		"source prechecks failed: unit pg/0 not idle or executing (lost)",
		"secrets: target controller does not have all required secret backends set up",
		"cannot read secret:9m4e2mr0ui3e8a215n4g: permission denied",
		"dial tcp 10.0.0.1:17070: connect: connection refused",
		"target prechecks failed: model with same UUID already exists (9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10)",
		"invalid entity name or password", "session token invalid", "macaroon discharge required",
		`invalid client credentials: oauth2: "invalid_client" "Invalid client or Invalid client credentials"`,
		"no connection to wss://10.0.0.1:17070/model/9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10/api: EOF",
		"cannot initiate migration as the users granted access to the model do not exist\non the destination controller.",
		"quiescing, waiting for agents to report back: 1 succeeded, 2 still to report, 1 failed",
	} {
		if got := redact.String(text); got != text {
			t.Errorf("Redact(%q) = %q", text, got)
		}
	}
}

// A text that was redacted is not changed again.
func TestRedactingTwiceIsRedactingOnce(t *testing.T) {
	for _, text := range []string{
		"client-secret=abc)", "client-secret=[redacted]])", "token: map[a:b] c", "cookie: -----BEGIN X-----\na", "secret = bearer abcdefghijk",
		"https://u:p@h?token=x", "map[map[x]", "password: eyJhbGciOiJSUzI1NiJ9.x.y z", "password: MDAxYmxvY2F0aW9uIGp1anUxMDAxNmlkMDAx",
	} {
		once := redact.String(text)
		if twice := redact.String(once); twice != once {
			t.Errorf("%q becomes %q, and then %q", text, once, twice)
		}
	}
}

// A sentence of ours around a text that was redacted, and others beside it, are not changed when
// the whole is redacted.
func TestWhatStandsAroundARedactedTextIsKept(t *testing.T) {
	for _, text := range []string{
		"hook failed: password=x", "token: y)", "secret=z", "client-secret=abc]}", "Authorization: Bearer abcdefghijk", "attributes map[a:b] c",
		"map[a:b", "credential attribute mismatch: map[a:b] != map[c:d]", "-----BEGIN X-----\na",
	} {
		part := redact.String(text)
		whole := "unit \"a/0\" is in error (" + part + "), previously active; unit \"b/0\" is in error (" + part + "), previously [active]; and 2 more"
		if got := redact.String(whole); got != whole {
			t.Errorf("%q becomes\n%q, want\n%q", text, got, whole)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("password=x")
	f.Add("client-secret=abc)")
	f.Add("token: [redacted PEM] map[x")
	f.Fuzz(func(t *testing.T, text string) {
		once := redact.String(text)
		if twice := redact.String(once); twice != once {
			t.Errorf("%q becomes %q, and then %q", text, once, twice)
		}
		if got := redact.String("client-secret=CANARY-1 " + text); strings.Contains(got, "CANARY-1") && !strings.Contains(text, "CANARY-1") {
			t.Errorf("Redact leaks before %q: %q", text, got)
		}
	})
}
