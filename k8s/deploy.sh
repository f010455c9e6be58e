#!/bin/sh
# Deploys a version to an environment, and rolls back to the previous version if a check fails.
#
#   k8s/deploy.sh ENVIRONMENT TAG
#
# ENVIRONMENT  a folder of k8s/overlays
# TAG          the tag of the images, YYYYMMDD-HHMMSS-SHA
# BASE_URL     the shop's public URL
# E2E          the final check (default: k8s/e2e.sh)
# ALERT_WEBHOOK_URL   receives a message (in Slack's format) when a deployment fails; may be empty
#
# Needs kubectl with the credentials of the cluster, and curl.
#
# The operator owns the Deployments of SpinApps and reverts `kubectl rollout undo`, so a rollback applies the previous image.
set -eu

environment=$1
tag=$2
here=$(cd "$(dirname "$0")" && pwd)
e2e=${E2E:-$here/e2e.sh}
services="users-service products-service orders-service"
# The tag in the overlays, which the tag of the deployment replaces.
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
  say "no image of $environment has the tag $placeholder, which $tag would replace"
  exit 2
fi
sed "s/:$placeholder/:$tag/" "$work/rendered" >"$work/new"

# The tag that runs now; empty at the first deployment.
previous=$(k get spinapp users-service --output 'jsonpath={.spec.image}' --ignore-not-found)
previous_tag=${previous##*:}

apply_apps() { # TAG
  sed "s/:$placeholder/:$1/" "$work/rendered" >"$work/apps"
  k apply --selector ecommerce/stage=app --filename "$work/apps" >&2
}

# The operator updates Deployments asynchronously: before it has, `rollout status` would report the previous version.
wait_for_image() { # TAG
  for service in $services; do
    tries=60
    until [ "$(image_tag "$service")" = "$1" ]; do
      tries=$((tries - 1))
      if [ "$tries" -le 0 ]; then
        say "the operator has not updated $service to $1"
        return 1
      fi
      sleep "${PAUSE:-5}"
    done
  done
}

# Prints the tag that a service's Deployment has; nothing if there is no Deployment.
image_tag() { # SERVICE
  image=$(k get deployment "$1" --output 'jsonpath={.spec.template.spec.containers[0].image}' 2>/dev/null) || return 0
  printf '%s' "${image##*:}"
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
      say "$BASE_URL/$path/health does not answer 200"
      return 1
    }
  done
}

alert() { # TEXT
  say "$1"
  if [ -n "${ALERT_WEBHOOK_URL:-}" ]; then
    curl --silent --show-error --max-time 10 --output /dev/null --request POST --header 'content-type: application/json' \
      --data "{\"text\":\"$1\"}" "$ALERT_WEBHOOK_URL" || say "the alert could not be sent"
  fi
}

roll_back() { # REASON
  if [ -z "$previous_tag" ]; then
    alert "$environment: $tag failed ($1), and there is no previous version"
    exit 1
  fi
  say "rolling back $tag: $1"
  if apply_apps "$previous_tag" && wait_for_image "$previous_tag" && wait_for_pods; then
    alert "$environment: $tag failed ($1); rolled back to $previous_tag"
  else
    alert "$environment: $tag failed ($1), and the rollback to $previous_tag failed too: an operator must intervene"
  fi
  exit 1
}

say "applying everything that the apps depend on"
k apply --selector '!ecommerce/stage' --filename "$work/new" >&2
for proxy in users-db-proxy products-db-proxy; do
  k rollout status "deployment/$proxy" --timeout 180s >&2
done

say "migrating; the running version is not affected, because migrations only expand the schema"
k delete job migrate --ignore-not-found --wait >&2
k apply --selector ecommerce/stage=migrate --filename "$work/new" >&2
if ! k wait --for condition=complete job/migrate --timeout 900s >&2; then
  k logs job/migrate --all-containers --tail 50 >&2 || true
  alert "$environment: the migrations of $tag failed; ${previous_tag:-no version} is still running"
  exit 1
fi

say "applying the apps"
apply_apps "$tag" || roll_back "the apps could not be applied"
wait_for_image "$tag" || roll_back "the operator did not update the Deployments"
# Settings that a SpinApp has no field for; the Deployments exist now.
kubectl apply --server-side --field-manager ecommerce-ops --force-conflicts --kustomize "$here/hardening" >&2 ||
  roll_back "the hardening could not be applied"
wait_for_pods || roll_back "its pods do not become ready"
check_health || roll_back "a health check failed"
sh -c "$e2e" >&2 || roll_back "the end-to-end test failed"
say "$environment runs $tag"
