{{ surviving_rows_of_systems([
    ref('input_layer__generic__opportunities'),
    ref('input_layer__salesforce__opportunities'),
], whole=true) }}
