-- What every answer says about its numbers. The published tables themselves are made after their models.
create table if not exists reports.builds (
    build_id bigint generated always as identity primary key,
    as_of timestamptz not null,
    built_at timestamptz not null
);

create table if not exists reports.shop_builds (
    shop_id uuid primary key,
    build_id bigint not null references reports.builds (build_id),
    as_of timestamptz not null,
    built_at timestamptz not null,
    reconciled_at timestamptz
);

-- The last of the ledger's changes that each shop shows.
create table if not exists reports.shop_changes (
    shop_id uuid primary key,
    change_id bigint not null
);

-- Shops that stay on their last good build, and since when.
create table if not exists reports.shops_held_back (
    shop_id uuid primary key,
    held_since timestamptz not null default now()
);
