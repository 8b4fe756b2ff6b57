// Package operator keeps the charm itself in order: it reads the configuration
// and the secret, says in the unit's status what is missing, and handles the
// hooks. It knows nothing of models and migrations.
package operator
