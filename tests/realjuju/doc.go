// Package realjuju compares this project with Juju's own code: controllers, prechecks, client, "juju run", hook tools
// and charm parser of Juju 3.5.4, the last line of Juju that can be imported. It is a module of its own, so that
// nothing of Juju, which is AGPL-3.0, gets into the charm or its module.
//
//   - Package mongod is an in-memory MongoDB, as far as Juju needs one.
//   - Package controller runs Juju controllers in this process.
//   - Package jaas puts a simulated JIMM in front of two of them, and runs the engine over it. One file opens the engine.
//   - Package unit is a unit of the charm in a model of such a controller.
//   - Package process runs a controller in a process of its own, of another version.
//
// There is one test file for each question. Where real and simulated servers are compared, testdata lists the known
// differences: any other difference fails, and so does a line that no longer occurs.
//
// "make real" runs it; HACKING.md says how long that takes.
package realjuju
