output "task" {
  description = "ID of the task, for juju show-task."
  value       = juju_action.dry_run.action_id
}

output "findings" {
  description = "Results of the dry run."
  value       = jsondecode(juju_action.dry_run.output)
}
