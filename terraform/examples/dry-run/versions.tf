terraform {
  required_version = ">= 1.11" # write-only arguments

  required_providers {
    juju = {
      source  = "juju/juju"
      version = ">= 2.2.0" # juju_action, and value_wo of juju_secret
    }
  }
}

provider "juju" {}
