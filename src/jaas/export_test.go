package jaas

// StartError reads the answer to MigrateModel.
var StartError = startError

// OfferBatches cuts models into calls.
var OfferBatches = offerBatches
