-- API keys (a hash only), each shop's rate limit, and the heartbeat that shows the replica's age.

create table service.api_keys (
    api_key_id bigint generated always as identity primary key,
    shop_id uuid not null,
    key_hash bytea not null unique,
    hint text not null,
    scopes text[] not null default '{read,export}',
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz
);

create index on service.api_keys (shop_id);

create table service.rate_limits (
    shop_id uuid primary key,
    points_per_minute int not null check (points_per_minute > 0)
);

create table service.heartbeat (
    singleton boolean primary key default true check (singleton),
    beat_at timestamptz not null
);

insert into service.heartbeat (beat_at) values (now());

grant select on service.api_keys, service.rate_limits, service.heartbeat to preorders_api;
grant update (beat_at) on service.heartbeat to preorders_api;
