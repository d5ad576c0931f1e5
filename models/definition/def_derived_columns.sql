{{ definition('derived_columns') }}
