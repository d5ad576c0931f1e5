"""Finance's tables: is every cent that was spent borne by somebody, once?"""

from expectations.checks import Suite, never, no_rows, of_each_person, one_of

SPEND = "marts.fct_spend"
SHARES = "marts.fct_spend_shares"
WEIGHTS = "marts.fct_attributed_acceptances"
MART = "marts.mart_spend_per_sal"

OF_EACH_PERSON = of_each_person(
    no_rows(
        "weights_make_one",
        WEIGHTS,
        """
            select lifecycle_id, attribution_model, sum(weight) as weight
            from {batch}
            group by lifecycle_id, attribution_model
            having sum(weight) <> 1
            """,
        "Each accepted lead counts exactly once under every model.",
    ),
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
            left join {batch} as attributed
                on
                    wanted.lifecycle_id = attributed.lifecycle_id
                    and wanted.attribution_model = attributed.attribution_model
            where attributed.lifecycle_id is null
            """,
        "An acceptance that nobody was given would make the others dearer.",
    ),
    never(
        "no_touch_after_acceptance",
        WEIGHTS,
        "touched_at > accepted_at or weight <= 0 or weight > 1",
        "What came after the acceptance did not bring it about.",
    ),
)

FACTS = Suite(
    "finance_facts",
    "Finance's facts: spend and attribution",
    (
        *OF_EACH_PERSON,
        never(
            "spend_is_converted",
            SPEND,
            "abs(amount_reporting - amount * rate) > 0.0051",
            "Every line stands in the reporting currency, at the rate of its day.",
        ),
    ),
)

SUITE = Suite(
    "finance",
    "Finance's marts and the tie-out",
    (
        no_rows(
            "spend_ties_out",
            SHARES,
            """
            with
            lines as (
                select source, currency, fiscal_period_id, sum(amount) as amount
                from {marts}.fct_spend
                group by source, currency, fiscal_period_id
            ),

            models as (
                select attribution_model
                from {definition}.def_attribution_models
            ),

            told as (select lines.*, models.attribution_model from lines, models),

            borne as (
                select
                    source, currency, fiscal_period_id, attribution_model,
                    sum(amount) as amount
                from {batch}
                group by source, currency, fiscal_period_id, attribution_model
            )

            select
                source, currency, fiscal_period_id, attribution_model,
                told.amount as told, borne.amount as borne,
                coalesce(told.amount, 0) - coalesce(borne.amount, 0) as difference
            from told
            full outer join borne
                using (source, currency, fiscal_period_id, attribution_model)
            where coalesce(told.amount, 0) <> coalesce(borne.amount, 0)
            """,
            "For every source, currency, fiscal period and attribution model the "
            "shares are what platforms and ledger told, to the cent.",
        ),
        no_rows(
            "mart_holds_every_cent",
            MART,
            """
            with
            lines as (
                select fiscal_period_id, sum(amount_reporting) as amount
                from {marts}.fct_spend
                group by fiscal_period_id
            ),

            summed as (
                select
                    fiscal_period_id, attribution_model,
                    sum(spend_reporting) as amount
                from {batch}
                group by fiscal_period_id, attribution_model
            )

            select summed.*, lines.amount as told
            from summed
            left join lines on summed.fiscal_period_id = lines.fiscal_period_id
            where summed.amount <> coalesce(lines.amount, 0)
            union all
            select lines.fiscal_period_id, 'no row', 0, lines.amount
            from lines
            left join summed on summed.fiscal_period_id = lines.fiscal_period_id
            where summed.fiscal_period_id is null and lines.amount <> 0
            """,
            "All rows of a period and model together are all that was spent.",
        ),
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
                from {batch}
                group by attribution_model
            )

            select summed.*, accepted.leads
            from summed
            cross join accepted
            where summed.sals <> accepted.leads
            """,
            "The attributed leads of all rows are the accepted leads.",
        ),
        one_of(
            "cost_kind_is_known",
            MART,
            "cost_kind",
            ("campaign", "allocated", "unallocated"),
            "A cost is a campaign's own, its part of a common one, or nobody's.",
        ),
        never(
            "leads_stand_once",
            MART,
            "cost_kind <> 'campaign' and (attributed_inquiries <> 0 "
            "or attributed_sals <> 0 or attributed_won_amount_reporting <> 0)",
            "Leads beside allocated costs as well would be counted twice.",
        ),
        never(
            "cost_per_sal_is_its_definition",
            MART,
            "case when attributed_sals = 0 then cost_per_sal_reporting is not null "
            "else cost_per_sal_reporting is null or abs(cost_per_sal_reporting "
            "- spend_reporting / attributed_sals) > 0.0051 "
            "+ abs(cost_per_sal_reporting) * 1e-12 end",
            "Cost per SAL is the spend over the attributed SALs; null with none.",
        ),
    ),
)
