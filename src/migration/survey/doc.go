// Package survey gathers, once, everything that is known of a model before anything is done: JIMM's lists, its record
// and audit log, what each controller reports, and the contents of the model. It changes nothing.
package survey
