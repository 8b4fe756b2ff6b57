package jaas

// StartError reads the answer to MigrateModel.
var StartError = startError
