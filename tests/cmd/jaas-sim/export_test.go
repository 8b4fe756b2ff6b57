package main

// Seams for the tests of this command.
var (
	Parse        = parse
	Parameters   = parameters
	PrintActions = printActions
	PrintPlain   = printPlain
	PrintLine    = printLine
)
