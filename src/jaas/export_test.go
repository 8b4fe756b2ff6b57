package jaas

// StartError reads the answer to MigrateModel.
var StartError = startError

// OfferBatches cuts models into calls.
var OfferBatches = offerBatches

// UnitsToAsk names one unit of each application that has a relation.
var UnitsToAsk = unitsToAsk

// AddJoined adds which units have not joined.
var AddJoined = addJoined

// AddAlone adds the principals without a subordinate.
var AddAlone = addAlone

// AddElsewhere adds which subordinates never join.
var AddElsewhere = addElsewhere
