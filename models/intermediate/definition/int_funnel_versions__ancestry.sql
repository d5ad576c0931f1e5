{%- set generations = range(1, most_versions_of_a_line() + 1) -%}

with versions as (

    select * from {{ ref('def_funnel_versions') }}

),

generation_0 as (

    select
        version,
        version as ancestor,
        0 as depth,
        based_on
    from versions

),

{% for generation in generations -%}
generation_{{ generation }} as (

    select
        descendants.version,
        versions.version as ancestor,
        {{ generation }} as depth,
        versions.based_on
    from generation_{{ generation - 1 }} as descendants
    inner join versions
        on descendants.based_on = versions.version

),

{% endfor -%}
united as (

    select
        version,
        ancestor,
        depth
    from generation_0
    {%- for generation in generations %}
    union all
    select
        version,
        ancestor,
        depth
    from generation_{{ generation }}
    {%- endfor %}

)

select * from united
