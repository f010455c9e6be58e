resource "google_service_account" "services" {
  account_id   = "ecommerce-services-sa"
  display_name = "The pods of the services"
}

resource "google_service_account" "cloud_sql_proxy" {
  account_id   = "cloud-sql-proxy-sa"
  display_name = "The Cloud SQL Auth Proxies"
}

resource "google_service_account" "nodes" {
  account_id   = "ecommerce-nodes-sa"
  display_name = "The nodes of the clusters"
}

resource "google_service_account" "github_actions" {
  account_id   = "github-actions-sa"
  display_name = "The deployment"
}

locals {
  roles = {
    # The services may read and write Firestore (carts and orders).
    "services/datastore"  = { member = google_service_account.services.member, role = "roles/datastore.user" }
    "cloud-sql-proxy/sql" = { member = google_service_account.cloud_sql_proxy.member, role = "roles/cloudsql.client" }
    "nodes/logs"          = { member = google_service_account.nodes.member, role = "roles/logging.logWriter" }
    "nodes/metrics"       = { member = google_service_account.nodes.member, role = "roles/monitoring.metricWriter" }
    "nodes/metadata"      = { member = google_service_account.nodes.member, role = "roles/stackdriver.resourceMetadata.writer" }
    # The deployment may connect to the clusters; Kubernetes roles limit what it may do there.
    "github/cluster"    = { member = google_service_account.github_actions.member, role = "roles/container.developer" }
    "collector/traces"  = { member = local.collector, role = "roles/cloudtrace.agent" }
    "collector/metrics" = { member = local.collector, role = "roles/monitoring.metricWriter" }
  }
  collector = "principal://iam.googleapis.com/projects/${data.google_project.this.number}/locations/global/workloadIdentityPools/${var.project}.svc.id.goog/subject/ns/observability/sa/otel-collector"
}

resource "google_project_iam_member" "this" {
  for_each = local.roles
  project  = var.project
  role     = each.value.role
  member   = each.value.member
}

resource "google_artifact_registry_repository_iam_member" "nodes" {
  location   = google_artifact_registry_repository.this.location
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.nodes.member
}

resource "google_artifact_registry_repository_iam_member" "github_actions" {
  location   = google_artifact_registry_repository.this.location
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.github_actions.member
}

# Workload Identity: maps Kubernetes service accounts to Google ones, without keys.
resource "google_service_account_iam_member" "ecommerce_ksa" {
  service_account_id = google_service_account.services.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.project}.svc.id.goog[ecommerce/ecommerce-ksa]"
  depends_on         = [google_container_cluster.this]
}

resource "google_service_account_iam_member" "cloud_sql_proxy" {
  service_account_id = google_service_account.cloud_sql_proxy.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.project}.svc.id.goog[ecommerce/cloud-sql-proxy]"
  depends_on         = [google_container_cluster.this]
}

# Workload Identity Federation: workflows of this repository's main branch may act as github-actions-sa.
resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "github"
}

resource "google_iam_workload_identity_pool_provider" "github" {
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  attribute_condition                = "assertion.repository == '${var.github_repository}' && assertion.ref == 'refs/heads/main'"

  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
    "attribute.ref"        = "assertion.ref"
  }

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account_iam_member" "github_actions" {
  service_account_id = google_service_account.github_actions.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/attribute.repository/${var.github_repository}"
}
