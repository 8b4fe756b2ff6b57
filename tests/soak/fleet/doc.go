// Package fleet lets many models move in simulated worlds: seeded, in virtual
// time, with aborts, refusals, lost connections, kills, and others who move models
// meanwhile. What is true at the end, and each start at the moment of its arrival,
// judge the run.
package fleet
