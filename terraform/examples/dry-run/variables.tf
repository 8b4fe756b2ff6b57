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
  description = "Client secret of the service account. It is not stored in Terraform's state."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "client_secret_version" {
  description = "Number to increase when client_id or client_secret changes: Terraform cannot compare what it does not store. Not secret itself."
  type        = number
  default     = 1
}

variable "jimm_ca_certificate" {
  description = "Authority that signs JIMM's certificate, in PEM. Null if the system trusts it."
  type        = string
  default     = null
}

variable "jimm_url" {
  description = "URL of JIMM, such as wss://jimm.example.com."
  type        = string
}

variable "model" {
  description = "Model to check: its UUID, or owner/name."
  type        = string
}

variable "model_name" {
  description = "Name of the model to create for the charm."
  type        = string
  default     = "jimm-migrator"
}

variable "target_controller" {
  description = "Target controller, by its name in JIMM."
  type        = string
}
