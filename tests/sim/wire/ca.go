package wire

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// ControllerName is the only name in a controller's certificate unless a test adds others. Juju's clients verify it
// whatever the address is (Juju 3.6, api.NewTLSConfig), so a client that verifies the address fails here.
const ControllerName = "juju-apiserver"

// CA is a private certificate authority with P-256 keys.
type CA struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         string
	lone        *tls.Certificate // the certificate of every server, of NewLoneCA
}

// validity of every certificate: wide enough for the clock of testing/synctest, which starts in 2000.
func validity() (from, to time.Time) {
	return time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC)
}

// NewCA makes a certificate authority.
func NewCA(name string) (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot make a CA: %w", err)
	}
	template, err := template(name)
	if err != nil {
		return nil, err
	}
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("cannot make a CA: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("cannot make a CA: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return &CA{certificate: certificate, key: key, pem: string(text)}, nil
}

// NewLoneCA makes a self-signed certificate with these names that all servers share: a client that trusts it has no
// chain to verify. It is for tests that connect very often.
func NewLoneCA(names ...string) (*CA, error) {
	ca, err := NewCA("shared by all servers")
	if err != nil {
		return nil, err
	}
	leaf, err := ca.Leaf(names...)
	if err != nil {
		return nil, err
	}
	leaf.Certificate = leaf.Certificate[:1]
	own, err := x509.ParseCertificate(leaf.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("cannot make a CA: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Raw})
	return &CA{certificate: own, key: ca.key, pem: string(text), lone: &leaf}, nil
}

// PEM returns the CA certificate as text.
func (ca *CA) PEM() string { return ca.pem }

// Pool returns a pool that holds only this CA.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.certificate)
	return pool
}

// Leaf makes a server certificate for host names or IP addresses; without any it names only ControllerName.
func (ca *CA) Leaf(names ...string) (tls.Certificate, error) {
	if ca.lone != nil {
		return *ca.lone, nil
	}
	if len(names) == 0 {
		names = []string{ControllerName}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("cannot make a certificate: %w", err)
	}
	template, err := template("Juju server certificate")
	if err != nil {
		return tls.Certificate{}, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.certificate, key.Public(), ca.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("cannot make a certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der, ca.certificate.Raw}, PrivateKey: key}, nil
}

func template(name string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("cannot make a serial number: %w", err)
	}
	from, to := validity()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name, Organization: []string{"simulated JAAS"}},
		NotBefore:    from,
		NotAfter:     to,
	}, nil
}
