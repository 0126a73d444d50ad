-- Shops, markets, products and variants. All of it is older than the first order.

insert into app.shops
    (id, name, domain, currency, reporting_currencies, timezone, created_at, updated_at)
select
    id,
    name,
    domain,
    currency,
    reporting_currencies,
    timezone,
    %(first_day)s::timestamp - interval '40 days' - number * interval '31 hours',
    %(first_day)s::timestamp - interval '20 days' - number * interval '7 hours'
from demo_shop
order by number;

insert into app.markets (id, shop_id, name, updated_at)
select
    (shop.number - 1) * 3 + place,
    shop.id,
    market,
    %(first_day)s::timestamp - interval '19 days'
from demo_shop as shop
cross join unnest(array['Domestic', 'Neighbours', 'International'])
    with ordinality as markets (market, place)
order by shop.number, place;

-- 8 products of 3 variants a shop. Which products comes from the shop's number, so that shops differ.
-- A quotation mark, a comma and an umlaut are in the titles for the sake of the CSV exports.
create temp table demo_product on commit drop as
with titles as (
    select array[
        'Trail tent', 'Down quilt', 'Alpine pack 45 l', 'Titanium stove', 'Merino base layer', 'Rain shell',
        '27" monitor arm', 'Split keyboard', 'Field camera', 'Espresso machine', 'Gravel bike, steel frame',
        'Tea bowl', 'Arcade stick', 'Bookshelf speakers', 'Spotting scope', 'Küchenlampe'
    ] as every_title
)

select
    (shop.number - 1) * 8 + place as id,
    shop.number as shop_number,
    every_title[1 + mod(shop.number * 5 + place * 3, 16)] as title,
    40 + pg_temp.draw((shop.number - 1) * 8 + place, 'base price', 36) * 10 as base_price
from demo_shop as shop
cross join titles
cross join generate_series(1, 8) as place;

insert into app.products (id, shop_id, title, updated_at)
select
    product.id,
    shop.id,
    product.title,
    %(first_day)s::timestamp - pg_temp.chance(product.id, 'product') * interval '15 days'
from demo_product as product
inner join demo_shop as shop on product.shop_number = shop.number
order by product.id;

create temp table demo_variant on commit drop as
select
    (product.id - 1) * 3 + place as id,
    product.id as product_id,
    product.shop_number,
    (array['Small', 'Medium', 'Large'])[place] as title,
    -- One variant in eleven has no sku, as in shops that sell without a stock system.
    case
        when mod((product.id - 1) * 3 + place, 11) <> 4
            then upper(left(product.title, 3)) || '-' || product.id || '-' || (array['S', 'M', 'L'])[place]
    end as sku,
    greatest(
        round(product.base_price * (0.85 + 0.15 * place) * shop.price_factor / shop.price_step), 1
    )::bigint * shop.price_step - shop.charm as price_minor
from demo_product as product
inner join demo_shop as shop on product.shop_number = shop.number
cross join generate_series(1, 3) as place;

insert into app.variants (id, shop_id, product_id, title, sku, updated_at)
select
    variant.id,
    shop.id,
    variant.product_id,
    variant.title,
    variant.sku,
    %(first_day)s::timestamp - pg_temp.chance(variant.id, 'variant') * interval '12 days'
from demo_variant as variant
inner join demo_shop as shop on variant.shop_number = shop.number
order by variant.id;
