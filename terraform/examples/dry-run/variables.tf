variable "channel" {
  description = "Channel of Charmhub to deploy from."
  type        = string
  default     = "latest/edge"
}

variable "client_id" {
  description = "Client id of a service account that is a JIMM administrator."
  type        = string
}

variable "client_secret" {
  description = "Client secret of the service account."
  type        = string
  sensitive   = true
}

variable "jimm_ca_certificate" {
  description = "Authority that signs JIMM's certificate, in PEM. Null if the system knows it."
  type        = string
  default     = null
}

variable "jimm_url" {
  description = "Where JIMM is, such as wss://jimm.example.com."
  type        = string
}

variable "model" {
  description = "Model that might be migrated: its UUID, or owner/name."
  type        = string
}

variable "model_name" {
  description = "Name of the model that is made for the charm."
  type        = string
  default     = "jimm-migrator"
}

variable "target_controller" {
  description = "Controller that it might be migrated to, as JIMM calls it."
  type        = string
}
