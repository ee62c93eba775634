#!/usr/bin/env bash
# Run a VictoriaMetrics for this service: bin/victoria-metrics.sh LISTEN [SERVICE],
# both HOST:PORT. Without SERVICE it is the one on this machine.
#
# It reads what to scrape from the service itself, which may not answer yet and needs
# a token. VictoriaMetrics ends at once when its first look fails, so it starts with
# nothing to scrape and gets the address when the service answers. The token is in
# no argument, and what VictoriaMetrics says of its addresses passes through sed,
# whose script (and in it the token) is a file that nobody else can read.
set -euo pipefail
umask 077
listen=$1 service=${2:-127.0.0.1:${BKM_LISTEN##*:}}
mkdir -p "$BKM_RUN"
config=$BKM_RUN/scrape.yml mask=$BKM_RUN/scrape.sed
token=$(<"${BKM_SCRAPE_TOKEN_FILE:-/dev/null}")
token=${token:-${BKM_SCRAPE_TOKEN:-}}
url="http://scrape:$token@$service/prometheus/scrape-config/jobs"
echo "scrape_configs: []" >"$config"
printf 's|%s|***|g\n' "$token" >"$mask"

service_answers() {
    local status
    exec 3<>"/dev/tcp/${service%:*}/${service##*:}" || return 1
    printf 'GET /prometheus/scrape-config/jobs HTTP/1.0\r\nHost: %s\r\nAuthorization: Basic %s\r\n\r\n' \
        "$service" "$(printf 'scrape:%s' "$token" | base64 -w0)" >&3
    read -r -t 10 status <&3
    exec 3>&-
    [[ $status == *" 200 "* ]]
}

vm=$$
give_targets() {
    local pause=1
    until service_answers 2>/dev/null; do
        sleep "$pause"
        pause=5
        kill -0 "$vm" 2>/dev/null || exit 0
    done
    printf 'scrape_config_files:\n- "%s"\n' "$url" >"$config.new"
    mv "$config.new" "$config"
}
# Twice in the background: VictoriaMetrics, which this process becomes, would not wait
# for a child of its own, and leave it lying.
(give_targets </dev/null >/dev/null 2>&1 &)

exec victoria-metrics \
    -httpListenAddr="$listen" \
    -storageDataPath="$BKM_DATA/victoria-metrics" \
    -retentionPeriod="$BKM_VM_RETENTION" \
    -search.latencyOffset=1s \
    -maxLabelsPerTimeseries=10000000 \
    -memory.allowedPercent=20 \
    -maxLabelsPerTimeseries=10000000 \
    -promscrape.config="$config" \
    -promscrape.configCheckInterval=10s \
    -loggerLevel=WARN > >(exec sed -u -f "$mask") 2>&1
