output "address" {
  description = "The address for the shop's DNS record."
  value       = google_compute_global_address.this.address
}

output "registry" {
  description = "The registry of the images."
  value       = "${google_artifact_registry_repository.this.location}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.this.repository_id}"
}

output "workload_identity_provider" {
  description = "The value of the workflows' variable WORKLOAD_IDENTITY_PROVIDER."
  value       = google_iam_workload_identity_pool_provider.github.name
}

output "cloud_sql_instance" {
  description = "The connection name for cloud_sql_instance in k8s/overlays/*/config.env."
  value       = google_sql_database_instance.this.connection_name
}
