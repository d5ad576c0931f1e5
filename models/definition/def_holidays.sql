{{ definition('holidays') }}
