{{ surviving_rows_of_systems([
    ref('input_layer__generic__touches'),
    ref('input_layer__salesforce__touches'),
    ref('input_layer__hubspot__touches'),
    ref('input_layer__marketo__touches'),
]) }}
