package rpc

// Pending returns how many calls wait for their answers.
func Pending(c *Conn) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pending)
}

// AnsweredID and DecodeAnswer are what reads messages.
func AnsweredID(message []byte) (uint64, error) { return answeredID(message) }

func DecodeAnswer(message []byte, reply any) error { return decodeAnswer(message, reply) }
