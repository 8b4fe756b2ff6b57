// Package fleet plans and moves many models. Planning is pure: a [Snapshot] of
// what JIMM lists and a [Policy] give a [Plan], a text that a person reviews and
// passes back with its hash. Running is a scheduler around [migration.Migrate],
// which moves each model: what starts next, what stops the run, and what
// the end proves are pure functions too ([Next], [Stop], [Prove]).
package fleet
