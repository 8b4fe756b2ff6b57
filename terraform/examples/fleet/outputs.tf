output "params" {
  description = "The plan and its hash, for juju run … apply-plan --params. Absent if there is nothing to do."
  value       = lookup(juju_action.plan.output, "params", "")
}

output "plan_hash" {
  description = "Hash of the plan, for the ticket of the review."
  value       = lookup(juju_action.plan.output, "plan-hash", "")
}

output "summary" {
  description = "How many models would go where, and how many stay."
  value       = juju_action.plan.output["summary"]
}

output "task" {
  description = "ID of the task, for juju show-task, which shows the models that stay and why."
  value       = juju_action.plan.action_id
}
