resource "google_project_service" "this" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "certificatemanager.googleapis.com",
    "cloudtrace.googleapis.com",
    "compute.googleapis.com",
    "container.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "secretmanager.googleapis.com",
    "servicenetworking.googleapis.com",
    "sqladmin.googleapis.com",
    "sts.googleapis.com",
  ])
  service            = each.key
  disable_on_destroy = false
}

locals {
  # The first cluster, and one for each additional region.
  clusters = merge(
    {
      (var.region) = {
        nodes    = "10.10.0.0/20"
        pods     = "10.20.0.0/16"
        services = "10.30.0.0/20"
        master   = "172.16.0.0/28"
      }
    },
    var.regions,
  )
}

resource "google_compute_network" "this" {
  name                    = "ecommerce"
  auto_create_subnetworks = false
  depends_on              = [google_project_service.this]
}

resource "google_compute_subnetwork" "nodes" {
  for_each                 = local.clusters
  name                     = "ecommerce-${each.key}"
  network                  = google_compute_network.this.id
  region                   = each.key
  ip_cidr_range            = each.value.nodes
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = each.value.pods
  }

  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = each.value.services
  }
}

# Nodes have no public address; their outbound traffic uses this NAT.
resource "google_compute_router" "this" {
  for_each = local.clusters
  name     = "ecommerce-${each.key}"
  network  = google_compute_network.this.id
  region   = each.key
}

resource "google_compute_router_nat" "this" {
  for_each                           = local.clusters
  name                               = "ecommerce-${each.key}"
  router                             = google_compute_router.this[each.key].name
  region                             = each.key
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
}

# The control plane calls spin-operator's webhooks on port 9443, which GKE does not open by default.
resource "google_compute_firewall" "webhooks" {
  for_each      = local.clusters
  name          = "ecommerce-webhooks-${each.key}"
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  source_ranges = [each.value.master]
  target_tags   = ["my-ecommerce-cluster"]

  allow {
    protocol = "tcp"
    ports    = ["8443", "9443", "10250"]
  }
}

# The peered range for Google's managed services; the database's private address is in it.
resource "google_compute_global_address" "services" {
  name          = "ecommerce-services"
  network       = google_compute_network.this.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 16
  address       = "10.60.0.0"
}

resource "google_service_networking_connection" "this" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.services.name]
}
