terraform {
  required_version = ">= 1.6"

  required_providers {
    juju = {
      source  = "juju/juju"
      version = ">= 2.2.0" # juju_action
    }
  }
}

provider "juju" {}
