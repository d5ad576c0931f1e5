{{ surviving_rows_of_systems([
    ref('input_layer__marketo__record_deletions'),
], whole=true) }}
