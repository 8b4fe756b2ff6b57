package controller

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/juju/juju/core/lease"
)

// leaseStore keeps leases in memory; a real controller keeps them in dqlite.
type leaseStore struct {
	mu     sync.Mutex
	leases map[lease.Key]lease.Info
	pinned map[lease.Key]map[string]bool
}

func newLeaseStore() *leaseStore {
	return &leaseStore{leases: map[lease.Key]lease.Info{}, pinned: map[lease.Key]map[string]bool{}}
}

// ClaimLease is part of lease.Store.
func (s *leaseStore) ClaimLease(_ context.Context, k lease.Key, r lease.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.leases[k]; taken {
		return lease.ErrInvalid
	}
	s.leases[k] = lease.Info{Holder: r.Holder, Expiry: time.Now().Add(r.Duration)}
	return nil
}

// ExtendLease is part of lease.Store.
func (s *leaseStore) ExtendLease(_ context.Context, k lease.Key, r lease.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, ok := s.leases[k]
	if !ok || info.Holder != r.Holder {
		return lease.ErrInvalid
	}
	if end := time.Now().Add(r.Duration); end.After(info.Expiry) {
		info.Expiry = end
		s.leases[k] = info
	}
	return nil
}

// RevokeLease is part of lease.Store.
func (s *leaseStore) RevokeLease(_ context.Context, k lease.Key, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.leases[k]; !ok {
		return lease.ErrInvalid
	}
	delete(s.leases, k)
	return nil
}

// Leases is part of lease.Store.
func (s *leaseStore) Leases(_ context.Context, keys ...lease.Key) (map[lease.Key]lease.Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(keys) == 0 {
		return maps.Clone(s.leases), nil
	}
	out := map[lease.Key]lease.Info{}
	for _, k := range keys {
		if info, ok := s.leases[k]; ok {
			out[k] = info
		}
	}
	return out, nil
}

// LeaseGroup is part of lease.Store.
func (s *leaseStore) LeaseGroup(_ context.Context, namespace, model string) (map[lease.Key]lease.Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := maps.Clone(s.leases)
	maps.DeleteFunc(out, func(k lease.Key, _ lease.Info) bool { return k.Namespace != namespace || k.ModelUUID != model })
	return out, nil
}

// PinLease is part of lease.Store.
func (s *leaseStore) PinLease(_ context.Context, k lease.Key, entity string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pinned[k] == nil {
		s.pinned[k] = map[string]bool{}
	}
	s.pinned[k][entity] = true
	return nil
}

// UnpinLease is part of lease.Store.
func (s *leaseStore) UnpinLease(_ context.Context, k lease.Key, entity string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pinned[k], entity)
	return nil
}

// Pinned is part of lease.Store.
func (s *leaseStore) Pinned(context.Context) (map[lease.Key][]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[lease.Key][]string{}
	for k, entities := range s.pinned {
		for entity := range entities {
			out[k] = append(out[k], entity)
		}
	}
	return out, nil
}

// Lead makes a unit the leader of an application for an hour, whether it exists or not.
func (c *Controller) Lead(model, application, unit string) error {
	claimer, err := c.config.LeaseManager.Claimer(lease.ApplicationLeadershipNamespace, model)
	if err != nil {
		return err
	}
	return claimer.Claim(application, unit, time.Hour)
}
