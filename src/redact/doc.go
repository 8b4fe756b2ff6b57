// Package redact hides secrets in the texts of servers.
package redact
