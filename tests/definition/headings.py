"""The first lines of seeds, which name their columns."""

RULES = "definition_version,source,entity,field,operator,value,stage"
VERSIONS = "version,effective_from,based_on,handoff_mode,acceptance_roles"
POLICIES = (
    "definition_version,match_on,match_value,sla_business_hours,calendar_id,"
    "max_pending_days,touches_stop_clock"
)
CALENDARS = "calendar_id,timezone,weekday,opens_at,closes_at"
STEPS = "from_stage,to_stage,verdict"
STAGES = "stage,rank,kind,label_en,label_ja"
MODELS = "attribution_model,method,first_share,last_share,half_life_days,window_days"
RATES = "rate_date,currency,rate,reporting_currency"
TARGETS = "metric,dimension,dimension_value,effective_from,target"
PERIODS = "fiscal_period_id,start_date,end_date,fiscal_year,fiscal_quarter,fiscal_month"
LIMITS = "source,source_table,rule,max_share,min_rows,reason,expires_on"
PROPOSALS = "match_on,match_value,least_probability"
HOLIDAYS = "calendar_id,holiday_date"
FILES = "file,system,table,sheet,note"
