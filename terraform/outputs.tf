output "app_name" {
  description = "Name of the application."
  value       = juju_application.jimm_migrator.name
}

output "provides" {
  description = "Endpoints that offer something."
  value = {
    grafana_dashboard = "grafana-dashboard"
  }
}

output "requires" {
  description = "Endpoints that need something."
  value = {
    jimm_info       = "jimm-info"
    jimm_metrics    = "jimm-metrics"
    logging         = "logging"
    receive_ca_cert = "receive-ca-cert"
  }
}
