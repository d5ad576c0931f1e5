{{ definition('acceptance_proposals') }}
