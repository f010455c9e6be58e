variable "project" {
  description = "The Google Cloud project. Each environment has its own."
  type        = string
}

variable "region" {
  description = "The region of all resources. The location of Firestore cannot be changed later."
  type        = string
  default     = "asia-southeast1"
}

variable "domain" {
  description = "The host name of the shop."
  type        = string
}

variable "github_repository" {
  description = "The GitHub repository whose workflows may deploy, as owner/name."
  type        = string
}

variable "sql_tier" {
  description = "The machine type of the database. Its memory limits the number of connections."
  type        = string
  default     = "db-custom-2-8192"
}

variable "replica_regions" {
  description = "Regions with a read replica of the database, for reports and for promotion if the primary's region fails."
  type        = set(string)
  default     = []
}

variable "regions" {
  description = "Additional regions with a cluster, and their IP ranges. If not empty, the global load balancer serves all regions."
  type = map(object({
    nodes    = string
    pods     = string
    services = string
    master   = string
  }))
  default = {}
}

variable "requests_per_minute" {
  description = "The maximum number of requests of one client address to each service in a minute; further ones get 429."
  type        = number
  default     = 300
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to remove the cluster and the database."
  type        = bool
  default     = true
}
