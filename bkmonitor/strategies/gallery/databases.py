"""PostgreSQL and Redis, as their exporters tell of them."""

from bkmonitor.detection.parameters import marked as _
from bkmonitor.strategies.gallery.template import (
    CRITICAL,
    WARNING,
    Subject,
    Template,
    above,
    below,
    lasting,
    missed,
)

MIB, GIB = 1024**2, 1024**3
HITS, READS = "rate(pg_stat_database_blks_hit[15m])", "rate(pg_stat_database_blks_read[15m])"  # fmt: skip

POSTGRESQL = Subject(
    key="postgresql",
    title=_("PostgreSQL"),
    sender="prometheus-postgres-exporter",
    how=_(
        "Give it a role with pg_monitor in DATA_SOURCE_NAME, and add port 9187 as a scrape target."
    ),
    templates=(
        Template(
            key="postgresql-down",
            title=_("PostgreSQL does not answer"),
            about=_("The exporter could not ask it twice in a row."),
            strategy={
                "expression": "min by (instance, server) (pg_up)",
                "levels": below(critical=1),
                **lasting(2, recovery=1),
                "no_data": missed(CRITICAL),
                "summary": "PostgreSQL of {{ labels.instance }} does not answer",
                "description": "Look at its log, and whether its disk is full.",
            },
        ),
        Template(
            key="postgresql-connections",
            title=_("PostgreSQL has few connections left"),
            about=_("Of max_connections; who comes after the last is refused."),
            strategy={
                "expression": "100 * sum by (instance) (pg_stat_activity_count) / "
                "max by (instance) (pg_settings_max_connections)",
                "levels": above(warning=80, critical=95),
                "unit": "percent",
                **lasting(3),
                "summary": "PostgreSQL of {{ labels.instance }} has few connections left",
                "description": "select state, count(*) from pg_stat_activity group by 1; a pool "
                "in front of it helps.",
            },
        ),
        Template(
            key="postgresql-replication-lag",
            title=_("A standby of PostgreSQL lags behind"),
            about=_("What the primary has written and the standby has not got yet."),
            strategy={
                "expression": "max by (instance, application_name, client_addr) "
                "(pg_stat_replication_pg_wal_lsn_diff)",
                "levels": above(warning=256 * MIB, critical=2 * GIB),
                "unit": "bytes",
                **lasting(5),
                "no_data": missed(WARNING),
                "summary": "{{ labels.application_name }} lags behind {{ labels.instance }}",
                "description": "select * from pg_stat_replication; then the standby's log.",
            },
        ),
        Template(
            key="postgresql-deadlocks",
            title=_("Transactions deadlock in PostgreSQL"),
            about=_("Each of them ended with an error for somebody."),
            strategy={
                "expression": "sum by (instance, datname) (increase(pg_stat_database_deadlocks[10m]))",
                "levels": above(warning=0),
                "summary": "Transactions deadlock in {{ labels.datname }} of {{ labels.instance }}",
                "description": "The log of the server names the statements.",
            },
        ),
        Template(
            key="postgresql-cache",
            title=_("PostgreSQL reads from disk what should be in memory"),
            about=_(
                "The part of blocks that came from shared buffers; databases in which little is read are left alone."
            ),
            strategy={
                "expression": f"100 * sum by (instance, datname) ({HITS}) / "
                f"(sum by (instance, datname) ({HITS} + {READS}) > 100)",
                "levels": below(warning=90),
                "unit": "percent",
                **lasting(15),
                "summary": "{{ labels.datname }} of {{ labels.instance }} reads from disk",
                "description": "Look for a query without an index, then at shared_buffers.",
            },
        ),
        Template(
            key="postgresql-long-transaction",
            title=_("A transaction in PostgreSQL stays open"),
            about=_("It holds locks, and keeps vacuum from cleaning up."),
            strategy={
                "expression": "max by (instance, datname) (pg_stat_activity_max_tx_duration)",
                "levels": above(warning=1800, critical=4 * 3600),
                "unit": "seconds",
                "summary": "A transaction in {{ labels.datname }} of {{ labels.instance }} stays open",
                "description": "For {{ value | humanizeDuration }} by now. select pid, query from "
                "pg_stat_activity order by xact_start;",
            },
        ),
    ),
)

REDIS = Subject(
    key="redis",
    title=_("Redis"),
    sender="prometheus-redis-exporter",
    how=_("Run it beside Redis and add port 9121 as a scrape target."),
    templates=(
        Template(
            key="redis-down",
            title=_("Redis does not answer"),
            about=_("The exporter could not ask it twice in a row."),
            strategy={
                "expression": "min by (instance) (redis_up)",
                "levels": below(critical=1),
                **lasting(2, recovery=1),
                "no_data": missed(CRITICAL),
                "summary": "Redis of {{ labels.instance }} does not answer",
            },
        ),
        Template(
            key="redis-memory",
            title=_("Redis comes near its memory limit"),
            about=_("Of maxmemory, where one is set: then it evicts keys, or refuses to write."),
            strategy={
                "expression": "100 * redis_memory_used_bytes / (redis_memory_max_bytes > 0)",
                "levels": above(warning=85, critical=95),
                "unit": "percent",
                **lasting(3),
                "summary": "Redis of {{ labels.instance }} comes near its memory limit",
                "description": "redis-cli --bigkeys shows what takes it.",
            },
        ),
        Template(
            key="redis-rejected",
            title=_("Redis refuses connections"),
            about=_("More clients came than maxclients allows."),
            strategy={
                "expression": "increase(redis_rejected_connections_total[5m])",
                "levels": above(critical=0),
                "summary": "Redis of {{ labels.instance }} refuses connections",
                "description": "redis-cli client list shows who holds them.",
            },
        ),
        Template(
            key="redis-evictions",
            title=_("Redis evicts keys"),
            about=_("For want of memory. For a mere cache that is its work: switch this off there."),
            strategy={
                "expression": "increase(redis_evicted_keys_total[15m])",
                "levels": above(warning=0),
                "summary": "Redis of {{ labels.instance }} evicts keys",
            },
        ),
        Template(
            key="redis-replication",
            title=_("A replica of Redis has lost its primary"),
            about=_("What it answers grows older and older."),
            strategy={
                "expression": "min by (instance, master_host) (redis_master_link_up)",
                "levels": below(critical=1),
                **lasting(2, recovery=1),
                "summary": "The replica {{ labels.instance }} has lost its primary",
            },
        ),
        Template(
            key="redis-snapshot",
            title=_("Redis cannot save"),
            about=_("Its last snapshot failed; mostly a full disk, or no memory to fork."),
            strategy={
                "expression": "min by (instance) (redis_rdb_last_bgsave_status)",
                "levels": below(warning=1),
                "summary": "Redis of {{ labels.instance }} cannot save",
                "description": "Its log says why; since then it may refuse to write.",
            },
        ),
    ),
)  # fmt: skip
