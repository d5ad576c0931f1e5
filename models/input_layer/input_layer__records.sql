{{ surviving_rows_of_systems([
    ref('input_layer__generic__records'),
    ref('input_layer__salesforce__records'),
    ref('input_layer__hubspot__records'),
    ref('input_layer__marketo__records'),
]) }}
