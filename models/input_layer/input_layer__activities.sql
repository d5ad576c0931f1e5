{{ surviving_rows_of_systems([
    ref('input_layer__generic__activities'),
    ref('input_layer__salesforce__activities'),
    ref('input_layer__hubspot__activities'),
]) }}
