{{ definition('kpi_targets') }}
