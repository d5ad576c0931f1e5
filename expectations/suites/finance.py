"""Finance's tables: does every accepted lead stand in them, once?

That every cent of spend does is the dbt test assert_spend_ties_out.
"""

from expectations.checks import OF_MODELS, Suite, no_rows, of_each_person

WEIGHTS = "marts.fct_attributed_acceptances"
MART = "marts.mart_spend_per_sal"

OF_EACH_PERSON = of_each_person(
    no_rows(
        "every_acceptance_is_attributed",
        WEIGHTS,
        """
            with
            models as (
                select attribution_model
                from {definition}.def_attribution_models
            ),

            accepted as (
                select lifecycle_id
                from {marts}.fct_lead_lifecycles
                where accepted_at is not null
            ),

            wanted as (select * from accepted, models)

            select wanted.*
            from wanted
            left join {table} as attributed
                on
                    wanted.lifecycle_id = attributed.lifecycle_id
                    and wanted.attribution_model = attributed.attribution_model
            where attributed.lifecycle_id is null
            """,
        "An acceptance that nobody was given would make the others dearer.",
    ),
)

FACTS = Suite(
    "finance_facts",
    "Finance's facts: spend and attribution",
    (*OF_EACH_PERSON,),
    OF_MODELS,
)

SUITE = Suite(
    "finance",
    "Finance's marts and the tie-out",
    (
        no_rows(
            "mart_holds_every_accepted_lead",
            MART,
            """
            with
            accepted as (
                select count(*) as leads
                from {marts}.fct_lead_lifecycles
                where accepted_at is not null
            ),

            summed as (
                select attribution_model, sum(attributed_sals) as sals
                from {table}
                group by attribution_model
            )

            select summed.*, accepted.leads
            from summed
            cross join accepted
            where summed.sals <> accepted.leads
            """,
            "The attributed leads of all rows are the accepted leads.",
        ),
    ),
    OF_MODELS,
)
