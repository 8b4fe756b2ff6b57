variable "channel" {
  description = "Charmhub channel to deploy from."
  type        = string
  default     = "latest/edge"
}

variable "client_id" {
  description = "Client ID of a service account that is a JIMM administrator."
  type        = string
}

variable "client_secret" {
  description = "Client secret of the service account. It is not stored in Terraform's state."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "client_secret_version" {
  description = "Increase this number when client_id or client_secret changes: Terraform cannot compare values that it does not store. The number is not secret."
  type        = number
  default     = 1
}

variable "jimm_ca_certificate" {
  description = "Certificate of the authority that signed JIMM's certificate, in PEM format. Null if the system trusts it."
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
