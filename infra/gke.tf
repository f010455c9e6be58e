# Standard instead of Autopilot, and Ubuntu instead of Container-Optimized OS, because the shim changes containerd's configuration.
resource "google_container_cluster" "this" {
  for_each                 = local.clusters
  name                     = each.key == var.region ? "my-ecommerce-cluster" : "my-ecommerce-cluster-${each.key}"
  location                 = each.key
  network                  = google_compute_network.this.id
  subnetwork               = google_compute_subnetwork.nodes[each.key].id
  deletion_protection      = var.deletion_protection
  remove_default_node_pool = true
  initial_node_count       = 1

  # Dataplane V2 enforces NetworkPolicies. It can only be enabled when the cluster is created.
  datapath_provider = "ADVANCED_DATAPATH"

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = false
    master_ipv4_cidr_block  = each.value.master
  }

  workload_identity_config {
    workload_pool = "${var.project}.svc.id.goog"
  }

  release_channel {
    channel = "REGULAR"
  }

  addons_config {
    http_load_balancing {
      disabled = false
    }
    dns_cache_config {
      enabled = true
    }
  }

  logging_config {
    enable_components = ["SYSTEM_COMPONENTS", "WORKLOADS"]
  }

  monitoring_config {
    enable_components = ["SYSTEM_COMPONENTS"]
    managed_prometheus {
      enabled = true
    }
  }

  maintenance_policy {
    recurring_window {
      start_time = "2026-01-01T18:00:00Z"
      end_time   = "2026-01-01T22:00:00Z"
      recurrence = "FREQ=WEEKLY;BYDAY=TU,WE,TH"
    }
  }

  node_pool_defaults {
    node_config_defaults {
      logging_variant = "DEFAULT"
    }
  }
}

resource "google_container_node_pool" "spin" {
  for_each = local.clusters
  # A new version of the shim needs new nodes: after a change of the name, Terraform creates the new pool before it removes the old one.
  name               = "spin-1"
  cluster            = google_container_cluster.this[each.key].id
  initial_node_count = 1

  # The totals of all zones; min_node_count and max_node_count would apply to each zone.
  autoscaling {
    total_min_node_count = 3
    total_max_node_count = 10
    location_policy      = "BALANCED"
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  upgrade_settings {
    strategy = "BLUE_GREEN"
    blue_green_settings {
      node_pool_soak_duration = "600s"
      standard_rollout_policy {
        batch_node_count    = 1
        batch_soak_duration = "120s"
      }
    }
  }

  node_config {
    machine_type    = "e2-standard-2"
    image_type      = "UBUNTU_CONTAINERD"
    disk_type       = "pd-balanced"
    disk_size_gb    = 50
    service_account = google_service_account.nodes.email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
    tags            = ["my-ecommerce-cluster"]

    # The Shim selects nodes by this label (k8s/cluster/shim.yaml).
    labels = {
      spin = "true"
    }

    workload_metadata_config {
      mode = "GKE_METADATA"
    }

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }
  }

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [initial_node_count]
  }
}
