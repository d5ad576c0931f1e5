{{ definition('cost_allocation_rules') }}
