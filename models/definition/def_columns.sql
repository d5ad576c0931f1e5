{{ definition('columns') }}
