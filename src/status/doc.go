// Package status decides the unit's status, in one place, from the configuration,
// JIMM's health and pending migrations.
package status
