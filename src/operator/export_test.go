package operator

// Addresses are where JIMM may be, best first.
func Addresses(s Settings) []string { return s.addresses }

// Stored makes an .xz file.
func Stored(data []byte) []byte { return stored(data) }
