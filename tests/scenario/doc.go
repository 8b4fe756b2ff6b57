// Package scenario holds whole-program stories: the real dispatch binary, run by an emulated unit agent with hook tools
// that are separate executables, as an unprivileged user, against a simulated JAAS on loopback.
//
// Each file in stories/ is one story, which shows what an administrator types and sees; README.md describes the format.
// The package has only tests.
package scenario
