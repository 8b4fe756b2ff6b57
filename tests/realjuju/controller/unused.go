package controller

import (
	coredatabase "github.com/juju/juju/core/database"
	corelogger "github.com/juju/juju/core/logger"
	"github.com/prometheus/client_golang/prometheus"
)

// noMetrics is a registry that stores nothing: controllers of one process would register the same metrics.
type noMetrics struct{ prometheus.Registerer }

// Register is part of prometheus.Registerer.
func (noMetrics) Register(prometheus.Collector) error { return nil }

// Unregister is part of prometheus.Registerer.
func (noMetrics) Unregister(prometheus.Collector) bool { return true }

// noSysLogger replaces a syslog server.
type noSysLogger struct{}

// Log is part of syslogger.SysLogger.
func (noSysLogger) Log([]corelogger.LogRecord) error { return nil }

// noDB replaces dqlite, which Juju 3.5 uses only for leases.
type noDB struct{}

// GetDB is part of database.DBGetter.
func (noDB) GetDB(string) (coredatabase.TrackedDB, error) { return nil, nil }
