// Package fleet migrates many models in simulated worlds: seeded, in virtual time, with aborts, refusals, lost
// connections, kills, and other clients that migrate models meanwhile. A run is judged by the actual state at its end,
// and by that at each start.
package fleet
