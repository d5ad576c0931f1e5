-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
-- One row per reading that breaks a rule by what its raw row says, with all
-- that the rules look at. These are few, so only here is looked up what the
-- narrow verdict of a reading does not keep.
{%- set judged_readings = [
    {
        'judged': 'int_records__first_values',
        'said': 'input_layer__records',
        'reading': "'record'",
        'instant': 'judged.observed_at',
        'text': 'said.created_at_text',
        'is_read': 'true',
    },
    {
        'judged': 'int_observations__judged',
        'said': 'input_layer__observations',
        'reading': "'change'",
        'instant': 'judged.observed_at',
        'text': 'said.observed_at_text',
        'is_read': 'judged.is_read',
    },
    {
        'judged': 'int_activities__judged',
        'said': 'input_layer__activities',
        'reading': "'activity'",
        'instant': 'judged.occurred_at',
        'text': 'said.occurred_at_text',
        'is_read': 'judged.is_read',
    },
    {
        'judged': 'int_touches__judged',
        'said': 'input_layer__touches',
        'reading': "'touch'",
        'instant': 'judged.touched_at',
        'text': 'said.touched_at_text',
        'is_read': 'judged.is_read',
    },
    {
        'judged': 'int_opportunities__judged',
        'said': 'input_layer__opportunities',
        'reading': 'judged.reading',
        'instant': 'judged.occurred_at',
        'text': "case when judged.reading = 'created' "
            ~ "then said.created_at_text else said.closed_at_text end",
        'is_read': 'judged.is_read',
    },
] %}

with people as (

    select
        record_key,
        first_created_at
    from {{ ref('int_people__keys') }}

),

{%- for read in judged_readings %}

{{ read.said }}_unusable as (

    select
        said.source,
        said.source_table,
        said.source_key,
        judged.row_key,
        judged.record_key,
        judged.person_key,
        {{ read.reading }} as reading,
        said.record_id,
        {{ read.text }} as instant_text,
        {{ read.instant }} as instant,
        people.first_created_at,
        said.loaded_at,
        said.is_key_missing
    from {{ ref(read.judged) }} as judged
    inner join {{ ref(read.said) }} as said
        on judged.row_key = said.row_key
    left join people
        on judged.record_key = people.record_key
    where
        judged.is_key_missing
        or ({{ read.is_read }} and not judged.is_usable)

),
{%- endfor %}

unusable as (

{%- for read in judged_readings %}

    select * from {{ read.said }}_unusable

    union all
{%- endfor %}

    -- A merge or a deletion of records that nobody lists is of no person.
    select
        source,
        source_table,
        source_key,
        row_key,
        record_key,
        cast(null as bigint) as person_key,
        'link' as reading,
        left_record_id as record_id,
        cast(null as {{ dbt.type_string() }}) as instant_text,
        loaded_at as instant,
        first_created_at,
        loaded_at,
        is_key_missing
    from {{ ref('int_links__judged') }}
    where not is_usable

)

select * from unusable
