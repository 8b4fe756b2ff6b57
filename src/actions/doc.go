// Package actions has one file per action: parameters in, the engine or JIMM
// called, results and sentences out. Beside them are the adapters that let the
// engine see JIMM and the controllers (session.go, fleet.go, witness.go,
// writer.go) and the place where its typed events and results become English
// and keys (sentences.go, results.go).
package actions
