// Package survey gathers once all that is known of a model before anything is done:
// JIMM's lists, its record and audit log, what each controller says, and what the
// model contains. It changes nothing.
package survey
