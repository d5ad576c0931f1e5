-- Without a version in force no row would be read, and every count would be
-- zero: a run that names a version nobody defined, or a definition folder
-- without any version.
select 'no funnel version is in force' as problem
from (
    select count(*) as versions
    from {{ ref('int_funnel_versions__in_force') }}
) as counted
where versions = 0
