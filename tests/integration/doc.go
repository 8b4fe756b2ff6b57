// Package integration deploys the packed charm on a real Juju and relates each
// of its endpoints to a charm that has the other side.
//
// It needs the juju client, logged in to a controller that can deploy on
// Kubernetes and download from Charmhub, and the charm that "make charm" packs.
// "make integration" runs it, with the build tag integration; "make check" only
// compiles it. The workflow integration.yaml runs it in CI.
//
// These tests show that the charm deploys and that the other charms take what it
// publishes. How it works with JIMM is tested against recorded traffic
// (tests/conform) and against simulated and real controllers.
package integration
