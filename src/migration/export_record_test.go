package migration

// ProveByOperator is proveByOperator.
var ProveByOperator = proveByOperator
