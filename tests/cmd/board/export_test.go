package main

// What the tests use.
var (
	Draw      = draw
	Evaluate  = evaluate
	ReadBoard = readBoard
	ReadLines = readLines
)

// Board is a dashboard.
type Board = board
