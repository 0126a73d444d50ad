-- Taken before any source row is read: what committed earlier is in this build. A transaction that is
-- open now may commit rows later with an updated_at from its beginning, so the next build looks for
-- changes from the oldest such beginning on.
select
    clock_timestamp() as as_of,
    least(
        clock_timestamp(),
        (
            select min(activity.xact_start)
            from pg_stat_activity as activity
            where activity.datname = current_database() and activity.pid <> pg_backend_pid()
        ),
        (
            select min(prepared.prepared)
            from pg_prepared_xacts as prepared
            where prepared.database = current_database()
        )
    ) - interval '{{ var("clock_skew") }}' as low_water_at
