// Package fleet plans and moves many models. Planning is pure: a [Snapshot] of
// what JIMM lists and a [Policy] give a [Plan], a text that a person reads and
// hands back with its hash. Running is a scheduler around [migration.Migrate],
// which moves each single model: what starts next, what stops the run, and what
// the end proves are pure functions too ([Next], [Stop], [Prove]).
package fleet
