# Deploys jimm-migrator in a model of its own, gives it the service account, and
# checks whether another model can be migrated. It migrates nothing.

resource "juju_model" "migrator" {
  name = var.model_name
}

resource "juju_secret" "service_account" {
  model_uuid = juju_model.migrator.uuid
  name       = "jimm-migrator"
  info       = "Service account of jimm-migrator, a JIMM administrator."

  # Terraform sends these values to Juju and does not store them in its state or in a
  # plan. It sends them again when the version changes.
  value_wo = {
    "client-id"     = var.client_id
    "client-secret" = var.client_secret
  }
  value_wo_version = var.client_secret_version
}

module "jimm_migrator" {
  source = "../.."

  model_uuid          = juju_model.migrator.uuid
  channel             = var.channel
  credentials_secret  = juju_secret.service_account.secret_uri
  jimm_url            = var.jimm_url
  jimm_ca_certificate = var.jimm_ca_certificate

  config = {
    "poll-interval" = "10s"
  }
}

resource "juju_access_secret" "service_account" {
  model_uuid   = juju_model.migrator.uuid
  secret_id    = juju_secret.service_account.secret_id
  applications = [module.jimm_migrator.app_name]
}

# Terraform runs the action once, when it creates this resource. If a check
# fails, the action and the apply fail; "juju show-task" shows why. To run it
# again:
#   terraform apply -replace=juju_action.dry_run
resource "juju_action" "dry_run" {
  model_uuid       = juju_model.migrator.uuid
  application_name = module.jimm_migrator.app_name
  unit             = "${module.jimm_migrator.app_name}/0"
  action_name      = "migrate-model"

  args = {
    "model"             = var.model
    "target-controller" = var.target_controller
    "dry-run"           = "true"
  }

  # Without the grant the charm cannot read its secret.
  depends_on = [juju_access_secret.service_account]
}
