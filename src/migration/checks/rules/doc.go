// Package rules contains what is known about Juju beyond its API: which versions can
// migrate to which, which bugs affect which versions and contents of a model,
// what Juju's refusals mean, and what is left to do after a model has moved.
//
// The knowledge is in JSON files, because a YAML parser would add a tenth to the
// cost of a hook that has nothing to do. This package reads them and matches
// their conditions against [Facts]; it asks no server.
package rules
