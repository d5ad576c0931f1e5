{{ surviving_rows_of_systems([
    ref('input_layer__generic__campaigns'),
    ref('input_layer__salesforce__campaigns'),
    ref('input_layer__hubspot__campaigns'),
    ref('input_layer__marketo__campaigns'),
]) }}
