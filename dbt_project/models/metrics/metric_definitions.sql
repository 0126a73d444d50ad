{% for metric in metric_definitions() %}
select
    {{ loop.index }} as position,
    {{ text_literal(metric.name) }} as metric,
    {{ text_literal(metric.kind) }} as kind,
    {{ text_literal(metric.unit) }} as unit,
    {{ text_literal(metric.description) }} as description,
    {{ text_literal(metric.formula) }} as formula,
    {{ text_literal(metric.date_rule) }} as date_rule,
    {{ text_literal(metric.currency_rule) }} as currency_rule,
    {{ text_literal(metric.adds_over | join(',')) }} as adds_over,
    {{ text_literal(metric.numerator) }} as numerator,
    {{ text_literal(metric.denominator | join('+')) }} as denominator,
    {{ text_literal(metric.entity) }} as entity,
    {{ text_literal(metric.day) }} as day
{{ 'union all' if not loop.last }}
{% else %}
select
    0 as position,
    '' as metric
{% endfor %}
