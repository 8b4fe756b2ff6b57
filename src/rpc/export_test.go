package rpc

// Pending returns how many calls wait for their answers.
func Pending(c *Conn) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pending)
}
