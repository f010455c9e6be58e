# The global load balancer, with one address for all regions; only if var.regions is set. k8s/overlays/production-* create the
# network endpoint groups.
locals {
  is_global = length(var.regions) > 0
  services  = local.is_global ? toset(["users-service", "products-service", "orders-service"]) : toset([])
  # Every combination of service, region and zone.
  groups = local.is_global ? {
    for pair in setproduct(local.services, flatten([for region, zones in data.google_compute_zones.this : zones.names])) :
    "${pair[0]}/${pair[1]}" => { service = pair[0], zone = pair[1] }
  } : {}
}

data "google_compute_zones" "this" {
  for_each = local.is_global ? local.clusters : {}
  region   = each.key
}

data "google_compute_network_endpoint_group" "this" {
  for_each = local.groups
  name     = each.value.service
  zone     = each.value.zone
}

resource "google_compute_health_check" "this" {
  count              = local.is_global ? 1 : 0
  name               = "ecommerce"
  check_interval_sec = 10
  timeout_sec        = 5

  http_health_check {
    port         = 80
    request_path = "/.well-known/spin/health"
  }
}

resource "google_compute_backend_service" "this" {
  for_each                        = local.services
  name                            = each.key
  load_balancing_scheme           = "EXTERNAL_MANAGED"
  protocol                        = "HTTP"
  timeout_sec                     = 30
  connection_draining_timeout_sec = 30
  health_checks                   = [google_compute_health_check.this[0].id]
  security_policy                 = google_compute_security_policy.this.id

  # Requests go to the nearest healthy region with free capacity.
  dynamic "backend" {
    for_each = { for key, group in local.groups : key => group if group.service == each.key }
    content {
      group                 = data.google_compute_network_endpoint_group.this[backend.key].id
      balancing_mode        = "RATE"
      max_rate_per_endpoint = 500
    }
  }

  log_config {
    enable      = true
    sample_rate = 1.0
  }
}

resource "google_compute_url_map" "this" {
  count           = local.is_global ? 1 : 0
  name            = "ecommerce"
  default_service = google_compute_backend_service.this["products-service"].id

  host_rule {
    hosts        = [var.domain]
    path_matcher = "services"
  }

  path_matcher {
    name = "services"

    # Redirects paths that have none of the three prefixes.
    default_url_redirect {
      host_redirect = var.domain
      path_redirect = "/products"
      strip_query   = true
    }

    dynamic "path_rule" {
      for_each = local.services
      content {
        paths   = ["/${trimsuffix(path_rule.key, "-service")}", "/${trimsuffix(path_rule.key, "-service")}/*"]
        service = google_compute_backend_service.this[path_rule.key].id
      }
    }
  }
}

resource "google_compute_managed_ssl_certificate" "this" {
  count = local.is_global ? 1 : 0
  name  = "ecommerce"

  managed {
    domains = [var.domain]
  }
}

resource "google_compute_target_https_proxy" "this" {
  count            = local.is_global ? 1 : 0
  name             = "ecommerce"
  url_map          = google_compute_url_map.this[0].id
  ssl_certificates = [google_compute_managed_ssl_certificate.this[0].id]
  ssl_policy       = google_compute_ssl_policy.this.id
}

resource "google_compute_global_forwarding_rule" "this" {
  count                 = local.is_global ? 1 : 0
  name                  = "ecommerce"
  ip_address            = google_compute_global_address.this.id
  load_balancing_scheme = "EXTERNAL_MANAGED"
  port_range            = "443"
  target                = google_compute_target_https_proxy.this[0].id
}
