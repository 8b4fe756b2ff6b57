package fleet

// Sign puts the right hash under a body.
func Sign(body string) string { return body + "hash " + hashOf(body) + "\n" }
