// Package config reads what the administrator has configured: options, secrets
// and relations. It finds JIMM, connects to it, and explains what is wrong with
// the configuration and how to correct it.
package config
