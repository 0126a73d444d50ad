{# An amount in major units as minor units. Null for what is no amount of money (NaN, or so large that sums of it leave
   the integers), which the audits report: an error here would stop the build of all shops. #}
{% macro minor_units(amount, minor_per_major) -%}
case
    when abs({{ amount }}) < {{ largest_sum() }} and abs({{ amount }} * {{ minor_per_major }}) < {{ largest_sum() }}
        then ({{ amount }} * {{ minor_per_major }})::bigint
end
{%- endmacro %}

{# An amount in the order's currency, in minor units, as minor units of the answer's currency: exactly
   amount x per_eur(target) / per_eur(source), rounded half up once. The quotient is never rounded before:
   div() of integers cuts off exactly, numeric division doesn't; and sign() of a bigint would be a double, which
   knows 53 bits. Null if a needed rate is missing, and where the result leaves the integers as above. #}
{% macro convert_minor(amount) -%}
case
    when order_currency = currency or {{ amount }} = 0 then {{ amount }}
    when
        abs({{ amount }})::numeric * minor_per_major * target_per_eur
        < {{ largest_sum() }}::numeric * order_minor_per_major * source_per_eur
        then (sign({{ amount }}::numeric) * div(
            2 * abs({{ amount }})::numeric * minor_per_major * target_per_eur + order_minor_per_major * source_per_eur,
            2 * order_minor_per_major * source_per_eur
        ))::bigint
end
{%- endmacro %}
