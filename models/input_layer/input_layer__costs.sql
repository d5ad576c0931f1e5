-- Here a model for each platform; copies and replaced days are gone already.
{{ rows_of_systems([
    ref('input_layer__ads__costs_of_reports'),
    ref('input_layer__ads__costs_of_google'),
    ref('input_layer__ads__costs_of_linkedin'),
    ref('input_layer__ads__costs_of_facebook'),
    ref('input_layer__ads__costs_of_microsoft'),
    ref('input_layer__ledger__costs'),
]) }}
