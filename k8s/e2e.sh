#!/bin/sh
# Uses a deployed shop as a shopper: logs in, views the catalog, fills the cart, places an order, and cancels it, which releases the stock.
#
#   BASE_URL=https://api.example.com E2E_EMAIL=.. E2E_PASSWORD=.. k8s/e2e.sh
#
# BASE_URL     the shop's public URL
# E2E_EMAIL, E2E_PASSWORD   an account that only this test uses (docs/operations.md)
# E2E_INSIDE   "yes" if BASE_URL bypasses the load balancer; skips the check that internal routes are not reachable
set -eu

here=$(cd "$(dirname "$0")" && pwd)

say() { printf '%s\n' "$*" >&2; }
fail() { say "FAILED: $*"; exit 1; }

# Sends a request and prints the body of its response. Fails if the status is not the expected one.
call() { # STATUS METHOD PATH [BODY]
  expected=$1 method=$2 path=$3 body=${4:-}
  set -- --silent --show-error --max-time 20 --request "$method" --write-out '\n%{http_code}' "$BASE_URL$path"
  if [ -n "${token:-}" ]; then
    set -- "$@" --header "authorization: Bearer $token"
  fi
  if [ -n "$body" ]; then
    set -- "$@" --header 'content-type: application/json' --data "$body"
  fi
  response=$(curl "$@") || fail "$method $path: no response"
  status=$(printf '%s' "$response" | tail -n 1)
  body=$(printf '%s\n' "$response" | sed '$d')
  [ "$status" = "$expected" ] || fail "$method $path answered $status, not $expected: $body"
  say "ok  $method $path $status"
  printf '%s' "$body"
}

# Prints the value at a path of the JSON text on standard input. Fails if there is none.
json() { # PATH
  awk -v path="$1" -f "$here/base/json.awk"
}

token=
login=$(call 200 POST /users/login "{\"email\":\"$E2E_EMAIL\",\"password\":\"$E2E_PASSWORD\"}")
token=$(printf '%s' "$login" | json token) || fail "the response of the login has no token"
call 200 GET /users/me >/dev/null

product=$(call 200 GET '/products?inStock=true&limit=1' | json products.0.id) || fail "no product is in stock"
call 200 GET "/products/$product" >/dev/null
stock=$(call 200 GET "/products/$product/stock" | json quantity)

call 200 DELETE /orders/cart >/dev/null
call 200 POST /orders/cart "{\"productId\":$product,\"quantity\":1}" >/dev/null
total=$(call 200 GET /orders/cart | json cart.totalAmount)
order=$(call 201 POST /orders "{\"expectedTotal\":$total,\"notes\":\"a test of the deployment\"}" | json orderId)
call 200 GET "/orders/$order" >/dev/null
[ "$(call 200 POST "/orders/$order/cancel" | json status)" = cancelled ] || fail "the order is not cancelled"

# Only reported, because other shoppers may buy at the same time. Stock that is not released would shrink with every run.
say "stock of product $product: $stock before, $(call 200 GET "/products/$product/stock" | json quantity) after"

# The load balancer must not route internal paths.
if [ "${E2E_INSIDE:-}" = yes ]; then
  paths=
else
  paths="/internal/orders/reconcile /.well-known/spin/info"
fi
for path in $paths; do
  status=$(curl --silent --max-time 20 --output /dev/null --write-out '%{http_code}' --request POST "$BASE_URL$path")
  case $status in
    2*) fail "$path is reachable from outside the cluster" ;;
    *) say "ok  $path is not reachable ($status)" ;;
  esac
done
call 204 POST /users/logout >/dev/null
say "the shop works"
