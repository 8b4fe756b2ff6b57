package actions

// DiagnosisResults are the results of collect-diagnostics that come of a look.
var DiagnosisResults = diagnosisResults
