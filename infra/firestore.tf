resource "google_firestore_database" "this" {
  name                              = "(default)"
  location_id                       = var.region
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "OPTIMISTIC"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = var.deletion_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = "ABANDON"
  depends_on                        = [google_project_service.this]
}

# Terraform, the emulator of the tests and the Firebase CLI all read this one file.
locals {
  firestore = jsondecode(file("${path.module}/firestore.indexes.json"))
}

resource "google_firestore_index" "this" {
  for_each   = { for index in local.firestore.indexes : join("-", concat([index.collectionGroup], [for field in index.fields : field.fieldPath])) => index }
  database   = google_firestore_database.this.name
  collection = each.value.collectionGroup

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path = fields.value.fieldPath
      order      = fields.value.order
    }
  }
}

resource "google_firestore_field" "this" {
  for_each   = { for field in local.firestore.fieldOverrides : "${field.collectionGroup}-${field.fieldPath}" => field }
  database   = google_firestore_database.this.name
  collection = each.value.collectionGroup
  field      = each.value.fieldPath

  # Disables the index of a field that no query uses, because each index entry costs a write.
  index_config {}

  dynamic "ttl_config" {
    for_each = try(each.value.ttl, false) ? [1] : []
    content {}
  }
}

resource "google_firestore_backup_schedule" "daily" {
  database  = google_firestore_database.this.name
  retention = "1209600s"
  daily_recurrence {}
}
