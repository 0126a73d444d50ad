-- Taken before any source row is read: what committed earlier is in this build. A transaction that is
-- open now may commit rows later with an updated_at from its beginning, so the next build looks for
-- changes from the oldest such beginning on. now(), not clock_timestamp(): it is before the look at the others.
-- When a prepared transaction began is not to be seen, but it was not before the last mark.
select
    '{{ invocation_id }}' as invocation_id,

    now() as as_of,
    least(
        now() - interval '{{ var("clock_skew") }}',
        (
            select min(activity.xact_start) - interval '{{ var("clock_skew") }}'
            from pg_stat_activity as activity
            where activity.datname = current_database() and activity.pid <> pg_backend_pid()
        ),
        (
            select {{ low_water_mark() }}
            where exists (
                select from pg_prepared_xacts as prepared
                where prepared.database = current_database()
            )
        )
    ) as low_water_at
