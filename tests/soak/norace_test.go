//go:build !race

package soak_test

const seedsByDefault = 100
