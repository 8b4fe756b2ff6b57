package controller

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// claims are those of JIMM's tokens: iss, aud [controller UUID], sub "user-…", exp, jti, access {tag: access} (JIMM of
// 2024 and 2026, recorded).
type claims struct {
	Audience audience          `json:"aud"`
	Subject  string            `json:"sub"`
	Expires  int64             `json:"exp"`
	Access   map[string]string `json:"access"`
}

// audience is a list or a single string.
type audience []string

// UnmarshalJSON reads both forms.
func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

// byToken logs in with the standard base64 of a compact JWS. The auth-tag is ignored, so a migrated model does not
// redirect such a login before 4.0. Errors of the token have no code (4.0-beta8, recorded; documented since 3.2).
func (s *session) byToken(ctx context.Context, token string) (*login, error) {
	if !s.c.config.Tokens.accepted() { // 3.6.28 and 4.0-beta8, recorded
		return nil, wire.Errorf("unauthorized access", "failed to authenticate request: unauthorized")
	}
	claims, err := s.c.keys.verify(ctx, token)
	if err != nil {
		return nil, wire.Errorf("", "parsing login access token: %v", err)
	}
	newer := s.c.release.has(juju4) // 3.6.28 checks neither the audience nor that an expiry is set (recorded)
	switch {
	case claims.Expires <= time.Now().Unix() && (newer || claims.Expires != 0):
		return nil, wire.Errorf("", `parsing login access token: "exp" not satisfied`)
	case newer && !slices.Contains(claims.Audience, s.c.config.UUID):
		return nil, wire.Errorf("", `parsing login access token: "aud" not satisfied`)
	}
	name, err := userTag(claims.Subject)
	if err != nil {
		return nil, wire.Errorf("", "parsing login access token: invalid user tag in authToken: %v", err)
	}
	if err := s.hasModel(); err != nil {
		if s.c.release.has(released4) { // by Juju's source
			if redirect := s.redirect(name); redirect != nil {
				return nil, redirect
			}
		}
		if s.c.release.has(juju4) {
			err = s.c.errNoDatabase() // of a model that migrated away: recorded with 4.0-beta8
		}
		return nil, err
	}
	s.c.mu.Lock()
	s.c.seen[name] = s.c.release.has(released4)
	s.c.mu.Unlock()
	return &login{user: name, token: true, access: claims.Access}, nil
}

// keySet verifies tokens and caches public keys.
type keySet struct {
	tokens Tokens
	least  int  // bits of a key; 0: any number
	jwx2   bool // tokens are refused by jwx/v2, which Juju 3 uses (3.5.4, observed)
	http   *http.Client

	mu   sync.Mutex
	keys map[string]crypto.PublicKey
}

func newKeySet(config Config, release release) *keySet {
	least := 0
	if release.has(released4) {
		least = 2048 // 4.0.15, recorded
	}
	return &keySet{
		tokens: config.Tokens,
		least:  least,
		jwx2:   !release.has(juju4),
		keys:   map[string]crypto.PublicKey{},
		http: &http.Client{
			Timeout: 30 * time.Second,
			Transport: &http.Transport{
				DialContext:       config.DialContext,
				TLSClientConfig:   &tls.Config{RootCAs: config.Tokens.RootCAs, MinVersion: tls.VersionTLS12},
				DisableKeepAlives: true,
			},
		},
	}
}

func (k *keySet) verify(ctx context.Context, token string) (claims, error) {
	compact, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return claims{}, fmt.Errorf("invalid jwt authToken in request: %w", err)
	}
	parts := strings.Split(string(compact), ".")
	switch {
	case len(parts) != 3 && k.jwx2:
		return claims{}, errors.New("invalid JWT")
	case len(parts) != 3:
		return claims{}, errors.New("failed to parse jws: invalid number of segments")
	}
	decoded := make([][]byte, len(parts))
	for i, part := range parts {
		if decoded[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			name := []string{"protected headers", "payload", "signature"}[i] // the first one recorded
			return claims{}, fmt.Errorf("failed to parse jws: failed to decode %s: failed to decode source: %w", name, err)
		}
	}
	var header struct{ Alg, Kid string }
	if err := json.Unmarshal(decoded[0], &header); err != nil {
		return claims{}, fmt.Errorf("failed to parse jws: %w", err)
	}
	key, err := k.key(ctx, header.Kid)
	if err != nil {
		return claims{}, err
	}
	public, ok := key.(*rsa.PublicKey)
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ok || header.Alg != "RS256" || rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], decoded[2]) != nil {
		return claims{}, errors.New("could not verify message using any of the signatures or keys")
	}
	var c claims
	if err := json.Unmarshal(decoded[1], &c); err != nil {
		return claims{}, fmt.Errorf("failed to parse token: %w", err)
	}
	return c, nil
}

// key returns a key by its id; for an unknown id it reads the key set again, because JIMM rotates its keys.
func (k *keySet) key(ctx context.Context, id string) (crypto.PublicKey, error) {
	if k.tokens.Key != nil {
		return k.tokens.Key(ctx, id)
	}
	k.mu.Lock()
	key := k.keys[id]
	k.mu.Unlock()
	if key != nil {
		return key, nil
	}
	keys, err := k.fetch(ctx)
	if err != nil {
		return nil, fmt.Errorf("refreshing jwt key: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys = keys
	switch {
	case keys[id] == nil && k.jwx2:
		return nil, fmt.Errorf("key provider 0 failed: failed to find key with key ID %q in key set", id)
	case keys[id] == nil:
		return nil, errors.New("could not verify message using any of the signatures or keys")
	}
	return keys[id], nil
}

func (k *keySet) fetch(ctx context.Context) (map[string]crypto.PublicKey, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.tokens.URL, nil)
	if err != nil {
		return nil, err
	}
	resp, err := k.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var set struct {
		Keys []struct{ Kid, Kty, N, E string } `json:"keys"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
		return nil, err
	}
	keys := map[string]crypto.PublicKey{}
	for _, key := range set.Keys {
		if key.Kty != "" && key.Kty != "RSA" {
			continue
		}
		n, errN := base64.RawURLEncoding.DecodeString(key.N)
		e, errE := base64.RawURLEncoding.DecodeString(key.E)
		if err := errors.Join(errN, errE); err != nil {
			return nil, err
		}
		modulus := new(big.Int).SetBytes(n)
		if modulus.BitLen() < k.least {
			return nil, fmt.Errorf("rsa modulus too small: got %d bits, need at least %d", modulus.BitLen(), k.least)
		}
		keys[key.Kid] = &rsa.PublicKey{N: modulus, E: int(new(big.Int).SetBytes(e).Int64())}
	}
	return keys, nil
}
