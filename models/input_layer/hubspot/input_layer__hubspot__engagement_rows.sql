-- What each table tells of an engagement: its own, and the table of all.
-- A table: a view would be worked out anew wherever it is named.
{{ config(materialized='table') }}

select *
from {{ surviving_rows(
    [
        ref('stg_hubspot__engagements'),
        ref('stg_hubspot__calls'),
        ref('stg_hubspot__emails'),
        ref('stg_hubspot__meetings'),
        ref('stg_hubspot__tasks'),
        ref('stg_hubspot__communications'),
    ],
    whole=true
) }}
