variable "project" {
  description = "The Google Cloud project, one for each environment."
  type        = string
}

variable "region" {
  description = "Where everything is. The location of Firestore cannot be changed later."
  type        = string
  default     = "asia-southeast1"
}

variable "domain" {
  description = "The name that shoppers call."
  type        = string
}

variable "github_repository" {
  description = "Whose workflows may deploy, as owner/name."
  type        = string
}

variable "sql_tier" {
  description = "The machine of the database. Its memory decides how many connections it can have."
  type        = string
  default     = "db-custom-2-8192"
}

variable "replica_regions" {
  description = "Regions with a read replica of the database: for reports, and to be promoted if the primary's region is lost."
  type        = set(string)
  default     = []
}

variable "regions" {
  description = "More regions with a cluster, as region => the range of its nodes. Not empty, it puts the global load balancer in front of all of them."
  type = map(object({
    nodes    = string
    pods     = string
    services = string
    master   = string
  }))
  default = {}
}

variable "requests_per_minute" {
  description = "What one address may ask of each service in a minute before it gets 429."
  type        = number
  default     = 300
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to remove the cluster and the database."
  type        = bool
  default     = true
}
