// Package migration finds models and moves them between the controllers of one
// JAAS. It knows neither charms nor websockets: it asks for what it needs
// through small interfaces, emits typed events and returns typed results.
//
// Everything it does is one loop: observe, judge, act, report, wait.
//
//   - [Locate] tells which controller holds a model, and how sure that is.
//   - [Check] looks at a planned migration and reports every finding at once.
//   - [Migrate] checks, starts, watches, records and verifies.
//   - [Judge] is the pure function between what was seen and what may be done.
//
// Only [Migrate] is given a [Writer], and the writer records a controller only
// for a [Proof], which only [Judge] can make.
package migration
