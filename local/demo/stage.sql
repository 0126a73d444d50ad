-- What the other files draw from. Every draw is a hash of a row's number, a topic and the seed:
-- random() would depend on the order in which the server happens to visit rows.

-- Interval arithmetic on timestamptz follows the session's timezone: fixed, or days of 23 hours leak in.
set local timezone = 'UTC';
set local work_mem = '256MB';
set local synchronous_commit = off;
-- Compiling takes longer here than it saves.
set local jit = off;

-- A number in [0, 1). Inlined by the planner, which then folds the topic's hash into a constant:
-- keep it a single immutable expression.
create or replace function pg_temp.chance(number bigint, topic text) returns float8
language sql immutable parallel safe
return (
    (hashint8extended(number, hashtextextended(topic, (%(seed)s)::bigint)) >> 11) & 9007199254740991
)::float8 / 9007199254740992;

-- A whole number in [0, choices).
create or replace function pg_temp.draw(number bigint, topic text, choices int) returns int
language sql immutable parallel safe
return floor(pg_temp.chance(number, topic) * choices)::int;

-- A waiting time, exponentially distributed, in the unit of its mean.
create or replace function pg_temp.wait(number bigint, topic text, mean float8) returns float8
language sql immutable parallel safe
return -mean * ln(1 - pg_temp.chance(number, topic));

create temp table demo_shop (
    number int primary key,
    id uuid not null,
    name text not null,
    domain text not null,
    currency text not null,
    reporting_currencies text[] not null,
    timezone text not null,
    unit numeric not null,
    price_factor int not null,
    price_step int not null,
    charm int not null,
    fixed_deposit int not null,
    orders int not null,
    first_slot int not null,
    customers int not null,
    first_customer int not null,
    offer_thresholds float8[]
) on commit drop;
