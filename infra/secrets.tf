# The secrets that k8s/components/external-secrets reads. Terraform generates the database URLs, the passwords and the service token; an
# operator adds the others once: docs/operations.md, "Install".
locals {
  secrets = toset([
    "users-db-password",
    "users-db-admin-url",
    "users-db-owner-url",
    "products-db-password",
    "products-db-admin-url",
    "products-db-owner-url",
    "ecommerce-tokens-signing-key",
    "ecommerce-tokens-retired-signing-key",
    "ecommerce-tokens-service-token",
    "ecommerce-tokens-notification-secrets",
  ])

  # Connections go through the proxies, which encrypt them.
  admin = "postgres://${google_sql_user.admin.name}:${random_password.admin.result}"
  urls = merge([
    for service in ["users", "products"] : {
      "${service}-db-admin-url" = "${local.admin}@${service}-db-proxy.ecommerce.svc.cluster.local:5432/postgres?sslmode=disable"
      "${service}-db-owner-url" = "${local.admin}@${service}-db-proxy.ecommerce.svc.cluster.local:5432/${service}_db?sslmode=disable"
    }
  ]...)
}

resource "google_secret_manager_secret" "this" {
  for_each  = local.secrets
  secret_id = each.key

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_secret_manager_secret_version" "urls" {
  for_each    = local.urls
  secret      = google_secret_manager_secret.this[each.key].id
  secret_data = each.value
}

resource "random_password" "service" {
  for_each = toset(["users-db-password", "products-db-password", "ecommerce-tokens-service-token"])
  length   = 48
  special  = false
}

resource "google_secret_manager_secret_version" "service" {
  for_each    = random_password.service
  secret      = google_secret_manager_secret.this[each.key].id
  secret_data = each.value.result
}

# Only External Secrets may read the secrets.
resource "google_secret_manager_secret_iam_member" "external_secrets" {
  for_each  = google_secret_manager_secret.this
  secret_id = each.value.id
  role      = "roles/secretmanager.secretAccessor"
  member    = "principal://iam.googleapis.com/projects/${data.google_project.this.number}/locations/global/workloadIdentityPools/${var.project}.svc.id.goog/subject/ns/external-secrets/sa/external-secrets"
}
