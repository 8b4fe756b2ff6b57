variable "app_name" {
  description = "Name of the application in its model."
  type        = string
  default     = "jimm-migrator"
}

variable "base" {
  description = "Operating system to deploy on."
  type        = string
  default     = "ubuntu@24.04"
}

variable "channel" {
  description = "Charmhub channel to deploy from."
  type        = string
  default     = "latest/edge"
}

variable "config" {
  description = "Options of the charm by name; see config.yaml. They override the variables of this module."
  type        = map(string)
  default     = {}
}

variable "constraints" {
  description = "Constraints for the units, such as arch=arm64."
  type        = string
  default     = null
}

variable "credentials_secret" {
  description = "URI of a user secret with client-id and client-secret, for the option jimm-credentials. It must be granted to the application."
  type        = string
  default     = null
}

variable "jimm_ca_certificate" {
  description = "Certificate of the authority that signed JIMM's certificate, in PEM format, for the option jimm-ca-certificate."
  type        = string
  default     = null
}

variable "jimm_url" {
  description = "URL of JIMM, such as wss://jimm.example.com, for the option jimm-url. Leave it null with a relation to JIMM."
  type        = string
  default     = null
}

variable "model_uuid" {
  description = "UUID of the model to deploy in. Anyone who can run actions there can move any model of the JAAS: give the charm a model of its own."
  type        = string
}

variable "revision" {
  description = "Revision of the charm. Null means the newest in the channel."
  type        = number
  default     = null
}

variable "units" {
  description = "Number of units. A unit runs one action at a time: with two, you can use one while the other follows a migration."
  type        = number
  default     = 2

  validation {
    condition     = var.units >= 1
    error_message = "At least one unit is needed."
  }
}
