{{ surviving_rows_of_systems([
    ref('input_layer__generic__opportunities'),
    ref('input_layer__salesforce__opportunities'),
    ref('input_layer__hubspot__opportunities'),
], whole=true) }}
