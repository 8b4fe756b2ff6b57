// Package integration deploys the packed charm on a real Juju and relates each
// of its endpoints to a charm that has the other side.
//
// It needs the juju client, logged in to a controller that can deploy on
// Kubernetes and download from Charmhub, and the charm that "make charm" packs.
// "make integration" runs it, with the build tag integration; "make check" only
// compiles it. The workflow integration.yaml runs it in CI.
//
// These tests show that the charm deploys, that a configured unit is active and
// migrates a model, and that the other charms take what it publishes. JIMM and its
// controllers are simulated: the test serves them on this machine, which the units
// have to reach (-host=ADDRESS if it is not found). How the charm works with JIMM is
// also tested against recorded traffic (tests/conform) and real controllers.
package integration
