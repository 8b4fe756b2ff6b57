package config

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/rpc"
)

// internalPort is where JIMM's charm of 2026 serves its version page, apart from
// its API. Before, it was on the port of the API.
const internalPort = "9090"

// tryFor limits the question to one of several addresses.
const tryFor = 3 * time.Second

// Connect logs in to JIMM. The addresses from a relation are tried in
// turn; before the secret is sent to one, its version page must answer as JIMM's
// does. The context limits connecting, not the life of the client.
func (s Settings) Connect(ctx context.Context) (*jimm.Client, error) {
	if !s.related {
		var client *jimm.Client
		err := s.trusting(ctx, func(opts jimm.Options) (err error) {
			client, err = jimm.Connect(ctx, opts)
			return err
		})
		return client, err
	}
	var errs []error
	sent := false // whether a login may have been
	for i, raw := range s.addresses {
		opts := s.JIMM
		opts.URL = raw
		if _, err := s.prove(ctx, opts, len(s.addresses)-i); err != nil {
			errs = append(errs, err)
			continue
		}
		client, err := jimm.Connect(ctx, opts)
		if !errors.Is(err, rpc.ErrConnection) {
			return client, err
		}
		errs = append(errs, err)
		sent = sent || !errors.Is(err, jimm.ErrNotConnected)
	}
	err := s.unreached(errs)
	if !sent {
		err = unreachedError{err}
	}
	return nil, err
}

// unreachedError is the error of a search in which no login was sent.
type unreachedError struct{ error }

// Unwrap returns the error of the search.
func (e unreachedError) Unwrap() error { return e.error }

// Is reports whether target is [jimm.ErrNotConnected].
func (e unreachedError) Is(target error) bool { return target == jimm.ErrNotConnected }

// Reach finds out, without a login, whether JIMM answers, and returns what JIMM
// reports about itself, and at which address. An address that the administrator
// has set may lead through an ingress that does not serve the version page: then
// nothing is known.
func (s Settings) Reach(ctx context.Context) (info jimm.ServerInfo, at string, err error) {
	if !s.related {
		err = s.trusting(ctx, func(opts jimm.Options) (err error) {
			info, err = jimm.Info(ctx, opts)
			return err
		})
		if errors.Is(err, jimm.ErrNotJIMM) {
			err = nil
		}
		return info, s.JIMM.URL, err
	}
	var errs []error
	for i, raw := range s.addresses {
		opts := s.JIMM
		opts.URL = raw
		info, err := s.prove(ctx, opts, len(s.addresses)-i)
		if err == nil {
			return info, raw, nil
		}
		errs = append(errs, err)
	}
	return jimm.ServerInfo{}, s.JIMM.URL, s.unreached(errs)
}

// prove makes sure that JIMM is at an address from a relation. left is the
// number of addresses that still need a share of the time, including this one.
func (s Settings) prove(ctx context.Context, opts jimm.Options, left int) (jimm.ServerInfo, error) {
	limit := tryFor
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/time.Duration(left))
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	info, err := jimm.Info(ctx, opts)
	if !errors.Is(err, jimm.ErrNotJIMM) {
		return info, err
	}
	at, parseErr := jimm.ParseAddress(opts.URL)
	if parseErr != nil {
		return info, err
	}
	opts.URL = "ws://" + net.JoinHostPort(at.Hostname(), internalPort)
	if info, internalErr := jimm.Info(ctx, opts); internalErr == nil {
		return info, nil
	}
	return info, err
}

// unreached is the error of a search that has found no JIMM. It matches
// [jimm.ErrNotJIMM] only if something other than JIMM answered at each address.
func (s Settings) unreached(errs []error) error {
	last := errs[len(errs)-1]
	for _, err := range errs {
		if errors.Is(err, rpc.ErrConnection) {
			last = err
			break
		}
	}
	if len(errs) == 1 {
		return last
	}
	return fmt.Errorf("cannot find JIMM at any of %d related addresses: %w", len(errs), last)
}
