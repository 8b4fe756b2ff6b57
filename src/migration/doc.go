// Package migration moves models between the controllers of one JAAS. It knows
// neither charms nor websockets: it asks for what it needs through small
// interfaces, emits typed events and returns typed results.
//
// One file is one step: check, migrate, watch, record, verify. Everything a run does
// is one loop: observe, judge, act, report, wait. What it reads and decides with is
// in the packages below, whose imports run downwards only:
//
//   - facts are values: models, controllers, copies, attempts, phases, outcomes.
//   - judge decides what the observations mean. It is pure, and it makes the proofs.
//   - survey gathers once what is known before anything is done.
//   - checks read a survey and report what is wrong with a migration.
//   - locate determines which controller hosts a model, and on what evidence.
package migration
