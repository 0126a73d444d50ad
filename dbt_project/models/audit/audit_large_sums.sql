-- Months of shops in which some sum could leave the integers: no sum of any of their rows is larger than that of all
-- absolute amounts. Amounts that are not large are each taken for the largest of these.
with

ledger as (

    select * from {{ ref('fct_ledger') }}

),

months as (

    select * from {{ ref('rollup_shops_monthly') }}

),

large_amounts as (

    select
        ledger.shop_id,
        ledger.currency,
        {{ period_start('month', 'ledger.entry_on') }} as starts_on,
        amounts.metric,
        sum(abs(amounts.amount_minor)) as magnitude_minor
    from ledger
    cross join
        lateral (
            values
            {%- for column in money_columns() %}
            ('{{ column }}', ledger.{{ column }}){{ ',' if not loop.last }}
            {%- endfor %}
        ) as amounts (metric, amount_minor)
    where {{ has_large_amount() }}
    group by 1, 2, 3, 4

),

bounds as (

    select
        large_amounts.shop_id,
        large_amounts.currency,
        large_amounts.starts_on as day,
        large_amounts.metric,
        large_amounts.magnitude_minor + {{ large_amount() }} * months.entries::numeric as magnitude_minor
    from large_amounts
    inner join
        months
        on
            large_amounts.shop_id = months.shop_id
            and large_amounts.currency = months.currency
            and large_amounts.starts_on = months.starts_on

)

select *
from bounds
where magnitude_minor >= {{ largest_sum() }}
