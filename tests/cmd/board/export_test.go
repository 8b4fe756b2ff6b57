package main

// Exports for the tests.
var (
	Draw      = draw
	Tick      = tick
	Evaluate  = evaluate
	ReadBoard = readBoard
	ReadLines = readLines
)

// Board is a dashboard.
type Board = board
