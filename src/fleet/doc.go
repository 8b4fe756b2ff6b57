// Package fleet plans and migrates many models. Planning is pure: a [Snapshot] of what JIMM lists and a [Policy] give a
// [Plan], which is a text that a person reviews and passes back with its hash. Running is a scheduler around
// [migration.Migrate], which migrates each model. What starts next, what stops the run, and what is proved at its end
// are pure functions too ([Next], [Stop], [Prove]).
package fleet
