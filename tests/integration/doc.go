// Package integration deploys the packed charm on a real Juju and relates each of its endpoints to a charm with the
// other side.
//
// It needs the juju client, logged in to a controller that can deploy on Kubernetes and download from Charmhub, and the
// charm that "make charm" packs. "make integration" runs it, with the build tag integration; "make check" only compiles
// it. The workflow integration.yaml runs it in CI.
//
// These tests show that the charm deploys, that a configured unit becomes active and migrates a model, and that the
// other charms accept what it publishes. JIMM and its controllers are simulated: the test serves them on this machine,
// which the units must be able to reach (-host=ADDRESS if it is not detected). The charm's work with JIMM is also
// tested against recorded traffic (tests/conform) and real controllers.
package integration
