// Package cos integrates the charm with the Canonical Observability Stack: it
// sends lines to related Lokis and offers alert rules and dashboards.
package cos
