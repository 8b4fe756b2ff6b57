// Package facts defines the values of the engine: models and controllers, what
// controllers and JIMM said about a model, phases and outcomes. It decides nothing
// and asks no server.
package facts
