-- What became of the people whose numbers of a closed period changed. Whose
-- records are whose is compared record by record, since a merge may give a
-- person another key.
with closes as (

    select * from {{ source('closings', 'closes') }}
    where reopened_at is null

),

changed as (

    select * from {{ ref('int_restatements__leads_compared') }}

),

frozen_people as (

    select people.*
    from {{ source('closings', 'people') }} as people
    inner join closes
        on
            people.fiscal_period_id = closes.fiscal_period_id
            and people.close_no = closes.close_no

),

current_people as (

    select * from {{ ref('int_restatements__records') }}

),

records_paired as (

    select
        frozen_people.fiscal_period_id,
        frozen_people.close_no,
        frozen_people.person_id as frozen_person_id,
        current_people.person_id as current_person_id
    from frozen_people
    left join current_people
        on frozen_people.record = current_people.record

),

-- Who is asked about: whose numbers changed, and who has their records now.
people_changed as (

    select distinct
        fiscal_period_id,
        close_no,
        person_id
    from changed

),

people_asked as (

    select
        fiscal_period_id,
        close_no,
        person_id
    from people_changed

    union distinct

    select
        records_paired.fiscal_period_id,
        records_paired.close_no,
        records_paired.current_person_id as person_id
    from records_paired
    inner join people_changed
        on
            records_paired.fiscal_period_id = people_changed.fiscal_period_id
            and records_paired.close_no = people_changed.close_no
            and records_paired.frozen_person_id = people_changed.person_id
    where records_paired.current_person_id is not null

),

current_counts as (

    select
        records_paired.fiscal_period_id,
        records_paired.close_no,
        records_paired.current_person_id,
        count(distinct records_paired.frozen_person_id) as frozen_people
    from records_paired
    inner join people_asked
        on
            records_paired.fiscal_period_id = people_asked.fiscal_period_id
            and records_paired.close_no = people_asked.close_no
            and records_paired.current_person_id = people_asked.person_id
    group by 1, 2, 3

),

frozen_counts as (

    select
        records_paired.fiscal_period_id,
        records_paired.close_no,
        records_paired.frozen_person_id,
        count(distinct records_paired.current_person_id) as current_people,
        coalesce(max(current_counts.frozen_people), 0) as joined_people
    from records_paired
    inner join people_changed
        on
            records_paired.fiscal_period_id = people_changed.fiscal_period_id
            and records_paired.close_no = people_changed.close_no
            and records_paired.frozen_person_id = people_changed.person_id
    left join current_counts
        on
            records_paired.fiscal_period_id = current_counts.fiscal_period_id
            and records_paired.close_no = current_counts.close_no
            and records_paired.current_person_id
            = current_counts.current_person_id
    group by 1, 2, 3

),

final as (

    select
        people_changed.fiscal_period_id,
        people_changed.close_no,
        people_changed.person_id,
        case
            when frozen_counts.current_people = 0 then 'erasure'
            when
                frozen_counts.current_people > 1
                or frozen_counts.joined_people > 1
                or current_counts.frozen_people > 1
                then 'merge'
            when
                frozen_counts.frozen_person_id is null
                and current_counts.current_person_id is null
                then 'late_data'
        end as cause
    from people_changed
    left join frozen_counts
        on
            people_changed.fiscal_period_id = frozen_counts.fiscal_period_id
            and people_changed.close_no = frozen_counts.close_no
            and people_changed.person_id = frozen_counts.frozen_person_id
    left join current_counts
        on
            people_changed.fiscal_period_id = current_counts.fiscal_period_id
            and people_changed.close_no = current_counts.close_no
            and people_changed.person_id = current_counts.current_person_id

)

select * from final
