{{ definition('sales_roles') }}
