-- Customers: an account dates from its first order, or from a sign-up without one.

insert into app.customers (id, shop_id, email, name, created_at, updated_at, redacted_at)
with active as (
    select
        customer_id,
        min(placed_at) as first_placed_at,
        max(placed_at) as last_placed_at
    from demo_order
    group by customer_id
),

numbered as (
    select
        customer_id,
        shop.id as shop_id,
        last_placed_at,
        coalesce(
            first_placed_at - (20 + pg_temp.draw(customer_id, 'checkout', 900)) * interval '1 second',
            %(horizon)s::timestamptz - pg_temp.chance(customer_id, 'sign-up') * %(days)s * interval '1 day'
        ) as created_at,
        (array[
            'Ada', 'Ben', 'Chloé', 'Dana', 'Emil', 'Fatima', 'Grace', 'Hiro', 'Ines', 'Jürgen', 'Kaya',
            'Liam', 'Maryam', 'Noor', 'Olga', 'Pedro', 'Quinn', 'Ravi', 'Saki', 'Tomás', 'Uma', 'Vera',
            'Wei', 'Zoë'
        ])[1 + pg_temp.draw(customer_id, 'first name', 24)] as first_name,
        (array[
            'Abbott', 'Baker', 'Costa', 'Dubois', 'Eriksen', 'Fischer', 'Garcia', 'Haddad', 'Ito', 'Jansen',
            'Khan', 'Lopez', 'Meyer', 'Nakamura', 'Okafor', 'Petrov', 'Quist', 'Rossi', 'Sato', 'Tanaka',
            'Ueda', 'Varga', 'Weber', 'Young'
        ])[1 + pg_temp.draw(customer_id, 'last name', 24)] as last_name
    from demo_shop as shop
    cross join generate_series(shop.first_customer, shop.first_customer + shop.customers - 1) as customer_id
    left join active using (customer_id)
),

redacted as (
    select
        *,
        case
            when pg_temp.chance(customer_id, 'redact') < 0.012
                then coalesce(last_placed_at, created_at) + interval '5 days'
                    + pg_temp.wait(customer_id, 'redact wait', 60) * interval '1 day'
        end as redacted_at
    from numbered
)

select
    customer_id,
    shop_id,
    -- Only every other redacted customer is blanked here: the reports have to mask the rest themselves.
    case
        when pg_temp.chance(customer_id, 'e-mail') >= 0.05
            and (redacted_at is null or redacted_at >= %(horizon)s or mod(customer_id, 2) = 0)
            then lower(last_name) || '.' || customer_id || '@customer.example'
    end,
    case
        when pg_temp.chance(customer_id, 'name') >= 0.04
            and (redacted_at is null or redacted_at >= %(horizon)s or mod(customer_id, 2) = 0)
            then first_name || ' ' || last_name
    end,
    created_at,
    greatest(created_at, case when redacted_at < %(horizon)s then redacted_at end),
    case when redacted_at < %(horizon)s then redacted_at end
from redacted
order by customer_id;
