-- Export jobs: one row an export, from its request until 24 hours after its end.

create table service.export_jobs (
    job_id text primary key check (job_id ~ '^exp_[0-9a-f]{16}$'),
    shop_id uuid not null,
    report text not null,
    -- as asked, to compare a repeated request with; and with the defaults of that moment, to answer from
    request jsonb not null,
    parameters jsonb not null,
    file_format text not null,
    file_name text not null,
    idempotency_key text,
    created_at timestamptz not null default now(),

    status text not null default 'queued' check (status in ('queued', 'running', 'ready', 'failed', 'cancelled')),
    progress smallint not null default 0 check (progress between 0 and 100),
    finished_at timestamptz,
    error text,

    -- how many Dagster runs before the present one came to nothing; the run's tag tells the same number
    launches smallint not null default 0,
    -- The live attempt, which alone may write, until its lease ends, and the run that makes it. The token is kept
    -- after the job's end until nothing of the attempt is left in the object store.
    attempts smallint not null default 0,
    attempt_token uuid,
    leased_until timestamptz,
    run_id text,

    object_key text,
    build_id bigint,
    row_count bigint,
    size_bytes bigint,
    sha256 text,

    check ((finished_at is not null) = (status in ('ready', 'failed', 'cancelled'))),
    check ((status = 'failed') = (error is not null)),
    check ((status = 'ready') = (num_nulls(object_key, build_id, row_count, size_bytes, sha256) = 0))
);

create unique index on service.export_jobs (shop_id, idempotency_key) where idempotency_key is not null;
create index on service.export_jobs (shop_id, created_at desc);
create index on service.export_jobs (created_at) where finished_at is null or attempt_token is not null;
create index on service.export_jobs (finished_at);

alter table service.export_jobs enable row level security;
create policy tenant on service.export_jobs to preorders_api
    using (shop_id = current_setting('preorders.shop_id')::uuid);
create policy every_shop on service.export_jobs to preorders_exports using (true);

grant select, insert, update on service.export_jobs to preorders_api;
grant select, update, delete on service.export_jobs to preorders_exports;
grant select on service.heartbeat to preorders_exports;
