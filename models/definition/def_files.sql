{{ definition('files') }}
