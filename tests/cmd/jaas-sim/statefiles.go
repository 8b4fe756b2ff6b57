package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v2"
)

// stateFiles are the files that describe how to reach a world, all in one folder: the state file, the CA, and without a
// JIMM one for each controller, with what JIMM needs to add it.
type stateFiles struct {
	state   string
	written []string
}

// ca is the path of the CA certificate.
func (f *stateFiles) ca() string { return filepath.Join(filepath.Dir(f.state), "ca.pem") }

// write writes all of them, the state file last.
func (f *stateFiles) write(d *deployment) error {
	folder := filepath.Dir(f.state)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("cannot describe the world: %w", err)
	}
	if err := f.add(f.ca(), []byte(d.jaas.CA())); err != nil {
		return err
	}
	if d.plan.controllersOnly {
		for _, c := range d.jaas.World().Controllers {
			text, err := yaml.Marshal(d.jaas.Registration(c.Name)) //nolint:gosec // JIMM wants the password
			if err != nil {
				return fmt.Errorf("cannot describe controller %q: %w", c.Name, err)
			}
			if err := f.add(filepath.Join(folder, c.Name+".yaml"), text); err != nil {
				return err
			}
		}
	}
	text, err := served{PID: os.Getpid(), Socket: d.socket}.text()
	if err != nil {
		return err
	}
	return f.add(f.state, text)
}

func (f *stateFiles) add(path string, text []byte) error {
	f.written = append(f.written, path)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("cannot describe the world: %w", err)
	}
	return nil
}

// remove removes them.
func (f *stateFiles) remove() error {
	var errs []error
	for _, path := range f.written {
		if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// readPool reads certificates to trust.
func readPool(file string) (*x509.CertPool, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read certificates: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("cannot find a certificate in %s", file)
	}
	return pool, nil
}
