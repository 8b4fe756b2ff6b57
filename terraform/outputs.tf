output "app_name" {
  description = "Name of the application."
  value       = juju_application.jimm_migrator.name
}

output "provides" {
  description = "Endpoints that the charm provides, for juju_integration."
  value = {
    grafana_dashboard = "grafana-dashboard"
  }
}

output "requires" {
  description = "Endpoints that the charm requires, for juju_integration."
  value = {
    jimm_info       = "jimm-info"
    jimm_metrics    = "jimm-metrics"
    logging         = "logging"
    receive_ca_cert = "receive-ca-cert"
  }
}
