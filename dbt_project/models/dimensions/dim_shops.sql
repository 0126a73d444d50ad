with

shops as (

    select * from {{ ref('int_shops_frozen') }}

)

select
    shop_id,

    shop_name,
    currency,
    timezone,
    {{ day_timezone('timezone') }} as day_timezone
from shops
