{{ definition('proposal_words') }}
