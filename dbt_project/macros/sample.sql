{# A condition that an order is built: all are in what is served, elsewhere a share of them, the same ones each time
   (`--vars 'sample_percent: 100'`). Whole orders with their lines, payments and refunds, so that every identity
   holds on the sample. A share that shrinks is found by the next build: see orders_changed. #}
{% macro in_sample(order_id) -%}
{%- set percent = var('sample_percent', 100 if target.name == 'served' else 10) | float -%}
{%- if not 0 < percent <= 100 -%}
    {%- do exceptions.raise_compiler_error('sample_percent must be above 0, up to 100; it is ' ~ percent) -%}
{%- elif percent < 100 and target.name == 'served' -%}
    {%- do exceptions.raise_compiler_error('what is served holds every order: build a sample with --target dev') -%}
{%- endif -%}
{{ 'true' if percent == 100 else "('x' || left(md5(" ~ order_id ~ "::text), 7))::bit(28)::int % 10000 < " ~ (100 * percent) | int }}
{%- endmacro %}
