# Protects each service: BackendConfig ecommerce-backend and the global load balancer refer to this policy.
resource "google_compute_security_policy" "this" {
  name = "ecommerce-armor"

  # Denies internal routes, in case one is ever exposed by mistake.
  rule {
    description = "internal routes"
    priority    = 100
    action      = "deny(404)"
    match {
      expr {
        expression = "request.path.lower().startsWith('/internal') || request.path.lower().startsWith('/.well-known/spin')"
      }
    }
  }

  rule {
    description = "known attacks"
    priority    = 200
    action      = "deny(403)"
    match {
      expr {
        expression = "evaluatePreconfiguredWaf('sqli-v33-stable', {'sensitivity': 1}) || evaluatePreconfiguredWaf('protocolattack-v33-stable', {'sensitivity': 1})"
      }
    }
  }

  rule {
    description = "rate limit of one client address"
    priority    = 1000
    action      = "throttle"
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"
      rate_limit_threshold {
        count        = var.requests_per_minute
        interval_sec = 60
      }
    }
  }

  rule {
    description = "everything else"
    priority    = 2147483647
    action      = "allow"
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}

resource "google_compute_ssl_policy" "this" {
  name            = "ecommerce-tls"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}

# The address of the Ingress (one region) or of the global load balancer.
resource "google_compute_global_address" "this" {
  name = "ecommerce-ip"
}
