# Plans how to empty a controller, with a jimm-migrator that is already deployed.
# It migrates nothing: a person reviews the plan and applies it with Juju.

# Terraform runs the action once, when it creates this resource. A plan is valid for
# seven days. To plan again:
#   terraform apply -replace=juju_action.plan
resource "juju_action" "plan" {
  model_uuid       = var.model_uuid
  application_name = var.app_name
  unit             = "${var.app_name}/leader"
  action_name      = "plan-migrations"

  args = {
    "goal"           = "drain"
    "from"           = var.controller
    "targets"        = join(",", var.targets)
    "exclude"        = join(",", var.exclude)
    "checks"         = var.full_checks ? "full" : "records"
    "max-parallel"   = tostring(var.max_parallel)
    "max-per-target" = tostring(var.max_per_target)
    "wave-size"      = tostring(var.wave_size)
  }
}

locals {
  results = jsondecode(juju_action.plan.output)
}
