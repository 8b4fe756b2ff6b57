package cos

// Stored makes an .xz file.
func Stored(data []byte) []byte { return stored(data) }
