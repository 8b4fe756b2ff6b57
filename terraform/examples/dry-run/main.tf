# Deploys jimm-migrator in a model of its own, gives it the service account, and
# looks whether a model could be migrated. Nothing is migrated.

resource "juju_model" "migrator" {
  name = var.model_name
}

resource "juju_secret" "service_account" {
  model_uuid = juju_model.migrator.uuid
  name       = "jimm-migrator"
  info       = "Service account of jimm-migrator, a JIMM administrator."

  value = {
    "client-id"     = var.client_id
    "client-secret" = var.client_secret
  }
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

# The action is run once, when this resource is made. It fails, and so does the
# apply, if a check fails; "juju show-task" has the findings. To run it again:
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
