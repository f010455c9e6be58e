output "address" {
  description = "What the name of the shop has to point at."
  value       = google_compute_global_address.this.address
}

output "registry" {
  description = "Where the images go."
  value       = "${google_artifact_registry_repository.this.location}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.this.repository_id}"
}

output "workload_identity_provider" {
  description = "The variable WORKLOAD_IDENTITY_PROVIDER of the workflows."
  value       = google_iam_workload_identity_pool_provider.github.name
}

output "cloud_sql_instance" {
  description = "The connection name, which k8s/overlays/*/config.env has."
  value       = google_sql_database_instance.this.connection_name
}
