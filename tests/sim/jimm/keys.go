package jimm

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// tokenLife is how long a token is valid (JIMM_JWT_EXPIRY).
const tokenLife = 5 * time.Minute

// Keys sign JIMM's tokens. The key is made at its first use.
type Keys struct {
	kid string

	mu     sync.Mutex
	signed map[string]string // tokens by their claims; nil: each is signed again
	key    func() (*rsa.PrivateKey, error)
}

// The sizes of keys. Controllers of 4.x refuse a key set with less than 2048 bits (4.0.15, recorded); a smaller key is
// fast to make and is not secure.
const (
	keyBits      = 2048
	quickKeyBits = 1024
)

// NewThriftyKeys returns small keys that sign equal tokens once for all worlds that share them. A token may therefore
// live up to two minutes longer than another.
func NewThriftyKeys() *Keys {
	k := NewQuickKeys()
	k.signed = map[string]string{}
	return k
}

// NewQuickKeys returns small keys, for a JIMM whose key set is read only by simulated controllers in this process.
func NewQuickKeys() *Keys { return newKeys(quickKeyBits) }

// NewKeys returns keys that several worlds may share.
func NewKeys() *Keys { return newKeys(keyBits) }

func newKeys(bits int) *Keys {
	return &Keys{
		kid: uuid.NewString(),
		key: sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, bits) }),
	}
}

// claims of a token, in the order in which JIMM writes them.
type claims struct {
	Access   map[string]string `json:"access,omitempty"`
	Audience []string          `json:"aud,omitempty"`
	Expires  int64             `json:"exp"`
	Issuer   string            `json:"iss"`
	ID       string            `json:"jti"`
	Subject  string            `json:"sub"`
}

type tokenHeader struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
}

// thrift is how much longer a token may live, in seconds, so that another world can use the same.
const thrift = 120

// sign makes a compact JWS, RS256.
func (k *Keys) sign(c claims) (string, error) {
	if k.signed == nil {
		return k.signAgain(c)
	}
	c.Expires = (c.Expires/thrift + 1) * thrift
	id := c.ID
	c.ID = ""
	same, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("cannot encode a token: %w", err)
	}
	k.mu.Lock()
	token, known := k.signed[string(same)]
	k.mu.Unlock()
	if known {
		return token, nil
	}
	c.ID = id
	if token, err = k.signAgain(c); err == nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.signed[string(same)] = token
	}
	return token, err
}

func (k *Keys) signAgain(c claims) (string, error) {
	key, err := k.key()
	if err != nil {
		return "", fmt.Errorf("cannot make a key: %w", err)
	}
	return SignToken(key, tokenHeader{"RS256", k.kid, "JWT"}, c)
}

// SignToken makes a compact JWS of a header and claims, signed as RS256.
func SignToken(key *rsa.PrivateKey, head, body any) (string, error) {
	header, headErr := json.Marshal(head)
	payload, err := json.Marshal(body)
	if err := errors.Join(headErr, err); err != nil {
		return "", fmt.Errorf("cannot encode a token: %w", err)
	}
	raw := base64.RawURLEncoding
	signed := raw.EncodeToString(header) + "." + raw.EncodeToString(payload)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("cannot sign a token: %w", err)
	}
	return signed + "." + raw.EncodeToString(signature), nil
}

// verify returns the claims of a token that these keys signed and that has not expired.
func (k *Keys) verify(token string) (claims, error) {
	signed, signature, _ := cutLast(token, ".")
	_, payload, _ := strings.Cut(signed, ".")
	key, err := k.key()
	if err != nil {
		return claims{}, err
	}
	raw := base64.RawURLEncoding
	sig, err := raw.DecodeString(signature)
	if err != nil {
		return claims{}, errors.New("failed to parse token")
	}
	sum := sha256.Sum256([]byte(signed))
	if rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], sig) != nil {
		return claims{}, errors.New("failed to verify token")
	}
	body, err := raw.DecodeString(payload)
	var c claims
	if err != nil || json.Unmarshal(body, &c) != nil {
		return claims{}, errors.New("failed to parse token")
	}
	if time.Now().Unix() >= c.Expires {
		return claims{}, errors.New("JIMM session token expired")
	}
	return c, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// controllerToken holds the claims with which JIMM logs in to a controller: a user and its access by tag, for one
// audience.
func (s *Server) controllerToken(user, audience string, access map[string]string) (string, error) {
	token, err := s.keys.sign(claims{
		Access: access, Audience: []string{audience}, Expires: time.Now().Add(tokenLife).Unix(),
		Issuer: s.opts.DNSName, ID: uuid.NewString(), Subject: "user-" + user,
	})
	return base64.StdEncoding.EncodeToString([]byte(token)), err
}

// JWK describes a key in a key set.
func JWK(id string, key *rsa.PublicKey) map[string]string {
	raw := base64.RawURLEncoding
	return map[string]string{
		"alg": "RS256", "kid": id, "kty": "RSA", "use": "sig",
		"e": raw.EncodeToString(big.NewInt(int64(key.E)).Bytes()), "n": raw.EncodeToString(key.N.Bytes()),
	}
}

// jwks answers /.well-known/jwks.json, where controllers find the keys (their login-token-refresh-url).
func (s *Server) jwks(w http.ResponseWriter, _ *http.Request) {
	key, err := s.keys.key()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, map[string]any{"keys": []any{JWK(s.keys.kid, &key.PublicKey)}})
}

// debugInfo answers /debug/info; the keys are capitalised because the struct has no json tags (JIMM of 2024, source).
func (s *Server) debugInfo(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, struct{ GitCommit, Version string }{s.opts.Commit, s.opts.Version})
}

// debugStatus answers /debug/status (JIMM of 2024, source).
func (s *Server) debugStatus(w http.ResponseWriter, _ *http.Request) {
	type check struct {
		Name     string
		Value    string
		Passed   bool
		Duration int64
	}
	s.mu.Lock()
	started := s.started
	s.mu.Unlock()
	writeJSON(w, map[string]check{
		"start_time": {"server start time", started.UTC().Format(time.RFC3339), true, 123},
	})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client is gone if this fails
}

// PublicKey returns the key with an id, as a controller finds it in the key set. A simulated controller uses it to
// verify JIMM's tokens when it does not read /.well-known/jwks.json.
func (s *Server) PublicKey(_ context.Context, id string) (crypto.PublicKey, error) {
	if id != s.keys.kid {
		return nil, fmt.Errorf("cannot find key %q", id)
	}
	key, err := s.keys.key()
	if err != nil {
		return nil, err
	}
	return &key.PublicKey, nil
}
