{{ definition('user_roles') }}
