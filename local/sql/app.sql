-- The preorder application's tables, as the pipeline reads them (docs/source.md).
-- In production they are the application's own; here the local stack and the tests create them.
-- Timestamps are timestamptz; money is numeric in major units of the order's currency.

create table app.shops (
    id uuid primary key,
    name text not null,
    domain text not null unique,
    currency char(3) not null,
    reporting_currencies text[] not null default '{}',
    timezone text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table app.markets (
    id bigint primary key,
    shop_id uuid not null,
    name text not null,
    updated_at timestamptz not null default now()
);

create table app.products (
    id bigint primary key,
    shop_id uuid not null,
    title text not null,
    updated_at timestamptz not null default now()
);

create table app.variants (
    id bigint primary key,
    shop_id uuid not null,
    product_id bigint not null,
    title text not null,
    sku text,
    updated_at timestamptz not null default now()
);

create table app.customers (
    id bigint primary key,
    shop_id uuid not null,
    email text,
    name text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    redacted_at timestamptz
);

create table app.offers (
    id uuid primary key,
    shop_id uuid not null,
    name text not null,
    status text not null,
    discarded_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table app.offer_variants (
    offer_id uuid not null,
    variant_id bigint not null,
    shop_id uuid not null,
    attached_at timestamptz not null,
    detached_at timestamptz,
    updated_at timestamptz not null default now(),
    primary key (offer_id, variant_id)
);

create table app.orders (
    id bigint primary key,
    shop_id uuid not null,
    name text not null,
    customer_id bigint,
    market_id bigint,
    currency char(3) not null,
    test boolean not null default false,
    placed_at timestamptz not null,
    cancelled_at timestamptz,
    cancel_reason text,
    deleted_at timestamptz,
    updated_at timestamptz not null default now()
);

create table app.order_lines (
    id bigint primary key,
    shop_id uuid not null,
    order_id bigint not null,
    offer_id uuid not null,
    product_id bigint not null,
    variant_id bigint not null,
    quantity int not null check (quantity > 0),
    total numeric not null,
    deposit numeric not null,
    balance numeric not null,
    balance_due_on date,
    updated_at timestamptz not null default now(),
    check (total = deposit + balance)
);

create table app.payments (
    id bigint primary key,
    shop_id uuid not null,
    order_id bigint not null,
    order_line_id bigint not null,
    portion text not null check (portion in ('deposit', 'balance')),
    status text not null check (status in ('pending', 'succeeded', 'failed')),
    amount numeric not null,
    processed_at timestamptz,
    updated_at timestamptz not null default now()
);

create table app.refunds (
    id bigint primary key,
    shop_id uuid not null,
    order_id bigint not null,
    order_line_id bigint not null,
    amount numeric not null,
    refunded_at timestamptz not null,
    updated_at timestamptz not null default now()
);

create table app.fx_rates (
    rate_date date not null,
    currency char(3) not null,
    per_eur numeric not null,
    updated_at timestamptz not null default now(),
    primary key (rate_date, currency)
);

-- What an incremental build looks up: rows changed since an instant, and the rows of one order or line.
create index on app.orders (updated_at);
create index on app.order_lines (updated_at);
create index on app.order_lines (order_id);
create index on app.payments (updated_at);
create index on app.payments (order_line_id);
create index on app.refunds (updated_at);
create index on app.refunds (order_line_id);
create index on app.fx_rates (updated_at);
