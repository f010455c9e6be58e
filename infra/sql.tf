resource "google_sql_database_instance" "this" {
  name                = "ecommerce-postgres"
  database_version    = "POSTGRES_15"
  region              = var.region
  deletion_protection = var.deletion_protection
  depends_on          = [google_service_networking_connection.this]

  settings {
    tier              = var.sql_tier
    edition           = "ENTERPRISE"
    availability_type = "REGIONAL"
    disk_type         = "PD_SSD"
    disk_size         = 20
    disk_autoresize   = true

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.this.id
      ssl_mode        = "ENCRYPTED_ONLY"
    }

    # Google encrypts data and backups at rest.
    backup_configuration {
      enabled                        = true
      start_time                     = "19:00"
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7

      backup_retention_settings {
        retained_backups = 14
      }
    }

    maintenance_window {
      day          = 3
      hour         = 19
      update_track = "stable"
    }

    # 2 services x 10 pods x 20 connections (k8s/base/runtime-config.toml), plus a reserve for migrations and operators.
    database_flags {
      name  = "max_connections"
      value = "500"
    }
    database_flags {
      name  = "idle_in_transaction_session_timeout"
      value = "10000"
    }
    database_flags {
      name  = "log_lock_waits"
      value = "on"
    }
    database_flags {
      name  = "log_min_duration_statement"
      value = "500"
    }

    insights_config {
      query_insights_enabled = true
    }
  }
}

# Terraform creates the databases; `migrate bootstrap` creates the services' roles.
resource "google_sql_database" "this" {
  for_each = toset(["users_db", "products_db"])
  name     = each.key
  instance = google_sql_database_instance.this.name
}

resource "google_sql_database_instance" "replica" {
  for_each             = var.replica_regions
  name                 = "ecommerce-postgres-${each.key}"
  database_version     = google_sql_database_instance.this.database_version
  region               = each.key
  master_instance_name = google_sql_database_instance.this.name
  deletion_protection  = var.deletion_protection

  settings {
    tier            = var.sql_tier
    edition         = "ENTERPRISE"
    disk_type       = "PD_SSD"
    disk_autoresize = true

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.this.id
      ssl_mode        = "ENCRYPTED_ONLY"
    }

    database_flags {
      name  = "max_connections"
      value = "500"
    }
  }
}

resource "random_password" "admin" {
  length  = 40
  special = false
}

# The user of the migrations. Each service has its own role, which owns no objects.
resource "google_sql_user" "admin" {
  name     = "migrator"
  instance = google_sql_database_instance.this.name
  password = random_password.admin.result
}
