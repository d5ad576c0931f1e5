{{ definition('stage_transitions') }}
