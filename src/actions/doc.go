// Package actions has one file per action: it reads the parameters, calls the engine,
// and hands what came of it to package report.
package actions
