// Package rules holds what is known of Juju beyond its API: which versions can
// migrate to which, which bugs are about which versions and contents of a model,
// what Juju's refusals mean, and what is left to do when a model has moved.
//
// The knowledge is in JSON files, since a package that reads YAML would be a tenth
// of what a hook costs that has nothing to do. This package reads them and matches
// their conditions against [Facts]; it asks no one.
package rules
