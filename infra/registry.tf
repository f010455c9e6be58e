resource "google_artifact_registry_repository" "this" {
  repository_id = "ecommerce-images"
  location      = var.region
  format        = "DOCKER"
  depends_on    = [google_project_service.this]

  docker_config {
    # A tag names the build's time and commit, and always refers to the same image.
    immutable_tags = true
  }

  cleanup_policies {
    id     = "keep-the-last-fifty"
    action = "KEEP"
    most_recent_versions {
      keep_count = 50
    }
  }

  cleanup_policies {
    id     = "remove-what-is-older-than-ninety-days"
    action = "DELETE"
    condition {
      older_than = "7776000s"
    }
  }
}
