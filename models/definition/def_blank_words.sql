{{ definition('blank_words') }}
