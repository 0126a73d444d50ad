-- depends_on: {{ ref('int_orders_changed') }}
-- depends_on: {{ ref('int_build_snapshot') }}
-- depends_on: {{ ref('int_shops_frozen') }}
-- depends_on: {{ ref('int_source_events') }}
-- depends_on: {{ ref('stg_preorders__currencies') }}
{{
    config(
        materialized='incremental',
        incremental_strategy='record_differences',
        on_schema_change='fail',
        contract={'enforced': true},
        pre_hook="{{ begin_ledger() }}",
        post_hook="{{ end_ledger() }}",
        indexes=[
            {'columns': ['entry_id', 'entry', 'order_line_id', 'currency'], 'unique': true},
            {'columns': ['order_id']},
        ],
    )
}}

with

entries as (

    select * from {{ ref('int_line_entries') }}

),

shop_currencies as (

    select * from {{ ref('int_shop_currencies') }}

),

rates as (

    select * from {{ ref('int_fx_rates_daily') }}

),

entries_rated as (

    select
        entries.*,
        shop_currencies.currency,
        shop_currencies.minor_per_major,
        case when entries.order_currency = 'EUR' then 1 else source_rates.per_eur end as source_per_eur,
        case when shop_currencies.currency = 'EUR' then 1 else target_rates.per_eur end as target_per_eur
    from entries
    inner join shop_currencies on entries.shop_id = shop_currencies.shop_id
    left join
        rates as source_rates
        on
            entries.order_currency = source_rates.currency
            and entries.rate_on = source_rates.day
            and entries.order_currency <> shop_currencies.currency
    left join
        rates as target_rates
        on
            shop_currencies.currency = target_rates.currency
            and entries.rate_on = target_rates.day
            and entries.order_currency <> shop_currencies.currency

),

entries_converted as (

    select
        *,
        {{ convert_minor('amount_minor') }} as amount_converted,
        {{ convert_minor('total_minor') }} as total_converted,
        {{ convert_minor('deposit_minor') }} as deposit_converted,
        {{ convert_minor('paid_before_minor') }} as paid_before_converted,
        {{ convert_minor('paid_after_minor') }} as paid_after_converted
    from entries_rated

),

balances_converted as (

    select
        *,
        -- the difference, so that deposit and balance always add up to the total; where one of the two leaves the
        -- integers, the other is no number either
        case when total_minor = 0 then 0 else total_converted + 0 * deposit_converted end as revenue_converted,
        case when deposit_minor = 0 then 0 else deposit_converted + 0 * total_converted end as deposited_converted,
        case when balance_minor = 0 then 0 else total_converted - deposit_converted end as balance_converted
    from entries_converted

),

balances_relieved as (

    select
        *,
        case
            when paid_before_minor >= balance_minor then balance_converted
            -- a sum, not least(): that would skip a null and guess
            when paid_before_converted > balance_converted then balance_converted
            else paid_before_converted + 0 * balance_converted
        end as relieved_before,
        case
            when paid_after_minor >= balance_minor then balance_converted
            when paid_after_converted > balance_converted then balance_converted
            else paid_after_converted + 0 * balance_converted
        end as relieved_after
    from balances_converted

)

select
    shop_id,
    order_id,
    order_line_id,
    offer_id,
    product_id,
    variant_id,
    market_id,
    customer_id,
    entry_id,

    entry,
    currency,
    order_currency,
    cancel_reason,

    case when entry = 'placed' then quantity else 0 end as units,
    case when entry = 'placed' then revenue_converted else 0 end as revenue_minor,
    case when entry = 'placed' then deposited_converted else 0 end as deposit_revenue_minor,
    case when entry = 'placed' then balance_converted else 0 end as balance_revenue_minor,
    case when entry = 'deposit_collected' then amount_converted else 0 end as deposits_collected_minor,
    case when entry = 'balance_collected' then amount_converted else 0 end as balances_collected_minor,
    case when entry = 'balance_collected' then 1 else 0 end as balances_collected_count,
    case when entry = 'balance_failed' then 1 else 0 end as balances_failed,
    case when entry = 'balance_failed' then amount_converted else 0 end as balances_failed_amount_minor,
    case when entry = 'cancelled' then quantity else 0 end as cancelled_units,
    case when entry = 'cancelled' then total_converted else 0 end as cancelled_revenue_minor,
    case when entry = 'refunded' then amount_converted else 0 end as refunds_issued_minor,
    case when entry = 'refunded' then 1 else 0 end as refunds_count,
    case entry
        -- a line whose deposit is more than its total owes nothing
        when 'placed' then case when balance_minor > 0 then balance_converted else 0 end
        when 'balance_relieved' then relieved_before - relieved_after
        when 'balance_voided' then relieved_before - balance_converted
        else 0
    end as balances_outstanding_minor,
    case entry
        when 'placed' then (balance_minor > 0)::int
        when 'balance_relieved' then (paid_after_minor < balance_minor)::int - (paid_before_minor < balance_minor)::int
        when 'balance_voided' then -1
        else 0
    end as lines_outstanding,
    is_event::int as events,
    amount_minor as order_amount_minor,

    occurred_at,
    entry_on,
    rate_on,
    balance_due_on
from balances_relieved
