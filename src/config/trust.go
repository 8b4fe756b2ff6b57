package config

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"slices"
	"strings"

	"jimm-migrator/src/jimm"
)

// trusting calls do with the authorities that are configured, or those of the
// system. If the server is not trusted, it calls do once more with the
// authorities of the relation receive-ca-cert added. Nothing is sent to a
// server that is not trusted.
func (s Settings) trusting(ctx context.Context, do func(jimm.Options) error) error {
	err := do(s.JIMM)
	if !untrusted(err) || s.received == nil {
		return err
	}
	received, readErr := s.received(ctx)
	if readErr != nil || len(received) == 0 {
		return errors.Join(err, readErr)
	}
	opts := s.JIMM
	opts.RootCAs = Widened(opts.RootCAs, received)
	return do(opts)
}

// untrusted reports whether a server was refused because no trusted authority vouches for
// it.
func untrusted(err error) bool {
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	return unknown
}

// Widened returns a pool with more authorities. A nil pool means those of
// the system.
func Widened(pool *x509.CertPool, more []*x509.Certificate) *x509.CertPool {
	var err error
	if pool != nil {
		pool = pool.Clone()
	} else if pool, err = x509.SystemCertPool(); err != nil {
		pool = x509.NewCertPool() // a system without any
	}
	for _, ca := range more {
		pool.AddCert(ca)
	}
	return pool
}

// ReceivedCAs returns the authorities that the relations receive-ca-cert have
// provided, each once, in a fixed order.
func ReceivedCAs(ctx context.Context, u Relations) ([]*x509.Certificate, error) {
	ids, err := u.RelationIDs(ctx, EndpointCA)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, id := range ids {
		app, err := u.RelationApp(ctx, id)
		if err != nil {
			return nil, err
		}
		data, err := u.RelationData(ctx, id, app)
		if err != nil {
			return nil, err
		}
		// Version 1 of the interface: a list in the application's data.
		texts = append(texts, jsonTexts(data["certificates"])...)
		// Version 0: in each unit's data, ca alone and chain as a list. The key
		// certificate there is the provider's own, no authority.
		units, err := u.RelationUnits(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, unit := range units {
			data, err := u.RelationData(ctx, id, unit)
			if err != nil {
				return nil, err
			}
			texts = append(append(texts, data["ca"]), jsonTexts(data["chain"])...)
		}
	}
	return parseCAs(texts), nil
}

// jsonTexts reads a list of texts in JSON; the result is empty if the text is
// not such a list.
func jsonTexts(raw string) []string {
	var list []string
	if json.Unmarshal([]byte(raw), &list) != nil {
		return nil
	}
	return list
}

// parseCAs reads certificates in PEM. Entries that cannot be read are left out,
// so that one bad entry does not affect the others.
func parseCAs(texts []string) []*x509.Certificate {
	var out []*x509.Certificate
	for _, text := range texts {
		rest := []byte(strings.TrimSpace(text))
		for {
			var block *pem.Block
			if block, rest = pem.Decode(rest); block == nil {
				break
			}
			if ca, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
				out = append(out, ca)
			}
		}
	}
	slices.SortFunc(out, func(a, b *x509.Certificate) int { return bytes.Compare(a.Raw, b.Raw) })
	return slices.CompactFunc(out, func(a, b *x509.Certificate) bool { return a.Equal(b) })
}

// OfferCertificates publishes for providers of certificate_transfer that this
// charm understands version 1. Without that, they use version 0.
func OfferCertificates(ctx context.Context, u Unit, id string) error {
	return u.SetRelationData(ctx, id, u.Env().App(), map[string]string{"version": "1"})
}
