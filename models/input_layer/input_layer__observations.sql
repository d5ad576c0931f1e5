{{ surviving_rows_of_systems([
    ref('input_layer__generic__observations'),
    ref('input_layer__salesforce__observations'),
    ref('input_layer__hubspot__observations'),
    ref('input_layer__marketo__observations'),
]) }}
