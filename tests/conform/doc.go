// Package conform reads conformance fixtures, recordings of the real programs cut into stories, and compares messages
// with them.
//
// The recordings are those of a real JIMM of October 2024 and of July 2026 between a client and stub controllers, and
// of the hook tools of Juju 3.6. README.md describes the format. The tests of this package replay the same files
// against our client and against our simulators: both must fit what was recorded, so that neither is built after the
// other.
package conform
