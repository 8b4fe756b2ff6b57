locals {
  # Null options are left out, so that the charm's defaults apply.
  options = {
    "jimm-ca-certificate" = var.jimm_ca_certificate
    "jimm-credentials"    = var.credentials_secret
    "jimm-url"            = var.jimm_url
  }
}

resource "juju_application" "jimm_migrator" {
  name       = var.app_name
  model_uuid = var.model_uuid

  charm {
    name     = "jimm-migrator"
    base     = var.base
    channel  = var.channel
    revision = var.revision
  }

  config      = merge({ for name, value in local.options : name => value if value != null }, var.config)
  constraints = var.constraints
  units       = var.units
}
