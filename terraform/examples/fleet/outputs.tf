output "params" {
  description = "The plan and its hash, for juju run … apply-plan --params. Empty if there is nothing to do."
  value       = lookup(local.results, "params", "")
}

output "plan_hash" {
  description = "Hash of the plan, for the review."
  value       = lookup(local.results, "plan-hash", "")
}

output "summary" {
  description = "How many models would move to which controller, and how many stay."
  value       = local.results["summary"]
}

output "task" {
  description = "ID of the task, for juju show-task, which shows the models that stay and why."
  value       = juju_action.plan.action_id
}
