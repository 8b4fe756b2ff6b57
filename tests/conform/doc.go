// Package conform reads conformance fixtures, which are recordings of the real programs cut into stories, and compares
// messages with them.
//
// The recordings were made with a real JIMM of October 2024 and of July 2026 between a client and stub controllers, and
// with the hook tools of Juju 3.6. README.md describes the format. The tests of this package replay the same files
// against our client and against our simulators: both must match the recordings, so that neither is merely a copy of
// the other.
package conform
