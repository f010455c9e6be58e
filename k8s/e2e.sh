#!/bin/sh
# Uses a deployed shop as a shopper does: logs in, looks around, fills the cart, checks out, and cancels, which gives the stock back.
#
#   BASE_URL=https://api.example.com E2E_EMAIL=.. E2E_PASSWORD=.. k8s/e2e.sh
#
# The account is one of its own, made once (docs/operations.md).
set -eu

say() { printf '%s\n' "$*" >&2; }
fail() { say "FAILED: $*"; exit 1; }

# Prints the body of an answer that has the expected status.
call() { # STATUS METHOD PATH [BODY]
  expected=$1 method=$2 path=$3 body=${4:-}
  set -- --silent --show-error --max-time 20 --request "$method" --write-out '\n%{http_code}' "$BASE_URL$path"
  if [ -n "${token:-}" ]; then
    set -- "$@" --header "authorization: Bearer $token"
  fi
  if [ -n "$body" ]; then
    set -- "$@" --header 'content-type: application/json' --data "$body"
  fi
  answer=$(curl "$@") || fail "$method $path: no answer"
  status=$(printf '%s' "$answer" | tail -n 1)
  body=$(printf '%s\n' "$answer" | sed '$d')
  [ "$status" = "$expected" ] || fail "$method $path answered $status, not $expected: $body"
  say "ok  $method $path $status"
  printf '%s' "$body"
}

# The first value of a member, of a text or a number.
member() { # NAME
  grep -o "\"$1\" *: *\"\{0,1\}[^\",}]*" | head -n 1 | sed 's/.*: *"\{0,1\}//'
}

token=
login=$(call 200 POST /users/login "{\"email\":\"$E2E_EMAIL\",\"password\":\"$E2E_PASSWORD\"}")
token=$(printf '%s' "$login" | member token)
[ -n "$token" ] || fail "the login has no token"
call 200 GET /users/me >/dev/null

product=$(call 200 GET '/products?inStock=true&limit=1' | member id)
[ -n "$product" ] || fail "there is nothing to buy"
call 200 GET "/products/$product" >/dev/null
stock=$(call 200 GET "/products/$product/stock" | member quantity)

call 200 DELETE /orders/cart >/dev/null
call 200 POST /orders/cart "{\"productId\":$product,\"quantity\":1}" >/dev/null
total=$(call 200 GET /orders/cart | member totalAmount)
order=$(call 201 POST /orders "{\"expectedTotal\":$total,\"notes\":\"a test of the deployment\"}" | member orderId)
call 200 GET "/orders/$order" >/dev/null
[ "$(call 200 POST "/orders/$order/cancel" | member status)" = cancelled ] || fail "the order is not cancelled"

# Others may buy at the same time, but a unit that is not given back would be missing in every run.
say "the stock of $product was $stock, and is $(call 200 GET "/products/$product/stock" | member quantity)"

# From outside, what is not for shoppers is not there. E2E_INSIDE=yes says that this is run from inside.
if [ "${E2E_INSIDE:-}" = yes ]; then
  paths=
else
  paths="/internal/orders/reconcile /.well-known/spin/info"
fi
for path in $paths; do
  status=$(curl --silent --max-time 20 --output /dev/null --write-out '%{http_code}' --request POST "$BASE_URL$path")
  case $status in
    2*) fail "$path is open to everybody" ;;
    *) say "ok  $path is closed ($status)" ;;
  esac
done
call 204 POST /users/logout >/dev/null
say "the shop works"
