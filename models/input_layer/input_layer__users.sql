{{ surviving_rows_of_systems([
    ref('input_layer__generic__users'),
    ref('input_layer__salesforce__users'),
    ref('input_layer__hubspot__users'),
]) }}
