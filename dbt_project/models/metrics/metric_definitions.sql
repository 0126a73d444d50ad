{% for metric in metric_definitions() %}
select
    {{ loop.index }} as position,
    '{{ metric.name }}' as metric,
    '{{ metric.kind }}' as kind,
    '{{ metric.unit }}' as unit,
    '{{ metric.description | replace("'", "''") }}' as description,
    '{{ metric.adds_over | join(",") }}' as adds_over,
    {{ "'" ~ metric.numerator ~ "'" if metric.numerator else 'null::text' }} as numerator,
    '{{ metric.denominator | join("+") }}' as denominator,
    {{ "'" ~ metric.entity ~ "'" if metric.entity else 'null::text' }} as entity,
    {{ "'" ~ metric.day ~ "'" if metric.day else 'null::text' }} as day
{{ 'union all' if not loop.last }}
{% else %}
select
    0 as position,
    '' as metric
{% endfor %}
