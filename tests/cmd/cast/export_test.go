package main

import "time"

// Exports for the tests.
type Line = line

var Draw = draw

func NewLine(text string, at time.Duration) Line { return line{text: text, at: at} }
