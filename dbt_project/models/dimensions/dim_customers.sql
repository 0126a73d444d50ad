with

customers as (

    select * from {{ ref('stg_preorders__customers') }}

)

select
    shop_id,
    customer_id,

    email,
    customer_name
from customers
