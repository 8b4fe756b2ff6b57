// Package actions has one file per action: it reads the parameters, calls the engine,
// and passes the outcome to package report.
package actions
