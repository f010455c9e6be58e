#!/bin/sh
# Puts a version into an environment, and takes it back if it is not well.
#
#   k8s/deploy.sh ENVIRONMENT TAG
#
# ENVIRONMENT  a folder of k8s/overlays
# TAG          of the images, YYYYMMDD-HHMMSS-SHA
# BASE_URL     where the shop is reached from outside
# E2E          what is run against it at the end (default: k8s/e2e.sh)
# ALERT_WEBHOOK_URL   is told when a version was taken back (Slack's form); may be empty
#
# Needs kubectl with the credentials of the cluster, and curl.
#
# The operator makes Deployments of SpinApps and keeps them as they are: `kubectl rollout undo` is reverted at once. So taking back
# is applying the image before again.
set -eu

environment=$1
tag=$2
here=$(cd "$(dirname "$0")" && pwd)
e2e=${E2E:-$here/e2e.sh}
services="users-service products-service orders-service"
# The tag in the overlays, in whose place the tag of a deployment comes.
placeholder=20260101-000000-0000000

say() { printf '%s\n' "==> $*" >&2; }
k() { kubectl --namespace ecommerce "$@"; }

case $tag in
  [0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]-[0-9][0-9][0-9][0-9][0-9][0-9]-?*) ;;
  *) say "the tag $tag is not YYYYMMDD-HHMMSS-SHA"; exit 2 ;;
esac
if [ ! -d "$here/overlays/$environment" ]; then
  say "there is no environment $environment"
  exit 2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kubectl kustomize "$here/overlays/$environment" >"$work/rendered"
if ! grep -q ":$placeholder" "$work/rendered"; then
  say "no image of $environment has the tag $placeholder, in whose place $tag would come"
  exit 2
fi
sed "s/:$placeholder/:$tag/" "$work/rendered" >"$work/new"

# What runs now. At the first deployment nothing does.
previous=$(k get spinapp users-service --output 'jsonpath={.spec.image}' --ignore-not-found)
previous_tag=${previous##*:}

apply_apps() { # TAG
  sed "s/:$placeholder/:$1/" "$work/rendered" >"$work/apps"
  k apply --selector ecommerce/stage=app --filename "$work/apps" >&2
}

# The operator is asynchronous: a rollout status before it has seen the new image would be that of the old one.
wait_for_image() { # TAG
  for service in $services; do
    tries=60
    until k get deployment "$service" --output 'jsonpath={.spec.template.spec.containers[0].image}' 2>/dev/null | grep -q ":$1\$"; do
      tries=$((tries - 1))
      if [ "$tries" -le 0 ]; then
        say "the operator has not taken over $service:$1"
        return 1
      fi
      sleep "${PAUSE:-5}"
    done
  done
}

wait_for_pods() {
  for service in $services; do
    k rollout status "deployment/$service" --timeout 300s >&2 || return 1
  done
}

check_health() {
  for path in users products orders; do
    curl --fail --silent --show-error --max-time 10 --retry 5 --retry-delay 3 --retry-all-errors \
      --output /dev/null "$BASE_URL/$path/health" || {
      say "$BASE_URL/$path/health is not well"
      return 1
    }
  done
}

alert() { # TEXT
  say "$1"
  if [ -n "${ALERT_WEBHOOK_URL:-}" ]; then
    curl --silent --show-error --max-time 10 --output /dev/null --request POST --header 'content-type: application/json' \
      --data "{\"text\":\"$1\"}" "$ALERT_WEBHOOK_URL" || say "and nobody could be told"
  fi
}

roll_back() { # WHY
  if [ -z "$previous_tag" ]; then
    alert "$environment: $tag failed ($1), and there was no version before it"
    exit 1
  fi
  say "taking $tag back: $1"
  if apply_apps "$previous_tag" && wait_for_image "$previous_tag" && wait_for_pods; then
    alert "$environment: $tag failed ($1); $previous_tag runs again"
  else
    alert "$environment: $tag failed ($1), and $previous_tag does not come back: somebody has to look"
  fi
  exit 1
}

say "what the apps stand on"
k apply --selector '!ecommerce/stage' --filename "$work/new" >&2
for proxy in users-db-proxy products-db-proxy; do
  k rollout status "deployment/$proxy" --timeout 180s >&2
done

say "migrations, which only expand: the version that runs goes on running"
k delete job migrate --ignore-not-found --wait >&2
k apply --selector ecommerce/stage=migrate --filename "$work/new" >&2
if ! k wait --for condition=complete job/migrate --timeout 900s >&2; then
  k logs job/migrate --all-containers --tail 50 >&2 || true
  alert "$environment: the migrations of $tag failed; ${previous_tag:-nothing} goes on running"
  exit 1
fi

say "the apps"
apply_apps "$tag" || roll_back "it could not be applied"
wait_for_image "$tag" || roll_back "the operator did not take it over"
# What a SpinApp has no field for; the Deployments exist now.
kubectl apply --server-side --field-manager ecommerce-ops --force-conflicts --kustomize "$here/hardening" >&2 ||
  roll_back "the hardening could not be applied"
wait_for_pods || roll_back "its pods do not become ready"
check_health || roll_back "a health check failed"
sh -c "$e2e" >&2 || roll_back "the end-to-end test failed"
say "$environment runs $tag"
