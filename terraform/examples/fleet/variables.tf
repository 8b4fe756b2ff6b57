variable "app_name" {
  description = "Name of the jimm-migrator application."
  type        = string
  default     = "jimm-migrator"
}

variable "controller" {
  description = "Controller to empty, by its name in JIMM."
  type        = string
}

variable "exclude" {
  description = "Models to leave where they are: UUIDs, owner/name, or patterns."
  type        = list(string)
  default     = []
}

variable "full_checks" {
  description = "Whether to run the checks of migrate-model for each model. They take about a second for each model."
  type        = bool
  default     = true
}

variable "max_parallel" {
  description = "Maximum number of migrations at once, including those that other clients started."
  type        = number
  default     = 4
}

variable "max_per_target" {
  description = "Maximum number of migrations to one controller at once."
  type        = number
  default     = 2
}

variable "model_uuid" {
  description = "UUID of the model in which jimm-migrator is deployed."
  type        = string
}

variable "targets" {
  description = "Controllers to migrate to, by their names in JIMM, such as [\"east=3\", \"north=1\"]."
  type        = list(string)
}

variable "wave_size" {
  description = "Number of models in a wave. 0 means one wave for all."
  type        = number
  default     = 0
}
