{{ definition('sla_policies') }}
