{#-
    Labels each node of a graph with the smallest key of its connected
    component, in whole sets and without recursion (Spark has none).

    A round gives every node the smallest label among itself and its
    neighbours, then follows that label twice (pointer jumping), so a chain of n
    links needs about log2(n) rounds. The loop ends in the first round that
    changes nothing; a graph that is not settled after `most_rounds` is an
    error, never a wrong answer.

    Arguments: links (relation), left and right (columns of bigint keys).
    Returns the relation (node_key, component_key) of the last round; the
    working tables lie in the caller's schema until `drop_component_tables`.
-#}
{% macro connected_components(links, left, right, most_rounds=60) -%}
{%- set prefix = this.schema ~ '.' ~ this.identifier -%}
{%- if not execute or flags.WHICH not in ['run', 'build'] -%}
    (
        select {{ left }} as node_key, {{ left }} as component_key
        from {{ links }}
        where 1 = 0
    ) as unlabelled
{%- else -%}
    {%- set hops = prefix ~ '__hops' -%}
    {%- do drop_table(hops) -%}
    {%- do run_query(
        'create table ' ~ hops ~ ' as '
        ~ 'select distinct from_key, to_key from ('
        ~ 'select ' ~ left ~ ' as from_key, ' ~ right ~ ' as to_key from '
        ~ links ~ ' union all select ' ~ right ~ ', ' ~ left ~ ' from ' ~ links
        ~ ' union all select ' ~ left ~ ', ' ~ left ~ ' from ' ~ links
        ~ ' union all select ' ~ right ~ ', ' ~ right ~ ' from ' ~ links
        ~ ') as both_ways'
    ) -%}
    {%- set state = namespace(settled=false, current=prefix ~ '__labels_a',
                              next=prefix ~ '__labels_b') -%}
    {%- do drop_table(state.current) -%}
    {%- do run_query(
        'create table ' ~ state.current ~ ' as '
        ~ 'select from_key as node_key, min(to_key) as component_key from '
        ~ hops ~ ' group by from_key'
    ) -%}
    {%- for round in range(most_rounds) if not state.settled -%}
        {%- do drop_table(state.next) -%}
        {%- do run_query(
            'create table ' ~ state.next ~ ' as with widened as ('
            ~ 'select hops.from_key as node_key, '
            ~ 'min(labels.component_key) as component_key from ' ~ hops
            ~ ' as hops inner join ' ~ state.current ~ ' as labels '
            ~ 'on hops.to_key = labels.node_key group by hops.from_key), '
            ~ 'jumped as (select widened.node_key, targets.component_key '
            ~ 'from widened inner join widened as targets '
            ~ 'on widened.component_key = targets.node_key) '
            ~ 'select jumped.node_key, targets.component_key from jumped '
            ~ 'inner join jumped as targets '
            ~ 'on jumped.component_key = targets.node_key'
        ) -%}
        {%- set changed = run_query(
            'select count(*) from ' ~ state.current ~ ' as before '
            ~ 'inner join ' ~ state.next ~ ' as after '
            ~ 'on before.node_key = after.node_key '
            ~ 'where before.component_key <> after.component_key'
        ).columns[0].values()[0] -%}
        {%- if changed == 0 -%}
            {%- set state.settled = true -%}
        {%- else -%}
            {%- set swapped = state.current -%}
            {%- set state.current = state.next -%}
            {%- set state.next = swapped -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not state.settled -%}
        {{ exceptions.raise_compiler_error(
            'Identity links did not settle after ' ~ most_rounds
            ~ ' rounds; a component is longer than the macro '
            ~ 'connected_components allows (most_rounds).'
        ) }}
    {%- endif -%}
    {{ state.current }}
{%- endif -%}
{%- endmacro %}


{% macro drop_table(name) -%}
    {%- do run_query('drop table if exists ' ~ name) -%}
{%- endmacro %}


{#-
    Drops the working tables of `connected_components`; a post-hook. One
    statement each: Spark takes no two at once.
-#}
{% macro drop_component_tables() -%}
{%- if execute -%}
    {%- for suffix in ['hops', 'labels_a', 'labels_b'] -%}
        {%- do drop_table(
            this.schema ~ '.' ~ this.identifier ~ '__' ~ suffix
        ) -%}
    {%- endfor -%}
{%- endif -%}
{%- endmacro %}
