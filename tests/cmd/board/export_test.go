package main

// What the tests use.
var (
	Draw      = draw
	Tick      = tick
	Evaluate  = evaluate
	ReadBoard = readBoard
	ReadLines = readLines
)

// Board is a dashboard.
type Board = board
