package main

import "time"

// What the tests use.
type Line = line

var Draw = draw

func NewLine(text string, at time.Duration) Line { return line{text: text, at: at} }
