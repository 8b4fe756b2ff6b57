// Package scenario holds whole-program stories: the real dispatch binary, run
// by an emulated unit agent with hook tools that are executables of their own,
// as a user without rights, against a simulated JAAS on loopback.
//
// Each file in stories/ is one story, which reads as what an operator types
// and sees; README.md describes the format. The package has tests only.
package scenario
