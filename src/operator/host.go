package operator

// JIMMModel returns the UUID of the model that hosts JIMM, as a relation told;
// "" if the address of JIMM does not come from a relation, or it did not tell.
func (s Settings) JIMMModel() string { return s.neighbour.model }
