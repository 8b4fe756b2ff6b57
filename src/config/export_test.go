package config

// Addresses are where JIMM may be, best first.
func Addresses(s Settings) []string { return s.addresses }
